"""The whole pipeline in one process: Celery in eager mode, a real Valkey, sinks that store or misbehave."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from analytics.event import Event
from analytics.pipeline import Tools
from analytics.pricing import PriceBook
from tests.integration.lines import chat_line
from tests.servers import Valkey
from workers.app import make_celery, wake
from workers.caretaker import sweep
from workers.floor import Floor
from workers.parcels import NewParcel, ParcelStore
from workers.payload import pack, unpack
from workers.settings import Settings
from workers.sinks.base import Rejection, Sink, SinkUnavailable
from workers.sinks.sqlite import SqliteSink

pytestmark = pytest.mark.integration

WORDS = "my bank password is swordfish"
AWAY = SinkUnavailable("connection_failed", retry_after=0)


def name_topics(texts: Sequence[str]) -> list[str]:
    if any("swordfish" in text for text in texts):
        raise LookupError(WORDS)
    return ["cooking"] * len(texts)


class RecordingSink:
    """Keeps what it takes; `answers` are given first: an exception is raised, a number of events rejected."""

    def __init__(self, *answers: SinkUnavailable | int) -> None:
        self.name = "recording"
        self.events: list[Event] = []
        self.answers = list(answers)

    def write(self, events: Sequence[Event]) -> list[Rejection]:
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, SinkUnavailable):
            raise answer
        self.events += events[answer:]
        return [Rejection(tuple(events[:answer]), "field_type_conflict")] if answer else []

    def check(self) -> None: ...

    def close(self) -> None: ...


class Shop:
    """One process that does it all."""

    def __init__(self, url: str, client: redis.Redis, sinks: dict[str, Sink]) -> None:
        self.celery = make_celery(Settings.from_env({"REDIS_URL": url}), eager=True)
        self.store = ParcelStore(client, patience_s=0, lease_s=0, max_attempts=2)
        tools = Tools(lambda _: "en", name_topics, PriceBook())
        self.celery.floor = Floor(self.celery, store=self.store, tools=tools, sinks=sinks)

    def send(self, *messages: str, parcel_id: str = "p1") -> None:
        self.store.put([NewParcel(parcel_id, "analyze", "", pack(list(messages)), len(messages))])
        wake(self.celery, parcel_id, "analyze")

    def sweep(self) -> int:
        return sweep(self.store, lambda parcel_id, task: wake(self.celery, parcel_id, task))

    def counters(self) -> dict[str, int]:
        return dict(self.store.stats().counters)

    def backlog(self) -> int:
        return sum(self.store.stats().backlog.values())


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(valkey_server: Valkey, valkey: redis.Redis) -> Open:
    def shop(**sinks: Any) -> Shop:
        return Shop(valkey_server.url, valkey, sinks)

    return shop


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteSink]:
    sink = SqliteSink(tmp_path / "analytics.sqlite")
    yield sink
    sink.close()


def rows(path: Path) -> list[tuple[Any, ...]]:
    import sqlite3

    db = sqlite3.connect(path / "analytics.sqlite")
    try:
        return db.execute("SELECT topic, language, deployment FROM events").fetchall()
    finally:
        db.close()


def test_a_line_of_the_log_becomes_a_row_in_the_store(
    open_shop: Open, sqlite: SqliteSink, tmp_path: Path
) -> None:
    shop = open_shop(sqlite=sqlite)

    shop.send(chat_line(), chat_line())

    assert rows(tmp_path) == [("cooking", "en", "gpt-4o")] * 2
    assert shop.counters() == {"analysed": 2, "delivered:sqlite": 2}
    assert shop.backlog() == 0


def test_a_batch_that_is_sent_again_changes_nothing(
    open_shop: Open, sqlite: SqliteSink, tmp_path: Path
) -> None:
    shop = open_shop(sqlite=sqlite)
    batch = [chat_line(), chat_line()]

    shop.send(*batch, parcel_id="p1")
    shop.send(*batch, parcel_id="p2")

    assert len(rows(tmp_path)) == 2


def test_every_sink_gets_every_event(open_shop: Open) -> None:
    first, second = RecordingSink(), RecordingSink()

    open_shop(influx=first, sqlite=second).send(chat_line(), chat_line())

    assert len(first.events) == 2
    assert first.events == second.events


def test_unreadable_lines_are_letters_by_reason_and_harm_no_neighbour(open_shop: Open) -> None:
    shop = open_shop(recording=(sink := RecordingSink()))

    shop.send("{broken", chat_line(), "[1]", "{also broken")

    letters = {letter.reason: unpack(letter.payload) for letter in shop.store.letters()}
    assert letters == {"invalid_json": ["{broken", "{also broken"], "not_an_object": ["[1]"]}
    assert len(sink.events) == 1
    assert shop.counters()["buried:invalid_json"] == 2


def test_calls_that_are_none_of_our_business_are_counted_and_dropped(open_shop: Open) -> None:
    shop = open_shop(recording=(sink := RecordingSink()))

    shop.send(chat_line(uri="/v1/bucket"))

    assert (sink.events, shop.backlog()) == ([], 0)
    assert shop.counters() == {"dropped:unsupported_uri": 1}


def test_a_sink_that_is_away_gets_everything_once_it_is_back(open_shop: Open) -> None:
    shop = open_shop(recording=(sink := RecordingSink(*[AWAY] * 10)))

    shop.send(chat_line())
    for _ in range(9):
        assert shop.sweep() == 1
    assert (sink.events, shop.backlog()) == ([], 1)
    shop.sweep()

    assert (len(sink.events), shop.backlog()) == (1, 0)
    assert shop.counters() == {"analysed": 1, "retries:recording": 10, "delivered:recording": 1}


def test_a_paused_sink_is_told_until_it_takes_something(open_shop: Open) -> None:
    shop = open_shop(recording=RecordingSink(SinkUnavailable("unauthorized", retry_after=0, pause=True)))

    shop.send(chat_line())
    assert shop.store.stats().paused == {"recording": "unauthorized"}

    shop.sweep()
    assert shop.store.stats().paused == {}


def test_events_that_a_sink_rejects_become_a_letter_that_can_be_replayed(open_shop: Open) -> None:
    shop = open_shop(recording=(sink := RecordingSink(1)))

    shop.send(chat_line(), chat_line(), chat_line())
    (letter,) = shop.store.letters()
    assert (letter.reason, letter.task, letter.sink, letter.records) == (
        "field_type_conflict",
        "deliver",
        "recording",
        1,
    )
    assert shop.counters()["delivered:recording"] == 2

    shop.store.replay([letter.id])
    shop.sweep()
    assert len({event.id for event in sink.events}) == 3


def test_an_unexpected_failure_is_tried_again_and_then_buried_without_a_word(
    open_shop: Open, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(recording=RecordingSink())

    with caplog.at_level(logging.DEBUG):
        shop.send(chat_line(WORDS))
        shop.sweep()
        shop.sweep()

    (letter,) = shop.store.letters()
    assert (letter.reason, letter.attempts, letter.error) == ("max_attempts", 2, "LookupError")
    failures = [record for record in caplog.records if record.message == "task_failed"]
    assert [vars(record)["reason"] for record in failures] == ["LookupError"] * 2
    assert all(vars(record)["place"].startswith("test_tasks_eager.py:") for record in failures)
    assert all(WORDS not in str(vars(record)) for record in caplog.records)


def test_a_parcel_for_a_sink_that_is_no_longer_configured_is_kept_as_a_letter(open_shop: Open) -> None:
    open_shop(recording=RecordingSink(AWAY)).send(chat_line())

    shop = open_shop(sqlite=RecordingSink())
    shop.sweep()

    assert [letter.reason for letter in shop.store.letters()] == ["unknown_sink"]


def test_a_wake_up_for_nothing_does_nothing(open_shop: Open) -> None:
    shop = open_shop(recording=RecordingSink())

    assert wake(shop.celery, "never_put", "analyze")
    assert shop.counters() == {}


def test_a_worker_without_redis_leaves_the_parcel_alone(
    open_shop: Open, own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    with own_valkey.client() as client:
        shop = Shop(own_valkey.url, client, {"recording": RecordingSink()})
        own_valkey.kill()

        assert wake(shop.celery, "p1", "analyze")

    assert "redis_away" in caplog.text
