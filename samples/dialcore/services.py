"""Calls without a conversation: embeddings, MCP, routes and the few paths that analytics does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from samples.dialcore.ask import NOTHING
from samples.dialcore.cast import Deployment
from samples.dialcore.chance import number
from samples.dialcore.conversation import Tool
from samples.dialcore.line import Call, Caller, Span, compact
from samples.dialcore.usage import Usage, count, token_usage

Input = str | Sequence[str] | Sequence[Sequence[int]]


def embeddings(to: Deployment, caller: Caller, span: Span, at: datetime, texts: Input) -> Call:
    """Turn a text, several texts or lists of token numbers into (here: very short) vectors."""
    inputs = [texts] if isinstance(texts, str) else list(texts)
    tokens = sum(count(text) if isinstance(text, str) else len(text) for text in inputs)
    vectors = [_vector(index, text) for index, text in enumerate(inputs)]
    used = {"prompt_tokens": tokens, "total_tokens": tokens}
    reply = compact({"object": "list", "model": to.version, "data": vectors, "usage": used})
    usage = Usage(prompt=tokens)
    return Call(
        at=at,
        uri=f"/openai/deployments/{to.id}/embeddings?api-version=2024-10-21",
        deployment=to.id,
        caller=caller,
        span=span,
        request=compact({"model": to.id, "input": texts}),
        response=reply,
        assembled=reply,
        usage=token_usage(usage, usage.cost(to.rates), NOTHING, details=True),
        upstream=to.upstream,
        duration_ms=number(40, 180, span.span),
    )


def _vector(index: int, text: object) -> dict[str, Any]:
    numbers = [number(-900, 900, text, place) / 10_000 for place in range(3)]
    return {"object": "embedding", "index": index, "embedding": numbers}


def tool_call(to: Deployment, caller: Caller, span: Span, at: datetime, tool: Tool) -> Call:
    """Call a tool of a toolset over MCP."""
    params = {"name": tool.name, "arguments": tool.arguments}
    result = {"content": [{"type": "text", "text": tool.result}], "isError": False}
    return mcp(to, caller, span, at, "tools/call", (params, result))


def mcp(
    to: Deployment,
    caller: Caller,
    span: Span,
    at: datetime,
    method: str,
    talk: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None],
) -> Call:
    """Send one JSON-RPC message; a notification has no id, gets no result and is only accepted (202)."""
    params, result = talk
    ident = {} if result is None else {"id": number(0, 40, span.span, "rpc")}
    request = {"jsonrpc": "2.0", **ident, "method": method} | ({} if params is None else {"params": params})
    reply = "" if result is None else _event({"jsonrpc": "2.0", **ident, "result": result})
    kind = "toolset" if to.id.startswith("toolsets/") else "deployments"
    return Call(
        at=at,
        uri=f"/v1/{kind}/{to.id}/mcp",
        deployment=to.id,
        caller=caller,
        span=span,
        request=compact(request),
        response=reply,
        assembled=reply,
        status="202" if result is None else "200",
        upstream=to.upstream,
        duration_ms=number(25, 1400, span.span, "mcp"),
    )


def _event(message: Mapping[str, Any]) -> str:
    return f"event: message\ndata: {compact(message)}\n\n"
