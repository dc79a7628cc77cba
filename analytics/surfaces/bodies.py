"""Opens what was sent and what came back: the same steps for every API that asks a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics import sse
from analytics.document import as_object, get_str
from analytics.record import LogRecord

Fold = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any] | None]
"""Makes the chunks of a stream the one reply that a call without streaming would have given."""

_CUT = ">>"
"""DIAL Core ends a body so when it was longer than 4 MiB."""

_DEEPEST = 8
"""Blocks within blocks beyond this are nobody's words."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """The request and the reply as objects, None where nothing could be read, and a note why."""

    request: Mapping[str, Any] | None
    reply: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()


def open_bodies(record: LogRecord, fold: Fold) -> Bodies:
    """Read both bodies; a stream that DIAL Core did not assemble is folded here."""
    request = as_object(record.request_body)
    reply = open_reply(record.assembled_response, fold) or open_reply(record.response_body, fold)
    notes = note(record.request_body, request, "request")
    answer = record.assembled_response or record.response_body
    return Bodies(request, reply, notes + (note(answer, reply, "response") if record.ok else ()))


def open_reply(text: str | None, fold: Fold) -> Mapping[str, Any] | None:
    """Give the reply in a body, whether it is a document or a stream; None when it is neither, or {}."""
    if sse.is_stream(text):
        return fold(sse.objects(text or ""))
    return as_object(text) or None


def note(body: str | None, found: Mapping[str, Any] | None, name: str) -> tuple[str, ...]:
    """Say why nothing was found in a body, if there was one at all."""
    if found is not None or not body:
        return ()
    return (f"cut_{name}_body",) if body.endswith(_CUT) else (f"unreadable_{name}_body",)


def texts(content: Any, kinds: Collection[str], depth: int = 0) -> list[str]:
    """Give the texts of a content: a string, or parts of these kinds; images and the like have none."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list) or depth > _DEEPEST:
        return []
    found: list[str] = []
    for part in content:
        if isinstance(part, dict) and get_str(part, "type") in kinds:
            found.extend(texts(part.get("text", part.get("content")), kinds, depth + 1))
    return found
