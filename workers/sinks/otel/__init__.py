"""The OpenTelemetry sink: events as spans, by OTLP over HTTP."""

from workers.sinks.otel.collector import Collector, CollectorPlace
from workers.sinks.otel.sink import OtelSink

__all__ = ["Collector", "CollectorPlace", "OtelSink"]
