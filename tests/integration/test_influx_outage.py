"""InfluxDB goes away and comes back: any absence is SinkUnavailable, and the repeated write is whole."""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from analytics.points import points
from tests.events import make_events
from tests.influx_server import TOKEN, InfluxServer
from workers.sinks.base import SinkUnavailable
from workers.sinks.influx import InfluxSink, InfluxTarget

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Place:
    server: InfluxServer
    database: str
    sink: InfluxSink

    def points(self) -> int:
        return self.server.points(self.database)


@pytest.fixture
def place(own_influx_server: InfluxServer) -> Iterator[Place]:
    database = own_influx_server.new_database()
    target = InfluxTarget(own_influx_server.url, database, token=TOKEN, timeout_s=0.5)
    sink = InfluxSink(target, points)
    yield Place(own_influx_server, database, sink)
    sink.close()


def test_a_server_that_is_down_is_unavailable_until_it_is_back(place: Place) -> None:
    events = make_events(100)
    place.sink.write(events[:50])

    place.server.down()
    with pytest.raises(SinkUnavailable) as refused:
        place.sink.write(events)
    place.server.up()

    assert (refused.value.reason, refused.value.pause) == ("connection_error", False)
    assert place.sink.write(events) == []
    assert place.points() == 100


def test_a_proxy_without_its_server_is_unavailable(place: Place) -> None:
    place.server.influxd.stop()
    for action in (place.sink.check, lambda: place.sink.write(make_events(1))):
        with pytest.raises(SinkUnavailable) as refused:
            action()
        assert (refused.value.reason, refused.value.pause) == ("http_502", False)

    place.server.up()

    place.sink.check()
    assert place.sink.write(make_events(1)) == []


def test_a_server_that_was_killed_kept_what_it_had_taken(place: Place) -> None:
    place.sink.write(make_events(500))

    place.server.influxd.kill()
    place.server.up()

    assert place.points() == 500


def test_a_server_that_hangs_is_given_up_in_time(place: Place) -> None:
    place.server.influxd.signal(signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(SinkUnavailable) as refused:
        place.sink.write(make_events(10))
    took = time.monotonic() - started
    place.server.influxd.signal(signal.SIGCONT)

    assert (refused.value.reason, refused.value.pause) == ("timeout", False)
    assert took < 3
    place.server.up()
    assert place.sink.write(make_events(10)) == []
    assert place.points() == 10
