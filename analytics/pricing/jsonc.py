"""JSON with comments and trailing commas, as people write configuration: made plain JSON."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def parse_jsonc(text: str) -> Any:
    """Give the value; prices stay exact decimals. Raise ValueError with the place of a mistake."""
    plain = _COMMENT.sub(lambda found: found[1] or _blank(found[0]), text.removeprefix("\ufeff"))
    plain = _TRAILING.sub(lambda found: found[1] or " ", plain)
    try:
        return json.loads(plain, parse_float=Decimal, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _blank(comment: str) -> str:
    """Keep line ends, so that a mistake is where the message says."""
    return re.sub(r"[^\n]", " ", comment)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A model that is listed twice has two prices, of which nobody knows which is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _value in pairs if [key for key, _ in pairs].count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found
