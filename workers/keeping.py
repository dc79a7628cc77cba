"""How payloads rest in Redis: sealed with what keys; and how much of a dead letter is kept.

All of it, all but the bodies of calls, or nothing but its reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.payload import Seal, pack, unpack

FULL, NO_BODIES, NONE = "full", "no_bodies", "none"

# What stays of a log line without bodies, by section; "" is the top level. Everything else may hold words.
_ENVELOPE = {
    "": ("deployment", "parent_deployment", "operation_duration_ms"),
    "chat": ("id",),
    "project": ("id",),
    "user": ("id",),
    "trace": ("trace_id", "core_span_id", "core_parent_span_id"),
    "request": ("protocol", "method", "uri", "time"),
    "response": ("status",),
}
LONGEST = 200

PLAIN = Seal()


@dataclass(frozen=True, slots=True)
class Keeping:
    """The policy: one of the three words, and for how many seconds a letter lasts (0: for ever)."""

    payload: str = FULL
    lasting_s: float = 0.0
    seal: Seal = PLAIN

    def of(self, task: str, payload: bytes) -> tuple[str, bytes]:
        """How much is kept of what a task was to do, and that. Events stay whole, without words for spans."""
        if self.payload == FULL:
            return FULL, payload
        if self.payload == NONE:
            return NONE, b""
        if task == "deliver":
            return FULL, _without_words(payload)
        return NO_BODIES, pack([_without_bodies(item) for item in unpack(payload)])


WHOLE = Keeping()


def _without_words(payload: bytes) -> bytes:
    """The very same payload, unless its events take along what was said, for spans."""
    items = unpack(payload)
    words = [item.pop("said", None) for item in items]
    return pack(items) if any(words) else payload


def _without_bodies(line: str) -> str:
    """The envelope of a log line; of what is no log line only its length."""
    try:
        document = json.loads(line, strict=False)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return json.dumps({"unreadable_characters": len(line)})
    kept = _some(document, _ENVELOPE[""])
    for section, names in _ENVELOPE.items():
        part = document.get(section)
        if section and isinstance(part, dict):
            kept[section] = _some(part, names)
    uri = kept.get("request", {}).get("uri")
    if isinstance(uri, str):
        # A query is written by people, too.
        kept["request"]["uri"] = uri.partition("?")[0]
    return json.dumps(kept)


def _some(section: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Short texts and numbers of these names."""
    found = {name: section[name] for name in names if name in section}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= LONGEST)
    }
