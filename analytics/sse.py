"""text/event-stream: the payloads of a logged stream, by the WHATWG specification with two exceptions.

A log ends where it was cut, so the last event counts without its blank line. And DIAL Core may write one
newline between chunks instead of two, so an event that is no JSON as a whole is tried line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from analytics.document import as_object

_LINE_END = re.compile(r"\r\n|\n|\r")
_LOOKS_LIKE_A_STREAM = re.compile(r"\ufeff?\s*(?:data|event|id|retry)?:")


def is_stream(text: str | None) -> bool:
    """Whether the text begins like an event stream."""
    return bool(text) and _LOOKS_LIKE_A_STREAM.match(text or "") is not None


def payloads(text: str) -> Iterator[str]:
    """Give the data of each event."""
    data: list[str] = []
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def objects(text: str) -> list[Mapping[str, Any]]:
    """Give the JSON objects of a stream; [DONE] and chunks that were cut are passed over."""
    found: list[Mapping[str, Any]] = []
    for payload in payloads(text):
        whole = as_object(payload)
        parts = [whole] if whole is not None else [as_object(line) for line in payload.split("\n")]
        found.extend(part for part in parts if part is not None)
    return found
