"""Applications: one request of a person becomes a tree of requests below one trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from samples.dialcore.ask import NOTHING, Ask, send
from samples.dialcore.cast import Cast, Deployment
from samples.dialcore.chance import digest, number
from samples.dialcore.conversation import Tool, Turn
from samples.dialcore.dialect import Json, Said
from samples.dialcore.line import Call, Span
from samples.dialcore.services import embeddings, tool_call
from samples.dialcore.usage import Usage

MODEL = "gpt-4o"
EMBEDDER = "text-embedding-3-small"
TOOLSET = "toolsets/public/ticket-desk"


def app_turn(ask: Ask, turn: Turn, cast: Cast) -> list[Call]:
    """Return the calls below an application and, last, the application's own."""
    if turn.sources:
        below = _search(ask, turn, cast)
    elif turn.tool:
        below = _use_tool(ask, turn.tool, turn.assistant, cast)
    else:
        below = [_think(ask, cast.deployments[MODEL], 0, Said(text=turn.assistant))]
    return [*below, _answer(ask, turn, below)]


def child(parent: Span, name: str, deployment: str) -> Span:
    """Return the span of a request that the parent's application made."""
    return Span(parent.trace, digest("span", name)[:16], parent.span, (*parent.path, deployment))


def _search(ask: Ask, turn: Turn, cast: Cast) -> list[Call]:
    """Look for passages, then let the model read them."""
    embedder = cast.deployments[EMBEDDER]
    span = child(ask.span, f"{ask.name}/embed", EMBEDDER)
    found = embeddings(embedder, ask.caller, span, ask.at + timedelta(milliseconds=35), turn.user)
    passages = "\n\n".join(f"[{number}] {text}" for number, text in enumerate(turn.sources, 1))
    question: Json = {"role": "user", "content": f"{turn.user}\n\n{passages}"}
    reading = replace(ask, items=(*ask.items[:-1], question), system=cast.prompts["docs-rag"])
    model = cast.deployments[MODEL]
    return [found, _think(reading, model, found.duration_ms + 90, Said(text=turn.assistant))]


def _use_tool(ask: Ask, tool: Tool, text: str, cast: Cast) -> list[Call]:
    """Let the model choose a tool, call it over MCP, let the model read what came back."""
    model = cast.deployments[MODEL]
    said = Said(tool=tool, call_id="call_" + digest("call", ask.name)[:20])
    choosing = replace(ask, system=cast.prompts["it-helpdesk"])
    wanted = _think(replace(choosing, name=f"{ask.name}/choose"), model, 60, said)
    at = wanted.at + timedelta(milliseconds=wanted.duration_ms + 40)
    span = child(ask.span, f"{ask.name}/mcp", TOOLSET)
    called = tool_call(cast.deployments[TOOLSET], ask.caller, span, at, tool)
    items = (*ask.items, *ask.dialect.said(said), ask.dialect.result(said))
    delay = int((at - ask.at).total_seconds() * 1000) + called.duration_ms + 30
    return [wanted, called, _think(replace(choosing, items=items), model, delay, Said(text=text))]


def _think(ask: Ask, model: Deployment, delay_ms: int, said: Said) -> Call:
    name = f"{ask.name}/{model.id}"
    at = ask.at + timedelta(milliseconds=delay_ms)
    span = child(ask.span, name, model.id)
    return send(replace(ask, name=name, at=at, span=span, to=model, said=said, extra=()))


def _answer(ask: Ask, turn: Turn, below: Sequence[Call]) -> Call:
    """Return the application's own call: no tokens of its own, the price of everything below it."""
    cost = sum((own_price(call) for call in below), NOTHING)
    extra: tuple[tuple[str, Any], ...] = (("statistics", {"usage_per_model": _per_model(below)}),)
    said = Said(text=turn.assistant)
    root = send(replace(ask, said=said, tokens=Usage(), below=cost, extra=extra))
    ends = max(call.at + timedelta(milliseconds=call.duration_ms) for call in below)
    spent = int((ends - ask.at).total_seconds() * 1000) + number(20, 90, ask.name, "app")
    return replace(root, duration_ms=spent)


def own_price(call: Call) -> Decimal:
    """Return what a call cost by itself."""
    return Decimal((call.usage or {}).get("deployment_price", NOTHING))


def _per_model(below: Sequence[Call]) -> list[dict[str, Any]]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    used = [(call.deployment, call.usage) for call in below if call.usage]
    return [
        {"index": index, "model": model, "usage": {name: usage.get(name, 0) for name in names}}
        for index, (model, usage) in enumerate(used)
    ]
