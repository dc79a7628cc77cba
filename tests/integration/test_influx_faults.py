"""An InfluxDB that misbehaves on demand: the shared stand-in plays the faults, the sink survives them.

Skipped without the shared folder; for the real server see test_influx_values.py and test_influx_outage.py.
"""

import json
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from analytics.points import points
from tests.events import make_event, make_events
from tests.servers import ROOT, Process, free_port, listens
from workers.sinks.base import SinkUnavailable
from workers.sinks.influx import InfluxSink, InfluxTarget
from workers.sinks.influx import sink as sink_module

CAPTURE = ROOT.parent / "shared" / "conformance" / "capture_influx.py"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CAPTURE.exists(), reason="the shared conformance folder is not beside this clone"),
]


class Capture:
    """The stand-in as a process, with its control calls."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def faults(self, *faults: dict[str, Any]) -> None:
        """Play these, one a write request, and forget what was received."""
        self._call("POST", "/_faults", json.dumps(faults).encode())
        self._call("DELETE", "/_lines")

    def received(self) -> dict[str, Any]:
        """What it has stored and how it was asked."""
        return self._call("GET", "/_lines")

    def lines(self) -> set[str]:
        """Every line that it has stored, once."""
        return {entry["line"] for entry in self.received()["lines"]}

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, body, method=method)
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    port = free_port()
    log = tmp_path_factory.mktemp("capture") / "capture.log"
    process = Process([sys.executable, str(CAPTURE), "--port", str(port), "--types"], log)
    process.start(lambda: listens(port))
    yield Capture(port)
    process.stop()


@pytest.fixture
def capture(server: Capture) -> Iterator[Capture]:
    server.faults()
    yield server
    server.faults()


@pytest.fixture
def sink(capture: Capture) -> Iterator[InfluxSink]:
    sink = InfluxSink(InfluxTarget(capture.url, "dial", org="acme", token="secret", timeout_s=0.5), points)
    yield sink
    sink.close()


def unavailable(sink: InfluxSink) -> SinkUnavailable:
    with pytest.raises(SinkUnavailable) as caught:
        sink.write(make_events(3))
    return caught.value


def test_a_write_is_one_gzip_request_in_nanoseconds(capture: Capture, sink: InfluxSink) -> None:
    sink.write(make_events(200))

    [request] = capture.received()["requests"]
    assert (request["path"], request["encoding"], request["precision"]) == ("/api/v2/write", "gzip", "ns")
    assert (request["org"], request["bucket"], request["auth"]) == ("acme", "dial", True)
    assert len(capture.lines()) == 200


def test_five_thousand_lines_are_the_most_in_a_request(capture: Capture) -> None:
    InfluxSink(InfluxTarget(capture.url, "dial", timeout_s=30), points).write(make_events(5_001))

    assert [request["lines"] for request in capture.received()["requests"]] == [5_000, 1]


def test_the_lines_of_an_event_stay_together_in_a_request(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "MAX_LINES", 5)
    twice = InfluxSink(InfluxTarget(capture.url, "dial"), lambda event: points(event) * 2)

    twice.write(make_events(7))

    assert [request["lines"] for request in capture.received()["requests"]] == [4, 4, 4, 2]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_for_how_many_seconds(capture: Capture, sink: InfluxSink, status: int) -> None:
    capture.faults({"status": status, "retry_after": 17})

    error = unavailable(sink)

    assert (error.reason, error.retry_after, error.pause) == (f"http_{status}", 17.0, False)


def test_a_busy_server_says_until_when(capture: Capture, sink: InfluxSink) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    capture.faults({"status": 429, "retry_after": until})

    error = unavailable(sink)

    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_waited_for(capture: Capture, sink: InfluxSink, status: int) -> None:
    capture.faults({"status": status})

    error = unavailable(sink)

    assert (error.reason, error.retry_after, error.pause) == (f"http_{status}", None, False)
    assert sink.write(make_events(3)) == []


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405])
def test_what_a_person_has_to_repair_pauses(capture: Capture, sink: InfluxSink, status: int) -> None:
    capture.faults({"status": status})

    error = unavailable(sink)

    assert (error.reason, error.pause) == (f"http_{status}", True)


def test_there_are_no_retries_inside_the_client(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"times": -1, "status": 503, "retry_after": 1})

    unavailable(sink)

    assert capture.received()["writes"] == 1


def test_a_dropped_connection_is_unavailable(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"close": True})

    assert unavailable(sink).reason == "connection_error"
    assert sink.write(make_events(3)) == []


def test_a_hanging_server_is_given_up(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"hang": 30})

    assert unavailable(sink).reason == "timeout"


def test_an_answer_that_is_not_text_is_unavailable(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"status": 502, "body": "<h1>Bad Gateway</h1>"})

    assert unavailable(sink).reason == "http_502"


@pytest.mark.parametrize("style", ["v2", "v3"])
@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_line_is_found_among_good_ones(
    capture: Capture, sink: InfluxSink, style: str, status: int
) -> None:
    capture.faults({"times": -1, "status": status, "partial": "chatcmpl-42[, ]", "style": style})
    events = make_events(100)

    [rejection] = sink.write(events)

    assert rejection.events == (events[42],)
    assert rejection.reason == "refused"
    assert len(capture.lines()) == 99


def test_a_server_that_goes_away_while_the_poison_is_searched_is_unavailable(
    capture: Capture, sink: InfluxSink
) -> None:
    poison = {"partial": "chatcmpl-1[, ]"}
    capture.faults({"times": 2, **poison}, {"status": 503}, {"times": -1, **poison})

    unavailable(sink)

    assert [rejection.events for rejection in sink.write(make_events(3))] == [(make_events(3)[1],)]
    assert len(capture.lines()) == 2


def test_a_batch_that_is_too_large_is_halved(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"times": 3, "status": 413})

    assert sink.write(make_events(64)) == []

    assert len(capture.lines()) == 64


def test_an_event_that_is_too_large_by_itself_is_rejected(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"times": -1, "status": 413})

    [rejection] = sink.write([make_event()])

    assert rejection.reason == "too_large"


def test_a_server_that_finds_no_points_in_a_check_is_well(capture: Capture, sink: InfluxSink) -> None:
    capture.faults({"status": 400, "body": "writing requires points"})

    sink.check()


def test_an_empty_token_sends_no_authorization(capture: Capture) -> None:
    InfluxSink(InfluxTarget(capture.url, "dial"), points).write([make_event()])

    [request] = capture.received()["requests"]
    assert (request["auth"], request["org"]) == (False, "ignored")


def test_a_token_is_not_in_the_representation_of_a_target() -> None:
    assert "secret" not in repr(InfluxTarget("http://influx", "dial", token="secret"))
