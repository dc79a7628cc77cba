"""An OTLP collector: where it is, and what it answers. Every answer is a value, none is an exception."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from analytics.telemetry.metrics import Metric
from analytics.telemetry.spans import Span
from workers.sinks.otel.adapter import (
    MetricExporter,
    SpanExporter,
    make_resource,
    read_headers,
    sdk_metrics,
    sdk_spans,
)
from workers.sinks.otel.session import Answer, Session

REJECTED = "rejected_by_collector"


@dataclass(frozen=True, slots=True)
class CollectorPlace:
    """Whole URLs of both signals; `headers` are written as in OTEL_EXPORTER_OTLP_HEADERS.

    Timeout, compression and certificates are those of OpenTelemetry's own variables.
    """

    traces_url: str
    metrics_url: str = ""
    headers: str = field(default="", repr=False)
    environment: str = "development"


class Collector:
    """Its exporters are made on first use, in the process that uses them; threads may share them."""

    def __init__(self, place: CollectorPlace) -> None:
        self._place = place
        self._resource = make_resource(place.environment)
        self._session = Session()
        self._spans: SpanExporter | None = None
        self._metrics: MetricExporter | None = None

    def take_spans(self, spans: Sequence[Span]) -> Answer:
        """Send spans. What the collector says it left out is an answer with a reason."""
        if self._spans is None:
            url, headers = self._place.traces_url, read_headers(self._place.headers)
            self._spans = SpanExporter(url, headers=headers, session=self._session)
        self._session.forget()
        self._spans.export(sdk_spans(spans, self._resource))
        answer = self._session.answer
        if not answer.reason and _rejected(answer.body):
            return Answer(answer.status, REJECTED)
        return answer

    def take_metrics(self, metrics: Sequence[Metric], since_ns: int, now_ns: int) -> Answer:
        """Send totals as they stand now, counted since then."""
        if self._metrics is None:
            url, headers = self._place.metrics_url, read_headers(self._place.headers)
            self._metrics = MetricExporter(url, headers=headers, session=self._session)
        self._session.forget()
        self._metrics.export(sdk_metrics(metrics, self._resource, since_ns, now_ns))
        return self._session.answer

    def close(self) -> None:
        self._session.close()


def _rejected(body: bytes) -> int:
    """How many spans a collector left out of what it took; 0 when it answers in JSON or not at all."""
    try:
        said = ExportTraceServiceResponse.FromString(body)
    except DecodeError:
        return 0
    return int(said.partial_success.rejected_spans)
