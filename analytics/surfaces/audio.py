"""Audio: POST /v1/audio/transcriptions or translations, and POST /v1/audio/speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analytics import sse
from analytics.document import get_object, get_str
from analytics.exchange import Exchange, Message, Surface, Usage
from analytics.facts import Facts, read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import note, open_reply
from analytics.surfaces.multipart import open_form
from analytics.usage import read_reply_usage

_LONGEST_S = 10_000_000


def read_transcription(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read a request with a file, and the reply in JSON, as subtitles, as text or as a stream of it."""
    request = open_form(record.request_body)
    reply = _reply(record)
    if reply is None and record.ok and record.response_body and not record.response_body.startswith("{"):
        reply = {"text": record.response_body}
    facts = read_facts(request, reply, record.status, ok=record.ok)
    return replace(
        _exchange(record, Surface.TRANSCRIPTION, request, reply),
        messages=_words("user", request, "prompt"),
        reply=None if reply is None else _words("assistant", reply, "text"),
        facts=_with_seconds(facts, reply),
        notes=note(record.request_body, request, "request"),
    )


def read_speech(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read a text, and a reply that is sound or a stream of it: nothing to read, and no fault."""
    request = open_form(record.request_body)
    reply = _reply(record)
    return replace(
        _exchange(record, Surface.SPEECH, request, reply),
        messages=_words("user", request, "input"),
        reply=() if record.ok else None,
        facts=read_facts(request, reply, record.status, ok=record.ok),
        notes=note(record.request_body, request, "request"),
    )


def fold(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the closing event, which holds text and usage; of a stream that was cut, the text so far."""
    pieces: list[str] = []
    for event in events:
        if get_str(event, "type").endswith(".done"):
            return {key: value for key, value in event.items() if key != "type"}
        if event.get("type") == "transcript.text.delta":
            pieces.append(get_str(event, "delta"))
    return {"text": "".join(pieces)} if events else None


def _exchange(
    record: LogRecord, surface: Surface, request: Mapping[str, Any] | None, reply: Mapping[str, Any] | None
) -> Exchange:
    usage: Usage | None
    usage, _doubts = read_reply_usage(record.token_usage, reply)
    return Exchange(
        record,
        surface,
        deployment=record.deployment,
        model=get_str(request, "model") or record.deployment,
        request_known=request is not None,
        number_request_messages=1,
        stream=(request or {}).get("stream") is True or sse.is_stream(record.response_body),
        usage=usage,
    )


def _reply(record: LogRecord) -> Mapping[str, Any] | None:
    return open_reply(record.assembled_response, fold) or open_reply(record.response_body, fold)


def _words(role: str, data: Mapping[str, Any] | None, key: str) -> tuple[Message, ...]:
    text = get_str(data, key)
    return (Message(role, text),) if text else ()


def _with_seconds(facts: Facts, reply: Mapping[str, Any] | None) -> Facts:
    """Some models are paid by the minute of sound, which the reply tells."""
    told = get_object(reply, "usage").get("seconds") or (reply or {}).get("duration")
    if isinstance(told, int | float) and 0 < told < _LONGEST_S:
        return replace(facts, answered={**facts.answered, "seconds": float(told)})
    return facts
