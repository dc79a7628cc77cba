"""Words of a conversation on their way to spans: nowhere unless asked for, and then to one sink only."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import redis

from analytics.pipeline import Tools
from analytics.pricing import PriceBook
from analytics.telemetry.attributes import Telling
from analytics.telemetry.content import Listening
from analytics.telemetry.spans import span_of
from tests.integration.lines import chat_line
from tests.otlp_receiver import Receiver, Told, receiving
from tests.servers import Valkey
from workers.app import make_celery, wake
from workers.caretaker import sweep
from workers.floor import Floor
from workers.parcels import NewParcel, ParcelStore
from workers.payload import pack, unpack
from workers.settings import Settings
from workers.sinks.base import Sink
from workers.sinks.otel import Collector, CollectorPlace, OtelSink
from workers.sinks.sqlite import SqliteSink

pytestmark = pytest.mark.integration

CANARY = "quokkas in the orchard"
URI = "/openai/deployments/gpt-4o/chat/completions?api-key=swordfish&q=quokkas"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


class Shop:
    """One process that does it all, with the spans going to the receiver."""

    def __init__(self, server: Valkey, client: redis.Redis, receiver: Receiver, folder: Path) -> None:
        self.celery = make_celery(Settings.from_env({"REDIS_URL": server.url}), eager=True)
        self.store = ParcelStore(client, patience_s=0, lease_s=0, max_attempts=2)
        otel = OtelSink(
            Collector(CollectorPlace(receiver.url + "/v1/traces")), partial(span_of, telling=Telling())
        )
        self.sinks: dict[str, Sink] = {"sqlite": SqliteSink(folder / "analytics.sqlite"), "otel": otel}

    def send(self, listener: Listening | None) -> None:
        tools = Tools(lambda _: "en", lambda texts: ["food"] * len(texts), PriceBook(), listener)
        self.celery.floor = Floor(self.celery, store=self.store, tools=tools, sinks=self.sinks)
        self.store.put([NewParcel("p", "analyze", "", pack([chat_line(CANARY, uri=URI)]), 1)])
        wake(self.celery, "p", "analyze")

    def waiting(self) -> str:
        """What rests in Redis, unpacked."""
        keys = list(self.store.redis.scan_iter("dial:parcel:*"))
        payloads = [cast("bytes", self.store.redis.hget(key, "payload")) for key in keys]
        return json.dumps([unpack(payload) for payload in payloads])


@pytest.fixture
def shop(valkey_server: Valkey, valkey: redis.Redis, receiver: Receiver, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(valkey_server, valkey, receiver, tmp_path)
    yield made
    for sink in made.sinks.values():
        sink.close()


def test_unless_somebody_asks_no_word_leaves(shop: Shop, receiver: Receiver) -> None:
    receiver.always = Told(503, {"Retry-After": "0"})
    shop.send(None)
    assert "quokkas" not in shop.waiting()

    receiver.always = None
    sweep(shop.store, lambda parcel_id, task: wake(shop.celery, parcel_id, task))

    assert len(receiver.spans) == 1
    assert not [
        body for body in receiver.raw if b"quokkas" in body or b"swordfish" in body or b"Gently" in body
    ]


def test_words_that_are_asked_for_arrive_and_are_in_no_other_parcel(
    shop: Shop, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.always = Told(503, {"Retry-After": "0"})
    shop.send(Listening(prompt=True, completion=True))
    assert CANARY in shop.waiting()
    assert shop.store.stats().backlog["deliver"] == 1

    receiver.always = None
    sweep(shop.store, lambda parcel_id, task: wake(shop.celery, parcel_id, task))

    (said,) = receiver.attributes()
    assert CANARY in json.loads(said["gen_ai.input.messages"])[0]["parts"][0]["content"]
    assert said["gen_ai.completion"] == "Gently."
    assert "swordfish" not in str(said)
    assert CANARY.encode() not in (tmp_path / "analytics.sqlite").read_bytes()
    assert shop.waiting() == "[]"


def test_a_span_that_is_refused_leaves_a_letter_without_words(shop: Shop, receiver: Receiver) -> None:
    receiver.always = Told(400)

    shop.send(Listening(prompt=True, completion=True))

    (letter,) = shop.store.letters()
    assert (letter.sink, letter.reason) == ("otel", "http_400")
    assert CANARY not in json.dumps(unpack(letter.payload))
