"""Events as InfluxDB points, by the table in `measurements.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from analytics.event import Event
from analytics.exchange import ZERO, ModelUsage
from analytics.language import UNDEFINED
from analytics.measurements import COLUMNS, Column, Measurement, PointSchema, measurement_of
from analytics.pricing import PriceSource

if TYPE_CHECKING:
    from influxdb_client.client.write.point import Point

__all__ = ["PointSchema", "points", "to_line_protocol"]

_TAG_CHARS = 1024
_FIELD_CHARS = 16_000
"""InfluxDB takes 64 KiB for the tags of a point and for a field, and would refuse the whole write."""

_MILLISECOND = 1_000_000


def points(
    event: Event, schema: PointSchema = PointSchema.COMPAT, *, usage_per_model: bool = False
) -> list[Point]:
    """Give the points of an event: one, and with `usage_per_model` one for each model behind it."""
    if usage_per_model and event.per_model and event.ok:
        whole = replace(event, **_NOTHING_COUNTED)
        return [_point(one, schema) for one in (whole, *(_part(event, used) for used in event.per_model))]
    return [_point(event, schema)]


def to_line_protocol(
    events: Sequence[Event], schema: PointSchema = PointSchema.COMPAT, *, usage_per_model: bool = False
) -> list[str]:
    """Give the lines of events."""
    made: list[Any] = [
        point for event in events for point in points(event, schema, usage_per_model=usage_per_model)
    ]
    return [point.to_line_protocol() for point in made]


_NOTHING_COUNTED: dict[str, Any] = {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "cached_prompt_tokens": 0,
    "cache_write_prompt_tokens": 0,
    "reasoning_completion_tokens": 0,
    "price": ZERO,
    "deployment_price": ZERO,
    "price_source": PriceSource.NONE.value,
}
"""What the parts tell, the whole must not tell again."""


def _part(event: Event, used: ModelUsage) -> Event:
    """Give the share of one model; it has an id, but no conversation of its own."""
    return replace(
        event,
        id=hashlib.blake2b(f"{event.id} {used.model}".encode(), digest_size=16).hexdigest(),
        model=used.model,
        chat_id="",
        language=UNDEFINED,
        topic="",
        upstream="",
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cached_prompt_tokens=used.cached_prompt_tokens,
        cache_write_prompt_tokens=used.cache_write_prompt_tokens,
        reasoning_completion_tokens=used.reasoning_completion_tokens,
        price=used.price,
        deployment_price=used.price,
        price_source=used.price_source if used.price else PriceSource.NONE.value,
        operation_duration_ms=None,
    )


def _point(event: Event, schema: PointSchema) -> Point:
    measurement = measurement_of(event)
    tags, fields = _columns(measurement, schema)
    point: Any = _point_class()(measurement.name)  # the client has no types
    for column in tags:
        unknown = None if column.name in measurement.optional else UNDEFINED
        point.tag(column.name, str(column.read(event))[:_TAG_CHARS] or unknown)
    for column in fields:
        value = column.read(event)
        point.field(column.name, (value or UNDEFINED)[:_FIELD_CHARS] if isinstance(value, str) else value)
    point.time(event.time_ns + (_offset(event) if measurement.ids_are_fields(schema) else 0))
    result: Point = point
    return result


@cache
def _columns(measurement: Measurement, schema: PointSchema) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    tags, fields = measurement.layout(schema)
    return tuple(COLUMNS[name] for name in tags), tuple(COLUMNS[name] for name in fields)


def _offset(event: Event) -> int:
    """Tell two calls of one millisecond apart, below the precision of DIAL's clock, always the same way.

    InfluxDB knows a point by its tags and time alone, and silently overwrites it otherwise.
    """
    precision = 1_000 if event.time_ns % _MILLISECOND else _MILLISECOND
    return int(event.id[:16], 16) % precision


@cache
def _point_class() -> type[Point]:
    """Import the client at the first point: it brings numpy where there is one, which the API must not."""
    from influxdb_client.client.write.point import Point  # noqa: PLC0415 - see above

    return Point
