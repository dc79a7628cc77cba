"""JSON as it comes: decoded leniently, looked into without ever raising.

Only here does `Any` stand for parsed JSON; everything behind it is narrowed by these readers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from analytics.errors import MalformedRecord

_LONGEST_NUMBER = 64
"""Digits beyond this are nobody's token count or price, and Python refuses to read some thousands of them."""


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None


def _decimal(digits: str) -> Decimal | float | None:
    """Prices stay exact: DIAL writes them as decimals, and a float would already have rounded them."""
    if len(digits) > _LONGEST_NUMBER:
        return float(digits)
    try:
        return Decimal(digits)
    except ArithmeticError:
        return None


def _no_number(_constant: str) -> None:
    """NaN and Infinity are not JSON; they read as null."""


_OBJECT = re.compile(r"\s*\{")
_PLAIN = json.JSONDecoder(strict=False, parse_constant=_no_number)
_EXACT = json.JSONDecoder(strict=False, parse_constant=_no_number, parse_float=_decimal)
_GUARDED = json.JSONDecoder(strict=False, parse_constant=_no_number, parse_float=_decimal, parse_int=_whole)


def decode(text: str, *, exact: bool = False) -> Any:
    """Give the parsed JSON or raise MalformedRecord. Old cores write raw control characters: fine."""
    for decoder in (_EXACT if exact else _PLAIN, _GUARDED):
        try:
            return decoder.decode(text)
        except json.JSONDecodeError as error:
            raise MalformedRecord("invalid_json") from error
        except RecursionError as error:
            raise MalformedRecord("nested_too_deep") from error
        except ValueError:
            continue  # an integer of thousands of digits: rare, so only now the slower, guarded way
    raise MalformedRecord("invalid_json")


def as_object(text: str | None) -> Mapping[str, Any] | None:
    """Give the JSON object in a text, or None when it holds anything else."""
    if not text or not _OBJECT.match(text):
        return None
    try:
        value = decode(text)
    except MalformedRecord:
        return None
    return value if isinstance(value, dict) else None


def get_str(data: Mapping[str, Any] | None, key: str) -> str:
    """Give the string at the key, or "" for anything else."""
    value = data.get(key) if data else None
    return value if isinstance(value, str) else ""


def get_object(data: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    """Give the object at the key, or an empty one for anything else."""
    value = data.get(key) if data else None
    return value if isinstance(value, dict) else {}


def get_list(data: Mapping[str, Any] | None, key: str) -> list[Any]:
    """Give the list at the key, or an empty one for anything else."""
    value = data.get(key) if data else None
    return value if isinstance(value, list) else []


def get_objects(data: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    """Give the objects of the list at the key; its other elements are passed over."""
    return [item for item in get_list(data, key) if isinstance(item, dict)]
