"""Chat completions: POST /openai/deployments/{deployment}/chat/completions or /v1/chat/completions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.document import get_list, get_object, get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.merge import fold_chat
from analytics.record import LogRecord
from analytics.surfaces.bodies import open_bodies, texts
from analytics.usage import read_reply_usage, read_usage_per_model

_WORDS = frozenset({"text"})


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one exchange."""
    bodies = open_bodies(record, fold_chat)
    deployment = record.deployment or place["deployment"]
    # An empty token_usage counts as none, and then the reply's own count is the next best.
    usage, doubts = read_reply_usage(record.token_usage, bodies.reply)
    statistics = {} if record.token_usage else get_object(bodies.reply, "statistics")
    return Exchange(
        record,
        Surface.CHAT,
        deployment=deployment,
        model=get_str(bodies.request, "model") or deployment,
        response_id=get_str(bodies.reply, "id"),
        messages=tuple(_said(bodies.request)),
        reply=None if bodies.reply is None else tuple(_answered(bodies.reply)),
        request_known=bodies.request is not None,
        number_request_messages=len(get_list(bodies.request, "messages")),
        stream=(bodies.request or {}).get("stream") is True,
        usage=usage,
        facts=read_facts(bodies.request, bodies.reply, record.status, ok=record.ok),
        per_model=read_usage_per_model(statistics),
        notes=bodies.notes + doubts,
    )


def _said(request: Mapping[str, Any] | None) -> Iterator[Message]:
    for message in get_objects(request, "messages"):
        role = get_str(message, "role") or "user"
        for text in texts(message.get("content"), _WORDS):
            yield Message(role, text)


def _answered(reply: Mapping[str, Any]) -> Iterator[Message]:
    """The first choice speaks. Cores before 0.22.1 left it under `delta`, the name it has in a stream."""
    for choice in get_objects(reply, "choices")[:1]:
        message = get_object(choice, "message") or get_object(choice, "delta")
        for text in texts(message.get("content"), _WORDS):
            yield Message("assistant", text)
