"""Which sinks a configuration asks for. A vendor's library is imported by the process that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers import otel_knobs

if TYPE_CHECKING:
    from workers.settings import Settings
    from workers.sinks.base import Sink
    from workers.sinks.otel import Collector

INFLUX, SQLITE, OTEL = "influx", "sqlite", "otel"


def sink_names(settings: Settings) -> tuple[str, ...]:
    """Every configured sink; an event is delivered to each of them."""
    configured = (
        (INFLUX, settings.influx_url),
        (SQLITE, settings.sqlite_path),
        (OTEL, otel_knobs.traces_url(settings)),
    )
    return tuple(name for name, place in configured if place)


def make_sinks(settings: Settings) -> dict[str, Sink]:
    """The configured sinks by name. Nothing is connected before the first write or check."""
    makers = {INFLUX: _influx, SQLITE: _sqlite, OTEL: _otel}
    return {name: makers[name](settings) for name in sink_names(settings)}


def _influx(settings: Settings) -> Sink:
    from functools import partial

    from analytics.points import points
    from workers.sinks.influx import NO_ORG, InfluxSink, InfluxTarget

    place = InfluxTarget(
        url=settings.influx_url or "",
        bucket=settings.influx_bucket or settings.influx_database,
        org=settings.influx_org if settings.influx_bucket else NO_ORG,
        token=settings.influx_api_token,
        timeout_s=settings.influx_timeout_s,
        ca_file=str(settings.influx_ca_file) if settings.influx_ca_file else None,
    )
    per_model = settings.usage_per_model == "points"
    to_points = partial(points, schema=settings.point_schema, usage_per_model=per_model)
    return InfluxSink(place, to_points)


def _sqlite(settings: Settings) -> Sink:
    from pathlib import Path

    from workers.sinks.sqlite import SqliteSink

    return SqliteSink(settings.sqlite_path or Path())


def _otel(settings: Settings) -> Sink:
    from functools import partial

    from analytics.telemetry.spans import span_of
    from workers.sinks.otel import OtelSink

    to_span = partial(span_of, telling=otel_knobs.telling(settings))
    return OtelSink(make_collector(settings), to_span)


def make_collector(settings: Settings) -> Collector:
    """The collector of both signals; it connects to nothing before the first use."""
    try:
        from workers.sinks.otel import Collector, CollectorPlace
    except ImportError as error:
        raise SystemExit(f"{error.name} is not installed: pip install 'dial-analytics[otel]'") from None

    place = CollectorPlace(
        traces_url=otel_knobs.traces_url(settings),
        metrics_url=otel_knobs.metrics_url(settings),
        headers=settings.otlp_headers,
        environment=settings.telemetry_environment,
    )
    return Collector(place)
