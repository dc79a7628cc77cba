"""Completions, the oldest API: POST /v1/completions, a prompt to go on with instead of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.document import get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.merge import fold_chat, index_of
from analytics.record import LogRecord
from analytics.surfaces.bodies import open_bodies
from analytics.usage import read_reply_usage


def read(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read one exchange."""
    bodies = open_bodies(record, fold)
    usage, doubts = read_reply_usage(record.token_usage, bodies.reply)
    prompts = _prompts(bodies.request)
    return Exchange(
        record,
        Surface.COMPLETIONS,
        deployment=record.deployment,
        model=get_str(bodies.request, "model") or record.deployment,
        response_id=get_str(bodies.reply, "id"),
        messages=tuple(Message("user", text) for text in prompts if isinstance(text, str)),
        reply=None if bodies.reply is None else tuple(_answered(bodies.reply)),
        request_known=bodies.request is not None,
        number_request_messages=len(prompts),
        stream=(bodies.request or {}).get("stream") is True,
        usage=usage,
        facts=read_facts(bodies.request, bodies.reply, record.status, ok=record.ok),
        notes=bodies.notes + doubts,
    )


def fold(chunks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give one completion: the texts of each choice, one after the other."""
    reply = fold_chat(chunks)
    if reply is None:
        return None
    texts: dict[int, list[str]] = {}
    for chunk in chunks:
        for choice in get_objects(chunk, "choices"):
            texts.setdefault(index_of(choice, 0), []).append(get_str(choice, "text"))
    choices = [
        {**choice, "text": "".join(texts.get(choice["index"], ()))}
        for choice in get_objects(reply, "choices")
    ]
    return {**reply, "object": "text_completion", "choices": choices}


def _answered(reply: Mapping[str, Any]) -> list[Message]:
    """The first choice speaks."""
    return [Message("assistant", get_str(choice, "text")) for choice in get_objects(reply, "choices")[:1]]


def _prompts(request: Mapping[str, Any] | None) -> list[Any]:
    """A text, texts, the tokens of one, or lists of tokens; tokens count, but say nothing."""
    value = request.get("prompt") if request else None
    if isinstance(value, list):
        return [value] if value and type(value[0]) is int else value
    return [value] if isinstance(value, str) else []
