"""From a plain body to its items, each the text of one log line or the reason why it is none.

A JSON array of `{"message": line}` is what Vector's codec json sends; the same objects as NDJSON, and bare
lines of the prompt log as NDJSON, are read too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from api.problems import Unreadable, Unsupported

INVALID_MESSAGE = "invalid_message"
INVALID_JSON = "invalid_json"

ARRAY_TYPES = ("application/json", "text/json")
LINE_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
# What curl and shippers send when nobody told them: the first bytes decide.
OPEN_TYPES = ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded")

# Raw control characters inside strings come from older cores, and are no reason to lose a line.
_JSON = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a batch: the log line, or what stood in its place and why that is none."""

    text: str
    reason: str = ""


class BatchItemSchema(Schema):
    """Vector's event: only the line itself is of interest, `file`, `host` and the like are passed over."""

    class Meta:  # noqa: D106 - marshmallow's own word
        unknown = EXCLUDE

    message = fields.String(required=True)


_ITEM = BatchItemSchema()


def read(plain: bytes | bytearray, media_type: str) -> list[Item]:
    """The items in the order in which they were sent."""
    kind = media_type.lower()
    if kind not in (*ARRAY_TYPES, *LINE_TYPES, *OPEN_TYPES):
        raise Unsupported(
            "media_type",
            "Unknown Content-Type: send application/json or application/x-ndjson",
            where=("header", "content-type"),
        )
    text = plain.decode("utf-8", "replace").removeprefix("\ufeff")
    if kind in LINE_TYPES or _looks_like_lines(text, single=kind in OPEN_TYPES):
        return [_line(line) for line in _lines(text)]
    return _items(_array(text))


def _looks_like_lines(text: str, *, single: bool) -> bool:
    """Several objects in a row are lines and no JSON document; with `single`, one object may be a line."""
    start = _first(text)
    if text[start : start + 1] != "{":
        return False
    try:
        value, end = _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return single
    alone = _first(text, end) == len(text)
    return (single and ("message" in value or "request" in value)) if alone else True


def _first(text: str, start: int = 0) -> int:
    """Where the next character that is no JSON white space stands."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start


def _lines(text: str) -> Iterator[str]:
    # Not splitlines(): a line of the log may hold U+2028 and other characters that it takes for line ends.
    return (line for line in map(str.strip, text.split("\n")) if line)


def _array(text: str) -> list[Any]:
    try:
        root = _JSON.decode(text)
    except json.JSONDecodeError as broken:
        raise Unreadable(
            "json_invalid", "JSON decode error", where=("body", broken.pos), cause=broken.msg
        ) from None
    except (ValueError, RecursionError):
        raise Unreadable(
            "json_invalid", "JSON decode error", where=("body", 0), cause="Too deep or too long a value"
        ) from None
    if not isinstance(root, list):
        raise Unreadable("list_type", "Input should be a valid list")
    return root


def _items(entries: list[Any]) -> list[Item]:
    try:
        return [Item(entry["message"]) for entry in _ITEM.load(entries, many=True)]
    except ValidationError:
        return [_item(entry) for entry in entries]


def _item(entry: Any) -> Item:
    try:
        return Item(_ITEM.load(entry)["message"])
    except ValidationError:
        return Item(_kept(entry), INVALID_MESSAGE)


def _kept(entry: Any) -> str:
    try:
        return json.dumps(entry)
    except RecursionError:
        # It nests as deep as can just be read; nobody will ever make a log line of it.
        return ""


def _line(line: str) -> Item:
    try:
        entry = _JSON.decode(line)
    except (ValueError, RecursionError):
        return Item(line, INVALID_JSON)
    if isinstance(entry, dict) and "message" not in entry and "request" in entry:
        return Item(line)
    return _item(entry)
