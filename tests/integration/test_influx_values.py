"""What lands in a real InfluxDB: values, types, tags and counts, read back with InfluxQL."""

import gzip
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from analytics.exchange import Surface
from analytics.points import points
from tests.events import NOON_NS, make_event, make_events
from tests.influx_server import TOKEN, InfluxServer, Rows
from workers.sinks.base import SinkUnavailable
from workers.sinks.influx import InfluxSink, InfluxTarget

pytestmark = pytest.mark.integration

WEEK_NS = 7 * 24 * 3600 * 10**9


@dataclass(frozen=True)
class Place:
    """A fresh database with a sink that writes to it."""

    server: InfluxServer
    database: str
    sink: InfluxSink

    def query(self, influxql: str) -> Rows:
        return self.server.query(self.database, influxql)

    def write_raw(self, line: str) -> None:
        assert self.sink._wire.post(line.encode()).status == 204


@pytest.fixture
def place(influx_server: InfluxServer) -> Iterator[Place]:
    database = influx_server.new_database()
    sink = InfluxSink(InfluxTarget(influx_server.url, database, token=TOKEN), points)
    yield Place(influx_server, database, sink)
    sink.close()


def test_a_chat_completion_comes_back_with_its_values_and_types(place: Place) -> None:
    place.sink.write([make_event(price=Decimal("0.0042"), deployment_price=Decimal("1e-07"))])

    [row] = place.query("SELECT * FROM analytics")

    assert row["time"] == NOON_NS
    assert (row["prompt_tokens"], row["completion_tokens"], row["number_request_messages"]) == (30, 40, 2)
    assert (row["cached_prompt_tokens"], row["cache_write_prompt_tokens"]) == (10, 5)
    assert (row["price"], row["deployment_price"]) == (0.0042, 1e-07)
    assert (row["user_hash"], row["chat_id"]) == ("e3b0c442", "conversations/abc")
    assert (row["model"], row["deployment"], row["title"]) == ("gpt-4o-2024", "gpt-4o", "Data Engineer")
    types = {kind["fieldKey"]: kind["fieldType"] for kind in place.query("SHOW FIELD KEYS FROM analytics")}
    assert types["prompt_tokens"] == types["number_request_messages"] == "integer"
    assert types["price"] == types["deployment_price"] == "float"
    assert types["user_hash"] == types["chat_id"] == "string"


def test_the_tags_are_those_of_the_contract(place: Place) -> None:
    place.sink.write([make_event()])

    tags = {row["tagKey"] for row in place.query("SHOW TAG KEYS FROM analytics")}

    assert tags == {
        "core_parent_span_id",
        "core_span_id",
        "deployment",
        "execution_path",
        "language",
        "model",
        "parent_deployment",
        "project_id",
        "response_id",
        "title",
        "topic",
        "trace_id",
        "upstream",
    }


@pytest.mark.parametrize(
    "title",
    ["Data Engineer", "a=b,c=d", 'say "yes"', "C:\\dir\\file", "Инженер 数据 🚀", "ends with a comma,"],
)
def test_a_tag_comes_back_as_it_was(place: Place, title: str) -> None:
    place.sink.write([make_event(title=title)])

    [row] = place.query("SELECT title, price FROM analytics")

    assert row["title"] == title


def test_an_integer_looking_price_makes_no_type_conflict(place: Place) -> None:
    prices = [Decimal("0.5"), Decimal(42), Decimal("0E-8"), Decimal("1E+2")]

    assert place.sink.write(make_events(4, price=lambda n: prices[n])) == []

    assert [row["price"] for row in place.query("SELECT price FROM analytics")] == [0.5, 42, 0, 100]


def test_ten_thousand_points_arrive_and_a_redelivery_adds_none(place: Place) -> None:
    events = make_events(10_000)

    assert place.sink.write(events) == []
    assert place.server.points(place.database) == 10_000

    assert place.sink.write(events[5_000:]) == []
    assert place.server.points(place.database) == 10_000
    [row] = place.query("SELECT sum(prompt_tokens) AS tokens FROM analytics")
    assert row["tokens"] == 300_000


@pytest.mark.parametrize("surface", [Surface.MCP, Surface.ROUTE, Surface.RESPONSES, Surface.ANTHROPIC])
def test_calls_of_the_same_series_in_the_same_millisecond_are_all_there(
    place: Place, surface: Surface
) -> None:
    calls = make_events(50, surface=lambda _: surface, time_ns=lambda _: NOON_NS)

    place.sink.write(calls)
    place.sink.write(calls)

    assert place.server.points(place.database) == 50


def test_a_retention_policy_is_named_after_the_database(influx_server: InfluxServer, place: Place) -> None:
    place.query(f'CREATE RETENTION POLICY "kept" ON "{place.database}" DURATION INF REPLICATION 1')
    target = InfluxTarget(influx_server.url, f"{place.database}/kept", token=TOKEN)

    InfluxSink(target, points).write([make_event()])

    assert len(place.query('SELECT * FROM "kept"."analytics"')) == 1
    assert place.query("SELECT * FROM analytics") == []


def test_a_field_of_another_type_rejects_its_event_alone(place: Place) -> None:
    # InfluxDB keeps the types of each week apart: only the first event meets this line.
    place.write_raw(f'analytics price="free" {NOON_NS}')
    events = make_events(40, time_ns=lambda n: NOON_NS + n * WEEK_NS + 1)

    [rejection] = place.sink.write(events)

    assert rejection.events == (events[0],)
    assert rejection.reason == "field_type_conflict"
    assert place.server.points(place.database) == 39


def test_a_poison_line_among_good_ones_is_found_and_told_to_nobody(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    events = make_events(200, chat_id=lambda n: f"secret conversation {n}")
    events[123] = replace(events[123], completion_tokens=2**64)

    [rejection] = place.sink.write(events)

    assert rejection.events == (events[123],)
    assert rejection.reason == "line_not_understood"
    assert place.server.points(place.database) == 199
    assert "secret" not in caplog.text


def test_a_batch_too_large_for_the_server_is_halved_until_it_fits(
    influx_server: InfluxServer, place: Place
) -> None:
    small = InfluxSink(InfluxTarget(f"{influx_server.url}/small", place.database, token=TOKEN), points)
    events = make_events(300, core_span_id=lambda n: f"{n * 2654435761 % 2**64:016x}")

    assert small.write(events) == []

    assert place.server.points(place.database) == 300


def test_an_event_too_large_for_the_server_is_rejected(influx_server: InfluxServer, place: Place) -> None:
    small = InfluxSink(InfluxTarget(f"{influx_server.url}/small", place.database, token=TOKEN), points)
    huge = make_event(chat_id=gzip.compress(bytes(range(256)) * 100, mtime=0).hex() + hex(7**20_000))

    [rejection] = small.write([*make_events(3), huge])

    assert rejection.events == (huge,)
    assert rejection.reason == "too_large"
    assert place.server.points(place.database) == 3


@pytest.mark.parametrize(
    ("path", "database", "token", "reason"),
    [
        ("", None, "wrong", "http_401"),
        ("", "nowhere", TOKEN, "http_404"),
        ("/nowhere", None, TOKEN, "http_404"),
    ],
)
def test_a_wrong_token_database_or_path_needs_a_person(
    place: Place, path: str, database: str | None, token: str, reason: str
) -> None:
    target = InfluxTarget(place.server.url + path, database or place.database, token=token)
    sink = InfluxSink(target, points)

    for action in (sink.check, lambda: sink.write([make_event()])):
        with pytest.raises(SinkUnavailable) as refused:
            action()
        assert (refused.value.reason, refused.value.pause) == (reason, True)


def test_the_check_stores_nothing(place: Place) -> None:
    place.sink.check()

    assert place.query("SHOW MEASUREMENTS") == []
