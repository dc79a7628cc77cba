"""Routes: /v1/deployments/{application}/route/{path}, an application's own paths, and its own affair."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.exchange import Exchange, Surface
from analytics.record import LogRecord


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one call. The path has no query string, in which people put what nobody should keep."""
    return Exchange(
        record,
        Surface.ROUTE,
        deployment=record.deployment or place["deployment"],
        route_path="/" + place["path"],
    )
