"""The clock of Redis: leases and due times survive that it is set back."""

import pytest
import redis

from tests.servers import Valkey, wait_until
from workers.parcels import NewParcel, ParcelStore

pytestmark = pytest.mark.integration

HOUR_S = 3600.0


@pytest.fixture
def store(valkey: redis.Redis) -> ParcelStore:
    return ParcelStore(valkey, patience_s=0.2, lease_s=0.5, max_attempts=3)


def set_back(valkey: redis.Redis) -> None:
    """A clock that is an hour behind what it was: `last` was noted before, nothing is missing yet."""
    before = float(valkey.hget("dial:clock", "last") or 0)
    valkey.hset("dial:clock", mapping={"missing": 0, "last": before})


def an_hour_ahead(valkey: redis.Redis) -> None:
    valkey.hset("dial:clock", "missing", HOUR_S)


def put(store: ParcelStore) -> None:
    store.put([NewParcel("p", "analyze", "", b"", 1)])


def test_a_lease_of_a_dead_worker_ends_although_the_clock_was_set_back(
    store: ParcelStore, valkey: redis.Redis
) -> None:
    an_hour_ahead(valkey)
    put(store)
    assert store.take("p")
    store.wake_due("analyze", 10)

    set_back(valkey)

    wait_until(lambda: store.wake_due("analyze", 10) == ["p"], timeout_s=5, what="the wake-up")
    assert store.take("p")


def test_ages_do_not_turn_negative_when_the_clock_was_set_back(
    store: ParcelStore, valkey: redis.Redis
) -> None:
    an_hour_ahead(valkey)
    put(store)
    store.wake_due("analyze", 10)

    set_back(valkey)
    store.wake_due("analyze", 10)

    wait_until(lambda: 0 < store.stats().oldest_s["analyze"] < 60, timeout_s=5, what="the age")


def test_nothing_is_kept_of_the_clock_once_nothing_waits(store: ParcelStore, valkey: redis.Redis) -> None:
    an_hour_ahead(valkey)
    put(store)
    parcel = store.take("p")
    assert parcel
    assert store.finish(parcel)

    store.wake_due("analyze", 10)

    assert not valkey.exists("dial:clock")


def test_a_full_redis_still_looks_at_the_clock(own_valkey: Valkey) -> None:
    with own_valkey.client() as valkey:
        store = ParcelStore(valkey, patience_s=0.2, lease_s=0.5, max_attempts=3)
        put(store)
        valkey.config_set("maxmemory", 1024)

        wait_until(lambda: store.wake_due("analyze", 10) == ["p"], timeout_s=5, what="the wake-up")

        assert valkey.exists("dial:clock")


def test_a_take_whose_answer_was_lost_is_answered_again(store: ParcelStore) -> None:
    put(store)
    first = store.take("p")
    assert first

    again = store._run("take", "p", first.lease, 0.5, 3)

    assert int(again[4]) == first.attempts == 1
