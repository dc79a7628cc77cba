"""multipart/form-data, the form in which files are sent: its fields as an object, without the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analytics.document import as_object

_OPENING = re.compile(r"\s*--([^\r\n]{1,200})\r?\n")
_NAME = re.compile(r'content-disposition:[^\r\n]*?;\s*name="?([^";\r\n]+)', re.IGNORECASE)
_FILE = re.compile(r"content-disposition:[^\r\n]*;\s*filename", re.IGNORECASE)
_HEAD_END = re.compile(r"\r?\n\r?\n")

_NUMBERS = frozenset({"temperature", "n", "speed"})


def open_form(text: str | None) -> Mapping[str, Any] | None:
    """Give the fields of a form, or the object of a JSON body; None when it is neither."""
    opening = _OPENING.match(text or "")
    if opening is None:
        return as_object(text)
    fields: dict[str, Any] = {}
    for part in (text or "").split(f"--{opening[1]}"):
        head, *body = _HEAD_END.split(part, maxsplit=1)
        name = _NAME.search(head)
        if name is not None and body:
            fields[name[1]] = None if _FILE.search(head) else _value(name[1], body[0])
    return fields


def _value(name: str, text: str) -> Any:
    """All is text in a form; numbers and flags become what they are in JSON."""
    text = text.removesuffix("\n").removesuffix("\r")
    if name == "stream":
        return text.lower() == "true"
    if name in _NUMBERS:
        try:
            return float(text) if name != "n" else int(text)
        except ValueError:
            return text
    return text
