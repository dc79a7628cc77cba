"""What we rely on in OpenTelemetry's SDK, whose documentation does not promise it."""

import time
from decimal import Decimal

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from analytics.telemetry.attributes import Telling
from analytics.telemetry.metrics import Metric, Point
from analytics.telemetry.spans import span_of
from tests.events import make_event
from tests.otlp_receiver import Receiver, Told, read, receiving
from workers.sinks.otel import Collector, CollectorPlace
from workers.sinks.otel.adapter import SpanExporter, make_resource, sdk_spans
from workers.sinks.otel.session import Refused, Session

LABELS: dict[str, str | int | bool] = {
    "gen_ai.request.model": "gpt-4o",
    "server.port": 443,
    "otel.metric.overflow": True,
}
HISTOGRAM = Metric("h", "s", "A histogram", (Point(LABELS, Decimal("2.5"), (1, 0, 2)),), (0.5, 1.0))
COUNTER = Metric("c", "USD", "A counter", (Point(LABELS, Decimal("0.3")),))


def collector(receiver: Receiver) -> Collector:
    return Collector(CollectorPlace(receiver.url + "/v1/traces", receiver.url + "/v1/metrics"))


def test_spans_built_by_hand_are_exported_with_success() -> None:
    with receiving() as receiver, Session() as session:
        exporter = SpanExporter(receiver.url + "/v1/traces", session=session)
        spans = sdk_spans([span_of(make_event(time_ns=1), Telling())], make_resource("test"))

        assert exporter.export(spans) is SpanExportResult.SUCCESS

        assert next(iter(receiver.spans.values())).start_time_unix_nano == 1


@pytest.mark.parametrize("status", [302, 400, 429, 503])
def test_whatever_is_no_success_fails_at_once(status: int) -> None:
    with receiving() as receiver, Session() as session:
        receiver.always = Told(status, {"Retry-After": "5"})
        exporter = SpanExporter(receiver.url + "/v1/traces", session=session)
        start = time.monotonic()

        result = exporter.export(sdk_spans([span_of(make_event(), Telling())], make_resource("test")))

        assert result is SpanExportResult.FAILURE
        assert time.monotonic() - start < 1
        assert len(receiver.paths) == 1
        assert session.answer.reason == f"http_{status}"


def test_the_session_raises_only_its_own_exception() -> None:
    with Session() as session, pytest.raises(Refused):
        session.request("POST", "http://127.0.0.1:1/")


def test_metrics_built_by_hand_are_cumulative_and_keep_their_start() -> None:
    with receiving() as receiver:
        made = collector(receiver)

        answer = made.take_metrics([HISTOGRAM, COUNTER], 5, 9)
        made.close()

        assert answer.reason == ""
        (told,) = receiver.metrics
        histogram, counter = told["h"].histogram, told["c"].sum
        assert (histogram.aggregation_temporality, counter.aggregation_temporality) == (2, 2)
        assert counter.is_monotonic
        (point,) = histogram.data_points
        assert (point.start_time_unix_nano, point.time_unix_nano) == (5, 9)
        assert (point.count, point.sum, list(point.bucket_counts)) == (3, 2.5, [1, 0, 2])
        assert list(point.explicit_bounds) == [0.5, 1.0]
        assert not point.HasField("min")
        assert read(point.attributes) == LABELS
        assert counter.data_points[0].as_double == 0.3
        assert (told["h"].unit, told["c"].unit) == ("s", "USD")
