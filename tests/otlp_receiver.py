"""An OTLP receiver inside the test: it keeps what it takes, and answers as it is told."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass
class Told:
    """A status, headers and a body to answer with, instead of taking what was sent."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Spans whose attributes hold this text are the fault; others are taken.
    only_with: str = ""


class Receiver:
    """`spans` are keyed by trace and span id, as every backend keeps them."""

    def __init__(self) -> None:
        self.spans: dict[tuple[bytes, bytes], Any] = {}
        self.resources: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.orders: list[Told] = []
        self.always: Told | None = None
        self.url = ""
        self._lock = threading.Lock()

    def take(self, path: str, body: bytes) -> Told:
        with self._lock:
            self.paths.append(path)
            told = self.orders.pop(0) if self.orders else self.always
            if told and told.only_with.encode() in body:
                return told
            self.raw.append(body)
            if path.endswith("/v1/metrics"):
                self._metrics(ExportMetricsServiceRequest.FromString(body))
            else:
                self._spans(ExportTraceServiceRequest.FromString(body))
            return Told(200, body=ExportTraceServiceResponse().SerializeToString())

    def _spans(self, request: ExportTraceServiceRequest) -> None:
        for group in request.resource_spans:
            self.resources.append(read(group.resource.attributes))
            for scope in group.scope_spans:
                self.spans.update({(span.trace_id, span.span_id): span for span in scope.spans})

    def _metrics(self, request: ExportMetricsServiceRequest) -> None:
        for group in request.resource_metrics:
            self.metrics.append(
                {metric.name: metric for scope in group.scope_metrics for metric in scope.metrics}
            )

    def attributes(self) -> list[dict[str, Any]]:
        return [read(span.attributes) for span in self.spans.values()]


def read(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind)


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Run it on a port of its own until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.headers.append(dict(self.headers))
            told = receiver.take(self.path, body)
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
