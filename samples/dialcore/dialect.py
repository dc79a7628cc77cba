"""What the three text APIs have in common: a request of items, a reply, and the stream it may come as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from samples.dialcore.conversation import Tool
from samples.dialcore.line import compact
from samples.dialcore.usage import Usage

Json = dict[str, Any]

CHUNK_CHARS = 56


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said in one reply: words, or a call of a tool."""

    text: str = ""
    thinking: str = ""
    tool: Tool | None = None
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What every reply carries, whatever the API."""

    id: str
    model: str
    created: int
    said: Said
    usage: Usage
    extra: tuple[tuple[str, Any], ...] = ()


class Dialect(Protocol):
    """One text API."""

    prefix: str

    def uri(self, deployment: str) -> str:
        """Return path and query."""

    def question(self, text: str, image: str) -> Json:
        """Return what a person asked."""

    def said(self, said: Said) -> list[Json]:
        """Return a reply as it stands in the history of the next request."""

    def result(self, said: Said) -> Json:
        """Return what the called tool gave."""

    def body(self, model: str, system: str, items: Sequence[Json], *, stream: bool) -> Json:
        """Return the request."""

    def reply(self, answer: Answer) -> Json:
        """Return the whole response."""

    def stream(self, answer: Answer) -> str:
        """Return the same response as server-sent events."""


def pieces(text: str) -> Iterator[str]:
    """Cut a text into the pieces of a stream; a real one has more of them, which shows nothing new."""
    for start in range(0, len(text), CHUNK_CHARS):
        yield text[start : start + CHUNK_CHARS]


def named_events(events: Sequence[Json]) -> str:
    """Write server-sent events that are named after the type of their data."""
    return "".join(f"event: {event['type']}\ndata: {compact(event)}\n\n" for event in events)
