"""Between an Event and its row: the columns are the fields of Event, under the same names."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from analytics.event import Event
from analytics.exchange import ModelUsage

# One unit of a price column is 10 ** -PRICE_DIGITS USD.
PRICE_DIGITS = 12
_PRICE_UNIT = Decimal(1).scaleb(-PRICE_DIGITS)

# SQLite's integers end at 2 ** 63, and so do its sums: a larger count or price is nonsense that would only
# spoil every report it is added up in.
_LARGEST_COUNT = 2**53
_LARGEST_PRICE = Decimal(9_000_000)
_LARGEST_TIME = 2**63 - 1

EVENT_COLUMNS = tuple(field.name for field in fields(Event) if field.name != "per_model")
USAGE_COLUMNS = tuple(field.name for field in fields(ModelUsage))

Row = tuple[Any, ...]


class OutOfRange(ValueError):
    """A number that no column can hold."""


def event_row(event: Event) -> Row:
    """The values of EVENT_COLUMNS."""
    return tuple(_stored(name, getattr(event, name)) for name in EVENT_COLUMNS)


def usage_rows(event: Event) -> list[Row]:
    """One row for each model behind the event: event id, position and the values of USAGE_COLUMNS."""
    return [
        (event.id, position, *(_stored(name, getattr(usage, name)) for name in USAGE_COLUMNS))
        for position, usage in enumerate(event.per_model)
    ]


def _stored(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return _price(value)
    if isinstance(value, int):
        return _whole(value, _LARGEST_TIME if name == "time_ns" else _LARGEST_COUNT)
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping) else _list(value)


def _text(value: str) -> str:
    """Lone surrogates are legal in JSON, and have no place in a database."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _list(value: Sequence[str]) -> str:
    return json.dumps([_text(item) for item in value], ensure_ascii=False)


def _whole(value: int, largest: int) -> int:
    if abs(value) > largest:
        raise OutOfRange
    return int(value)


def _price(value: Decimal) -> int:
    if not value.is_finite() or abs(value) > _LARGEST_PRICE:
        raise OutOfRange
    return int(value.quantize(_PRICE_UNIT, ROUND_HALF_EVEN).scaleb(PRICE_DIGITS))
