"""One request to a text API and what comes of it: ids, tokens, price, bodies, one `Call`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from samples.dialcore.cast import Deployment
from samples.dialcore.chance import digest, number
from samples.dialcore.chat import Chat, with_delta
from samples.dialcore.dialect import Answer, Dialect, Json, Said
from samples.dialcore.line import Call, Caller, Span, compact
from samples.dialcore.usage import Usage, count, token_usage

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  Core's log has no time zone either
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and the answer that it is going to get."""

    name: str
    at: datetime
    caller: Caller
    span: Span
    to: Deployment
    dialect: Dialect
    system: str
    items: tuple[Json, ...]
    said: Said
    stream: bool = False
    quirks: frozenset[str] = frozenset()
    tokens: Usage | None = None
    below: Decimal = NOTHING
    extra: tuple[tuple[str, Any], ...] = ()


def send(ask: Ask) -> Call:
    """Return the call as Core would log it."""
    usage = ask.tokens or tokens_of(ask)
    answer = Answer(reply_id(ask), ask.to.version, _seconds(ask.at), ask.said, usage, ask.extra)
    reply = ask.dialect.reply(answer)
    return Call(
        at=ask.at,
        uri=ask.dialect.uri(ask.to.id),
        deployment=ask.to.id,
        caller=ask.caller,
        span=ask.span,
        request=request_body(ask),
        response=ask.dialect.stream(answer) if ask.stream else compact(reply),
        assembled=compact(with_delta(reply) if "delta" in ask.quirks else reply),
        usage=_logged(ask, usage),
        upstream=ask.to.upstream,
        duration_ms=duration(usage, ask.name),
        quirks=ask.quirks,
    )


def request_body(ask: Ask) -> str:
    """Return the JSON that the client sent."""
    return compact(ask.dialect.body(ask.to.id, ask.system, ask.items, stream=ask.stream))


def reply_id(ask: Ask) -> str:
    """Return the id that the upstream gave to its reply."""
    return ask.dialect.prefix + digest("reply", ask.name)[:24]


def tokens_of(ask: Ask) -> Usage:
    """Count what went in and out; what a model has read a minute ago comes from its cache."""
    prompt = count(ask.system) + count(compact([*ask.items]))
    thought = count(ask.said.thinking) * 3 if ask.said.thinking else 0
    completion = count(ask.said.text or compact(ask.said.tool.arguments if ask.said.tool else {}))
    reasoning = (thought or completion // 2) if ask.to.reasons else 0
    again = len(ask.items) > 1 and ask.to.rates is not None and not ask.to.app
    cached = prompt * 6 // 10 // 16 * 16 if again else 0
    anthropic = not isinstance(ask.dialect, Chat) and ask.dialect.prefix.startswith("msg")
    written = (prompt - cached) // 2 if anthropic and ask.system else 0
    return Usage(prompt, completion + reasoning, cached, written, reasoning)


def duration(usage: Usage, name: str) -> int:
    """Return a plausible time in milliseconds: models write some eighty tokens a second."""
    return 240 + usage.prompt // 8 + usage.completion * 12 + number(0, 400, name, "duration")


def _logged(ask: Ask, usage: Usage) -> dict[str, Any] | None:
    if "no-usage" in ask.quirks:
        return None
    own = NOTHING if ask.to.app else usage.cost(ask.to.rates)
    return token_usage(usage, own, ask.below, details="old-core" not in ask.quirks)


def _seconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds())
