"""The one place that knows OpenTelemetry's SDK: our values in its classes, and its exporters.

Its documentation says that users do not build these classes. `tests/contract/test_otel_sdk.py` says what we
rely on; should it ever break, `opentelemetry-proto` and one POST do the same.
"""

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import export as sdk
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.re import parse_env_headers

from analytics.telemetry.attributes import Value
from analytics.telemetry.metrics import Metric, Point
from analytics.telemetry.spans import Span

# The last release of the conventions that holds those for GenAI.
SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
NAME = "dial-analytics"
CUMULATIVE = sdk.AggregationTemporality.CUMULATIVE

SdkSpan: TypeAlias = ReadableSpan
SpanExporter: TypeAlias = OTLPSpanExporter
MetricExporter: TypeAlias = OTLPMetricExporter

# What it has to say of a failed export, we say ourselves: without texts of others, and once.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


def make_resource(environment: str) -> Resource:
    """Who speaks. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.

    It is the same in every process, since they all tell the same totals.
    """
    own = {
        "service.name": NAME,
        "service.version": _version(),
        "deployment.environment.name": environment,
        "deployment.environment": environment,
    }
    return Resource(own, SCHEMA_URL).merge(OTELResourceDetector().detect())


def read_headers(text: str) -> dict[str, str]:
    """Name=value, separated by commas; values may be percent-encoded."""
    return dict(parse_env_headers(text, liberal=True))


def sdk_spans(spans: Sequence[Span], resource: Resource) -> list[SdkSpan]:
    scope = InstrumentationScope(NAME, _version(), SCHEMA_URL)
    return [_sdk_span(span, resource, scope) for span in spans]


def _sdk_span(span: Span, resource: Resource, scope: InstrumentationScope) -> SdkSpan:
    link = _context(*span.link, remote=True) if span.link else None
    return ReadableSpan(
        name=_text(span.name),
        context=_context(span.trace_id, span.span_id),
        parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
        resource=resource,
        attributes={name: _clean(value) for name, value in span.attributes.items()},
        links=[Link(link)] if link else [],
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.ERROR, _text(span.error)) if span.error else Status(),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=scope,
    )


def _context(trace_id: int, span_id: int, *, remote: bool = False) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=remote, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _clean(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_text(item) for item in value)
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """Lone surrogates are legal in JSON and have no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def sdk_metrics(metrics: Sequence[Metric], resource: Resource, since_ns: int, now_ns: int) -> sdk.MetricsData:
    scope = InstrumentationScope(NAME, _version(), SCHEMA_URL)
    made = [_sdk_metric(metric, since_ns, now_ns) for metric in metrics]
    return sdk.MetricsData(
        [sdk.ResourceMetrics(resource, [sdk.ScopeMetrics(scope, made, SCHEMA_URL)], SCHEMA_URL)]
    )


def _sdk_metric(metric: Metric, since_ns: int, now_ns: int) -> sdk.Metric:
    data: sdk.Sum | sdk.Histogram
    if metric.bounds:
        points = [_histogram_point(point, metric, since_ns, now_ns) for point in metric.points]
        data = sdk.Histogram(points, CUMULATIVE)
    else:
        numbers = [
            sdk.NumberDataPoint(_labels(point.attributes), since_ns, now_ns, float(point.sum))
            for point in metric.points
        ]
        data = sdk.Sum(numbers, CUMULATIVE, is_monotonic=True)
    return sdk.Metric(metric.name, metric.description, metric.unit, data)


def _histogram_point(point: Point, metric: Metric, since_ns: int, now_ns: int) -> sdk.HistogramDataPoint:
    return sdk.HistogramDataPoint(
        attributes=_labels(point.attributes),
        start_time_unix_nano=since_ns,
        time_unix_nano=now_ns,
        count=sum(point.counts),
        sum=_number(point.sum),
        bucket_counts=list(point.counts),
        explicit_bounds=list(metric.bounds),
        # Optional in OTLP, and nobody keeps them.
        min=None,  # type: ignore[arg-type]
        max=None,  # type: ignore[arg-type]
    )


def _number(total: Decimal) -> int | float:
    return int(total) if total == total.to_integral_value() else float(total)


def _labels(attributes: Mapping[str, str | int | bool]) -> dict[str, str | int | bool]:
    return {name: _text(value) if isinstance(value, str) else value for name, value in attributes.items()}


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "0"
