"""Every verb of the parcel store, on a real Valkey."""

import threading
from collections.abc import Callable

import pytest
import redis

from tests.servers import Valkey
from workers.letters import make_letter
from workers.parcels import CELERY_PREFIX, NewParcel, Parcel, ParcelStore
from workers.payload import pack, unpack
from workers.telemetry import UndeclaredCounter

pytestmark = pytest.mark.integration

MakeStore = Callable[..., ParcelStore]


@pytest.fixture
def make(valkey: redis.Redis) -> MakeStore:
    def make_store(patience_s: float = 0.0, lease_s: float = 30.0, max_attempts: int = 3) -> ParcelStore:
        return ParcelStore(valkey, patience_s=patience_s, lease_s=lease_s, max_attempts=max_attempts)

    return make_store


@pytest.fixture
def store(make: MakeStore) -> ParcelStore:
    return make()


def new(parcel_id: str = "p1", task: str = "analyze", sink: str = "") -> NewParcel:
    return NewParcel(parcel_id, task, sink, pack(["a line"]), 1)


def taken(store: ParcelStore, parcel_id: str = "p1") -> Parcel:
    parcel = store.take(parcel_id)
    assert parcel is not None
    return parcel


def test_a_parcel_comes_back_as_it_was_put(store: ParcelStore) -> None:
    store.put([NewParcel("p1", "deliver", "influx", b"\x00\xff zstd", 7)], counts={"accepted": 7})

    parcel = taken(store)

    assert (parcel.id, parcel.task, parcel.sink) == ("p1", "deliver", "influx")
    assert (parcel.payload, parcel.records, parcel.attempts, parcel.waits) == (b"\x00\xff zstd", 7, 1, 0)
    assert store.stats().counters == {"accepted": 7}


def test_a_parcel_that_is_gone_cannot_be_taken(store: ParcelStore) -> None:
    assert store.take("never_put") is None


def test_a_leased_parcel_is_not_given_to_another(store: ParcelStore) -> None:
    store.put([new()])

    assert store.take("p1") is not None
    assert store.take("p1") is None


def test_of_many_takers_at_once_one_gets_the_parcel(store: ParcelStore) -> None:
    store.put([new()])
    together = threading.Barrier(8)
    got: list[Parcel | None] = []

    def take() -> None:
        together.wait()
        got.append(store.take("p1"))

    takers = [threading.Thread(target=take) for _ in range(8)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()

    assert sum(parcel is not None for parcel in got) == 1


def test_putting_a_parcel_again_leaves_the_one_that_is_there(store: ParcelStore) -> None:
    store.put([new()])
    parcel = taken(store)

    store.put([new()])

    assert store.take("p1") is None
    assert store.finish(parcel)
    assert store.stats().backlog == {"analyze": 0, "deliver": 0}


def test_finishing_removes_the_parcel_and_writes_what_follows(store: ParcelStore) -> None:
    store.put([new()])
    letter = make_letter("analyze", "", ["{broken"], "invalid_json")

    done = store.finish(
        taken(store),
        parcels=[new("p1-sqlite", "deliver", "sqlite")],
        letters=[letter],
        counts={"analysed": 1},
    )

    stats = store.stats()
    assert done
    assert stats.backlog == {"analyze": 0, "deliver": 1}
    assert stats.dead_letters == {"invalid_json": 1}
    assert stats.counters == {"analysed": 1, "buried:invalid_json": 1}
    assert store.take("p1") is None


def test_a_finished_parcel_leaves_nothing_but_the_time_of_its_end(
    store: ParcelStore, valkey: redis.Redis
) -> None:
    store.put([new()])
    store.finish(taken(store))

    assert valkey.keys("*") == [b"dial:progress"]


def test_whoever_lost_the_lease_changes_nothing(make: MakeStore) -> None:
    store = make(lease_s=0)
    store.put([new()])
    late, current = taken(store), taken(store)

    refused = [
        store.finish(late, parcels=[new("p1-sqlite", "deliver", "sqlite")], counts={"analysed": 1}),
        store.postpone(late, 60, "too_late"),
        store.bury(late, "too_late"),
        store.renew(late),
    ]

    assert refused == [False] * 4
    assert store.stats().backlog == {"analyze": 1, "deliver": 0}
    assert store.stats().counters == {}
    assert store.finish(current)


def test_a_lease_that_ran_out_makes_the_parcel_free_again(make: MakeStore) -> None:
    store = make(lease_s=0)
    store.put([new()])

    assert [taken(store).attempts, taken(store).attempts] == [1, 2]


def test_a_lease_that_ran_out_still_finishes_when_nobody_else_took_it(make: MakeStore) -> None:
    store = make(lease_s=0)
    store.put([new()])

    assert store.finish(taken(store))


def test_renewing_keeps_a_lease(make: MakeStore) -> None:
    make(lease_s=0).put([new()])
    parcel = taken(make(lease_s=0))

    assert make(lease_s=60).renew(parcel)
    assert make().take("p1") is None


def test_too_many_attempts_make_a_dead_letter(make: MakeStore) -> None:
    store = make(lease_s=0, max_attempts=2)
    store.put([new()])
    taken(store)
    assert store.postpone(taken(store), 0, "ValueError")

    assert store.take("p1") is None

    letter = store.letter("p1")
    assert letter is not None
    assert (letter.reason, letter.attempts, letter.error) == ("max_attempts", 2, "ValueError")
    assert unpack(letter.payload) == ["a line"]
    assert letter.created <= letter.buried
    assert store.stats().backlog["analyze"] == 0


def test_a_postponed_parcel_cannot_be_taken_early(store: ParcelStore) -> None:
    store.put([new()])
    store.postpone(taken(store), 60, "connection_failed")

    assert store.take("p1") is None
    assert store.wake_due("analyze", 10) == []


def test_a_postponed_parcel_is_due_after_its_delay(store: ParcelStore) -> None:
    store.put([new()])
    store.postpone(taken(store), 0, "connection_failed")

    assert store.wake_due("analyze", 10) == ["p1"]
    assert taken(store).error == "connection_failed"


def test_an_outage_never_uses_up_the_attempts(make: MakeStore) -> None:
    store = make(max_attempts=2)
    store.put([new("p1", "deliver", "influx")])

    for waits in range(10):
        parcel = taken(store)
        assert (parcel.attempts, parcel.waits) == (1, waits)
        store.postpone(parcel, 0, "connection_failed", count_attempt=False)

    assert store.stats().counters == {"retries:influx": 10}


def test_a_sink_stays_paused_until_a_parcel_is_delivered(store: ParcelStore) -> None:
    store.put([new("p1", "deliver", "influx")])

    store.postpone(taken(store), 0, "unauthorized", count_attempt=False, pause=True)
    assert store.stats().paused == {"influx": "unauthorized"}

    store.finish(taken(store))
    assert store.stats().paused == {}


def test_burying_keeps_the_parcel_as_a_letter(store: ParcelStore) -> None:
    store.put([new("p1", "deliver", "influx")])

    assert store.bury(taken(store), "unknown_sink")

    letter = store.letter("p1")
    assert letter is not None
    assert (letter.task, letter.sink, letter.reason, letter.records) == (
        "deliver",
        "influx",
        "unknown_sink",
        1,
    )


def test_the_same_refusal_twice_is_one_letter_and_counts_once(store: ParcelStore) -> None:
    for _ in range(2):
        store.put([], letters=[make_letter("analyze", "", ["{broken"], "invalid_json")])

    assert len(store.letters()) == 1
    assert store.stats().counters == {"buried:invalid_json": 1}


def test_letters_are_listed_by_reason_newest_first(store: ParcelStore) -> None:
    for number in range(5):
        for reason in ("invalid_json", "missing_uri"):
            store.put([], letters=[make_letter("analyze", "", [number], reason)])

    listed = store.letters(reason="missing_uri", limit=3)

    assert [unpack(letter.payload) for letter in listed] == [[4], [3], [2]]
    assert {letter.reason for letter in listed} == {"missing_uri"}
    assert len(store.letters()) == 10


def test_replaying_makes_a_letter_a_parcel_that_is_due_at_once(store: ParcelStore) -> None:
    letter = make_letter("analyze", "", ["a line"], "invalid_json")
    store.put([], letters=[letter])

    assert store.replay([letter.id, "unknown"]) == 1

    assert store.wake_due("analyze", 10) == [letter.id]
    assert taken(store, letter.id).attempts == 1
    assert store.letters() == []
    assert store.stats().dead_letters == {}


def test_dropping_forgets_a_letter(store: ParcelStore) -> None:
    letter = make_letter("analyze", "", ["a line"], "invalid_json")
    store.put([], letters=[letter])

    assert store.drop([letter.id, letter.id]) == 1
    assert store.letter(letter.id) is None


def test_the_sweeper_leaves_a_fresh_parcel_to_its_wake_up(make: MakeStore) -> None:
    store = make(patience_s=60)
    store.put([new()])

    assert store.wake_due("analyze", 10) == []


def test_a_due_parcel_is_claimed_by_one_sweeper(make: MakeStore) -> None:
    make(patience_s=0).put([new()])
    store = make(patience_s=60)

    assert store.wake_due("analyze", 10) == ["p1"]
    assert store.wake_due("analyze", 10) == []


def test_a_parcel_of_a_dead_worker_is_claimed_once_its_lease_is_over(make: MakeStore) -> None:
    store = make(lease_s=0)
    store.put([new()])
    taken(store)

    assert store.wake_due("analyze", 10) == ["p1"]


def test_a_long_queue_is_not_flooded(store: ParcelStore, valkey: redis.Redis) -> None:
    store.put([new(f"p{number}") for number in range(10)])
    valkey.lpush(CELERY_PREFIX + "analyze", *range(8))

    assert len(store.wake_due("analyze", 100)) == 2
    valkey.lpush(CELERY_PREFIX + "analyze", *range(2))
    assert store.wake_due("analyze", 100) == []


def test_the_sweeper_claims_no_more_than_it_was_asked_for(store: ParcelStore) -> None:
    store.put([new(f"p{number}") for number in range(10)])

    assert len(store.wake_due("analyze", 3)) == 3


def test_the_oldest_parcel_tells_the_age_of_the_backlog(store: ParcelStore) -> None:
    assert store.stats().oldest_s == {"analyze": 0.0, "deliver": 0.0}
    store.put([new()])

    assert 0 < store.stats().oldest_s["analyze"] < 10


def test_an_undeclared_counter_stops_the_whole_step(store: ParcelStore, valkey: redis.Redis) -> None:
    with pytest.raises(UndeclaredCounter):
        store.put([new()], counts={"taken_in": 1})

    assert valkey.keys("*") == []


def test_a_full_redis_refuses_new_parcels_and_still_lets_the_old_ones_end(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        store = ParcelStore(client, patience_s=0, lease_s=30, max_attempts=3)
        store.put([new("p1"), new("p2")])
        client.config_set("maxmemory", 1)

        with pytest.raises(redis.RedisError):
            store.put([new("p3")])
        store.postpone(taken(store), 0, "ValueError")
        assert store.renew(parcel := taken(store))
        assert store.finish(parcel, parcels=[new("p1-sqlite", "deliver", "sqlite")], counts={"analysed": 1})
        assert store.wake_due("analyze", 10) == ["p2"]
        assert store.bury(taken(store, "p2"), "unknown_sink")
        client.config_set("maxmemory", 0)

        assert store.stats().backlog == {"analyze": 0, "deliver": 1}


def test_parcels_outlive_a_kill_of_the_server(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        store = ParcelStore(client, patience_s=0, lease_s=30, max_attempts=3)
        store.put([new()], counts={"accepted": 1})
        own_valkey.kill()
        own_valkey.up()

        assert taken(store).attempts == 1
        assert store.stats().counters == {"accepted": 1}
