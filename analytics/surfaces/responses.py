"""Responses: POST /openai/v1/responses, of DIAL or plain, or /v1/responses.

Of a call through DIAL, tokens are what DIAL Core counted, not the reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analytics.document import get_list, get_object, get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import open_bodies, texts
from analytics.usage import read_reply_usage

_WORDS = frozenset({"input_text", "output_text", "text"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one exchange; without a deployment it is none of DIAL's."""
    found = read_plain(record, place)
    dials = record.deployment and not record.token_usage
    return replace(found, usage=None) if dials else found


def read_plain(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read one exchange, with the tokens that the reply tells if nobody else does."""
    bodies = open_bodies(record, fold)
    usage, doubts = read_reply_usage(record.token_usage, bodies.reply)
    return Exchange(
        record,
        Surface.RESPONSES,
        deployment=record.deployment,
        model=get_str(bodies.request, "model") or record.deployment,
        response_id=get_str(bodies.reply, "id"),
        messages=tuple(_said(bodies.request)),
        reply=None if bodies.reply is None else tuple(_answered(bodies.reply)),
        request_known=bodies.request is not None,
        number_request_messages=1
        if get_str(bodies.request, "input")
        else len(get_list(bodies.request, "input")),
        stream=(bodies.request or {}).get("stream") is True,
        usage=usage,
        facts=read_facts(bodies.request, bodies.reply, record.status, ok=record.ok),
        notes=bodies.notes + doubts,
    )


def _said(request: Mapping[str, Any] | None) -> Iterator[Message]:
    """Texts of the input: a string or items. What a function returned is the word of a tool."""
    if text := get_str(request, "input"):
        yield Message("user", text)
    for item in get_objects(request, "input"):
        tool = item.get("type") == "function_call_output"
        role = "tool" if tool else get_str(item, "role") or "user"
        for text in texts(item.get("output" if tool else "content"), _WORDS):
            yield Message(role, text)


def _answered(reply: Mapping[str, Any]) -> Iterator[Message]:
    """All messages of the output; the summary of a reasoning is not addressed to anybody."""
    for item in get_objects(reply, "output"):
        if item.get("type") != "reasoning":
            for text in texts(item.get("content"), _WORDS):
                yield Message("assistant", text)


def fold(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the response of the closing event; of a stream that was cut, what had come of the text by then."""
    begun: Mapping[str, Any] = {}
    pieces: dict[tuple[str, str], list[str]] = {}
    for event in events:
        if response := get_object(event, "response"):
            if get_str(event, "type") in _ENDS:
                return response
            begun = response
        elif event.get("type") == "response.output_text.delta":
            where = (str(event.get("output_index")), str(event.get("content_index")))
            pieces.setdefault(where, []).append(get_str(event, "delta"))
    if not begun and not pieces:
        return None
    content = [{"type": "output_text", "text": "".join(parts)} for parts in pieces.values()]
    return {**begun, "output": [{"type": "message", "role": "assistant", "content": content}]}
