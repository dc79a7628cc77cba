"""The totals of models in a real Valkey: exact, and each event once, whoever adds it and how often."""

import threading
from decimal import Decimal

import pytest
import redis

from analytics.event import Event
from analytics.exchange import Surface
from analytics.telemetry.metrics import Metric, metrics
from tests.events import make_event, make_events
from tests.servers import Valkey
from workers.meters import Meters, read

pytestmark = pytest.mark.integration


def call(**overrides: object) -> Event:
    known = {
        "operation": "chat",
        "api": "chat.completions",
        "has_usage": True,
        "deployment_price": Decimal("0.1"),
    }
    return make_event(**{**known, **overrides})


def calls(number: int) -> list[Event]:
    return make_events(
        number,
        operation=lambda _: "chat",
        has_usage=lambda _: True,
        prompt_tokens=lambda n: n,
        deployment_price=lambda n: Decimal(n) / 1_000_000,
    )


def told(client: redis.Redis) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics(read(client).series)}


def test_sums_are_exact_and_in_the_right_buckets(valkey: redis.Redis) -> None:
    meters = Meters(valkey)

    assert meters.add([call(chat_id=str(n), prompt_tokens=5, completion_tokens=2) for n in range(3)]) == 3

    found = told(valkey)
    asked, answered = found["gen_ai.client.token.usage"].points
    assert (int(asked.sum), asked.counts[:4]) == (15, (0, 0, 3, 0))
    assert (int(answered.sum), answered.counts[:3]) == (6, (0, 3, 0))
    assert asked.attributes["gen_ai.token.type"] == "input"
    assert found["gen_ai.usage.total_cost"].points[0].sum == Decimal("0.3")
    assert found["gen_ai.client.operation.duration"].points[0].sum == Decimal("2.436")


def test_an_event_is_added_once_whatever_batch_it_comes_in(valkey: redis.Redis) -> None:
    events = calls(40)
    meters = Meters(valkey)

    assert meters.add(events[:25]) == 25
    assert meters.add(events) == 15
    assert meters.add([events[0], events[0]]) == 0

    assert told(valkey)["gen_ai.client.token.usage"].points[0].sum == sum(range(40))


def test_many_workers_that_add_the_same_events_add_them_once(
    valkey_server: Valkey, valkey: redis.Redis
) -> None:
    events = calls(200)

    def work(start: int) -> None:
        with valkey_server.client() as client:
            for position in range(start, start + 200, 20):
                Meters(client).add([events[n % 200] for n in range(position, position + 30)])

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 50, 100, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = told(valkey)
    assert found["gen_ai.usage.cost"].points[0].sum == Decimal("0.0199")
    assert sum(found["gen_ai.usage.cost"].points[0].counts) == 200


def test_money_is_carried_so_that_no_sum_overflows(valkey: redis.Redis) -> None:
    price = Decimal("900000000000.999999999999")
    meters = Meters(valkey)

    for n in range(4):
        meters.add([call(chat_id=f"{n}/{m}", deployment_price=price) for m in range(100)])

    assert told(valkey)["gen_ai.usage.total_cost"].points[0].sum == price * 400


def test_what_nobody_counted_priced_or_timed_is_left_out(valkey: redis.Redis) -> None:
    Meters(valkey).add([call(has_usage=False, price_source="none", operation_duration_ms=None)])
    Meters(valkey).add([make_event(surface=Surface.RATE, rate=True)])
    Meters(valkey).add([call(prompt_tokens=2**70), call(deployment_price=Decimal(-1))])

    assert told(valkey) == {}


def test_a_price_of_nothing_is_a_price(valkey: redis.Redis) -> None:
    Meters(valkey).add([call(deployment_price=Decimal(0))])

    assert told(valkey)["gen_ai.usage.cost"].points[0].counts[0] == 1


def test_failed_calls_are_told_apart_by_their_durations_only(valkey: redis.Redis) -> None:
    Meters(valkey).add([call(), call(ok=False, status="429", error_type="rate_limit_exceeded")])

    found = told(valkey)
    errors = [
        point.attributes.get("error.type") for point in found["gen_ai.client.operation.duration"].points
    ]
    assert sorted(map(str, errors)) == ["None", "rate_limit_exceeded"]
    assert len(found["gen_ai.usage.cost"].points) == 1


def test_one_series_too_many_goes_into_the_overflow(valkey: redis.Redis) -> None:
    meters = Meters(valkey, most_series=2)

    meters.add([call(deployment=f"model-{n}") for n in range(5)])

    points = told(valkey)["gen_ai.usage.cost"].points
    assert sorted(sum(point.counts) for point in points) == [1, 1, 3]
    assert [point.attributes for point in points if sum(point.counts) == 3] == [
        {"otel.metric.overflow": True, "currency": "USD"}
    ]


def test_counting_began_once(valkey: redis.Redis) -> None:
    assert read(valkey).since is None

    Meters(valkey).add(calls(2))
    began = read(valkey).since
    Meters(valkey).add(calls(4))

    assert began is not None
    assert read(valkey).since == began


def test_a_full_redis_still_lets_the_work_go_on(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        client.config_set("maxmemory", 1)

        assert Meters(client).add(calls(5)) == 5
