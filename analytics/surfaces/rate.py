"""Ratings: POST /v1/{deployment}/rate, a thumb up or down for an earlier response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.document import as_object
from analytics.errors import MalformedRecord
from analytics.exchange import Exchange, Surface
from analytics.record import LogRecord
from analytics.surfaces.bodies import note


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one rating; one of nobody knows what tells nothing and raises MalformedRecord."""
    body = as_object(record.request_body)
    response_id = _name((body or {}).get("responseId"))
    if not response_id:
        raise MalformedRecord("missing_response_id")
    rate, doubts = _thumb(body or {})
    return Exchange(
        record,
        Surface.RATE,
        deployment=record.deployment or place["deployment"],
        response_id=response_id,
        request_known=True,
        rate=rate,
        notes=note(record.request_body, body, "request") + doubts,
    )


def _name(value: Any) -> str:
    """An id is a string; a number is as good."""
    return str(value) if isinstance(value, str) or type(value) is int else ""


def _thumb(body: Mapping[str, Any]) -> tuple[bool | None, tuple[str, ...]]:
    """Neither up nor down, and a note why, when the rating does not say so."""
    value = body.get("rate")
    if value is None:
        return None, ("missing_rate",)
    if isinstance(value, int) and value in (0, 1):
        return bool(value), ()
    return None, ("invalid_rate",)
