"""The sink contract for OpenTelemetry, and what its collector's answers mean."""

from collections.abc import Iterator
from functools import partial

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from analytics.event import Event
from analytics.telemetry.attributes import Telling
from analytics.telemetry.spans import span_of
from tests.contract.sink_contract import SinkContract, Stand
from tests.events import make_event, make_events
from tests.otlp_receiver import Receiver, Told, read, receiving
from tests.servers import free_port
from workers.sinks.base import SinkUnavailable
from workers.sinks.otel import Collector, CollectorPlace, OtelSink

TO_SPAN = partial(span_of, telling=Telling())


def sink_to(url: str) -> OtelSink:
    return OtelSink(Collector(CollectorPlace(url + "/v1/traces")), TO_SPAN)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[OtelSink]:
    made = sink_to(receiver.url)
    yield made
    made.close()


class TestOtel(SinkContract):
    @pytest.fixture
    def stand(self, sink: OtelSink, receiver: Receiver) -> Stand:
        """The contract's calls share a span of DIAL Core, as no real ones do: here ids are the events'."""
        sink._to_span = lambda event: span_of(alone(event), Telling())

        def chat_id_of(event: Event) -> str:
            found = {said["dial.event.id"]: said for said in receiver.attributes()}
            return str(found[event.id]["gen_ai.conversation.id"])

        return Stand(sink, lambda: len(receiver.spans), chat_id_of, lambda: sink_to("http://127.0.0.1:1"))


def alone(event: Event) -> Event:
    from dataclasses import replace

    return replace(event, core_span_id="")


def test_a_span_arrives_as_it_was_made(sink: OtelSink, receiver: Receiver) -> None:
    event = make_event(
        operation="chat", has_usage=True, ok=False, status="429", finish_reasons=("stop", "length")
    )
    sink.write([event])

    (span,) = receiver.spans.values()
    made = TO_SPAN(event)
    assert (span.name, span.start_time_unix_nano, span.end_time_unix_nano) == (
        made.name,
        made.start_ns,
        made.end_ns,
    )
    assert int.from_bytes(span.trace_id, "big") == made.trace_id
    assert int.from_bytes(span.span_id, "big") == made.span_id
    assert int.from_bytes(span.parent_span_id, "big") == made.parent_id
    assert int.from_bytes(span.links[0].span_id, "big") == 0x9ADE2B6FEF0A716D
    assert (span.kind, span.status.code, span.status.message) == (3, 2, "429")
    said = read(span.attributes)
    assert {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    } == made.attributes


def test_the_resource_is_the_same_in_every_process(
    sink: OtelSink, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.write([make_event()])
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,team=blue")
    other = sink_to(receiver.url)
    other.write([make_event()])
    other.close()

    own, named = receiver.resources
    assert own["service.name"] == "dial-analytics"
    assert own["deployment.environment.name"] == "development"
    assert "service.instance.id" not in own
    assert (named["service.name"], named["team"]) == ("shop", "blue")


def test_compression_comes_from_opentelemetry_s_own_variables(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    sink = OtelSink(
        Collector(CollectorPlace(receiver.url + "/v1/traces", headers="api-key=a%20b,x=1")), TO_SPAN
    )
    sink.write(make_events(3))
    sink.close()

    assert len(receiver.spans) == 3
    (headers,) = receiver.headers
    assert (headers["Content-Encoding"], headers["api-key"], headers["x"]) == ("gzip", "a b", "1")


@pytest.mark.parametrize(
    ("status", "pause"),
    [(503, False), (429, False), (408, False), (500, False), (401, True), (404, True), (302, True)],
)
def test_what_is_no_yes_is_unavailable(sink: OtelSink, receiver: Receiver, status: int, pause: bool) -> None:
    receiver.always = Told(status, {"Retry-After": "7", "Location": "/elsewhere"})

    with pytest.raises(SinkUnavailable) as away:
        sink.write(make_events(3))

    assert (away.value.reason, away.value.retry_after, away.value.pause) == (f"http_{status}", 7.0, pause)
    assert len(receiver.paths) == 1
    receiver.always = None
    assert sink.write(make_events(3)) == []
    assert len(receiver.spans) == 3


def test_a_span_that_the_collector_refuses_is_found_and_its_neighbours_arrive(
    sink: OtelSink, receiver: Receiver
) -> None:
    receiver.always = Told(400, only_with="conversations/poison")
    events = make_events(9, chat_id=lambda n: "conversations/poison" if n == 4 else "conversations/fine")

    (rejection,) = sink.write(events)

    assert (rejection.events, rejection.reason) == ((events[4],), "http_400")
    assert len(receiver.spans) == 8


def test_a_span_that_is_left_out_of_a_success_is_found_too(sink: OtelSink, receiver: Receiver) -> None:
    partly = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=1))
    receiver.always = Told(200, body=partly.SerializeToString(), only_with="conversations/poison")
    events = make_events(5, chat_id=lambda n: "conversations/poison" if n == 4 else "conversations/fine")

    (rejection,) = sink.write(events)

    assert (rejection.events, rejection.reason) == ((events[4],), "rejected_by_collector")


def test_a_collector_that_is_away_is_told_at_once() -> None:
    sink = sink_to(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(SinkUnavailable) as away:
        sink.write(make_events(2))

    assert (away.value.reason, away.value.pause) == ("connection_error", False)
    sink.close()
