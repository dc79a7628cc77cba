"""The teller: one process of all sends the totals, and a collector that is away costs nothing."""

import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.events import make_event
from tests.otlp_receiver import Receiver, Told, receiving
from tests.servers import wait_until
from workers.meters import Meters
from workers.sinks.otel import Collector, CollectorPlace
from workers.teller import TURN, Teller

pytestmark = pytest.mark.integration


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def count(client: redis.Redis, *names: str) -> None:
    call = {"operation": "chat", "has_usage": True, "deployment_price": Decimal("0.25")}
    Meters(client).add([make_event(chat_id=name, **call) for name in names])


def teller(client: redis.Redis, receiver: Receiver, *, every_s: float = 60.0, costs: bool = True) -> Teller:
    place = CollectorPlace("", receiver.url + "/v1/metrics")
    return Teller(client, Collector(place), every_s=every_s, currency="EUR", costs=costs)


def spent(receiver: Receiver) -> list[float]:
    return [told["gen_ai.usage.total_cost"].sum.data_points[0].as_double for told in receiver.metrics]


def test_of_two_one_tells_and_the_other_waits_for_its_turn(valkey: redis.Redis, receiver: Receiver) -> None:
    count(valkey, "a", "b")
    first, second = teller(valkey, receiver), teller(valkey, receiver)

    assert (first.tell(), second.tell(), first.tell()) == ("", "", "")
    assert spent(receiver) == [0.5]

    valkey.delete(TURN)
    count(valkey, "c")
    second.tell()
    assert spent(receiver) == [0.5, 0.75]


def test_start_and_attributes_stay_the_same_from_export_to_export(
    valkey: redis.Redis, receiver: Receiver
) -> None:
    for name in "ab":
        count(valkey, name)
        valkey.delete(TURN)
        teller(valkey, receiver).tell()

    first, second = (told["gen_ai.usage.total_cost"].sum.data_points[0] for told in receiver.metrics)
    assert (
        first.start_time_unix_nano
        == second.start_time_unix_nano
        < first.time_unix_nano
        < second.time_unix_nano
    )
    assert first.attributes == second.attributes
    assert receiver.metrics[0]["gen_ai.usage.cost"].unit == "EUR"


def test_costs_are_left_out_on_request(valkey: redis.Redis, receiver: Receiver) -> None:
    count(valkey, "a")

    teller(valkey, receiver, costs=False).tell()

    assert set(receiver.metrics[0]) == {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"}


def test_before_the_first_call_nothing_is_told(valkey: redis.Redis, receiver: Receiver) -> None:
    assert teller(valkey, receiver).tell() == ""

    assert receiver.paths == []


def test_a_collector_that_is_away_is_told_of_once_and_gets_everything_later(
    valkey: redis.Redis, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    count(valkey, "a")
    receiver.always = Told(503)
    running = teller(valkey, receiver, every_s=0.05)
    with caplog.at_level(logging.WARNING, "workers"):
        running.start()
        wait_until(lambda: len(receiver.paths) >= 3, what="three attempts")
        count(valkey, "b")
        receiver.always = None
        wait_until(lambda: 0.5 in spent(receiver), what="the total")
        wait_until(lambda: "metrics_back" in caplog.text, what="the good news")
    running.stop()

    assert [record.message for record in caplog.records].count("metrics_unavailable") == 1


def test_a_redis_that_is_away_stops_nothing(receiver: Receiver) -> None:
    nowhere = redis.Redis(port=1, socket_connect_timeout=0.1, retry=Retry(NoBackoff(), 0))
    running = teller(nowhere, receiver, every_s=0.02)

    running.start()
    wait_until(lambda: running._failed != "", what="its complaint")
    running.stop()

    assert receiver.paths == []
