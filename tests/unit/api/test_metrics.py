"""GET /metrics and what fills it: every process counts into one ledger, and none of it is anybody's words."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from analytics.pipeline import Analysis, Tools
from analytics.pricing import PriceBook
from api.app import create_app
from api.metrics import read
from tests.events import make_event
from tests.integration.lines import chat_line
from tests.servers import ROOT, Valkey, wait_until
from workers import ledger, metrics, roster
from workers.app import make_celery, wake
from workers.caretaker import Caretaker
from workers.floor import Floor
from workers.parcels import NewParcel, ParcelStore
from workers.payload import pack
from workers.settings import Settings
from workers.sinks.sqlite import SqliteSink
from workers.telemetry import UndeclaredCounter
from workers.topics.memory import RememberedTopics

TOPICS = RememberedTopics(lambda texts: ["cooking"] * len(texts))
Samples = dict[tuple[str, tuple[str, ...]], float]


def found(**overrides: Any) -> dict[str, int]:
    with metrics.collected() as counts:
        metrics.find(Analysis(events=(make_event(**overrides),)))
    return dict(counts)


def test_what_could_not_be_told_is_counted_beside_what_could() -> None:
    assert found() == {"topics:found": 1, "languages:found": 1}
    assert found(topic="undefined", language="undefined", price_source="none", model="gpt-4o:free") == {
        "topics:undefined": 1,
        "languages:undefined": 1,
        "unpriced:gpt-4o:free": 1,
    }


def test_a_failed_call_is_not_unpriced() -> None:
    assert found(ok=False, status="500", topic="", price_source="none") == {}


@pytest.mark.parametrize("model", ["", "tell me a joke", "x" * 81, "joke\n"])
def test_a_model_that_is_no_name_is_counted_as_another(model: str) -> None:
    assert found(price_source="none", model=model)["unpriced:other"] == 1


@pytest.mark.parametrize("name", ["topics:cooking", "model_texts:x:2", "model_texts::3", "unpriced:a b", "x"])
def test_nothing_undeclared_comes_into_the_ledger(name: str) -> None:
    with pytest.raises(UndeclaredCounter):
        ledger.checked({name: 1})


def test_buckets_add_up_from_the_smallest_to_the_infinite() -> None:
    with metrics.collected() as counts:
        for value in (0.001, 0.3, 0.3, 10_000):
            metrics.observe("delivery_seconds", value, "influx")

    seen = metrics.observed("delivery_seconds", ledger.checked(counts))["influx"]

    assert seen.total == 10_000.601
    assert dict(seen.buckets)["0.005"] == 1
    assert dict(seen.buckets)["0.5"] == 3
    assert seen.buckets[-1] == ("inf", 4)


def test_where_nobody_collects_nothing_is_counted() -> None:
    metrics.observe("model_texts", 3)

    with metrics.collected() as counts:
        pass

    assert counts == {}


def test_what_failed_is_not_timed() -> None:
    with metrics.collected() as counts, pytest.raises(ValueError, match="x"), metrics.timed("model_seconds"):
        raise ValueError("x")

    assert counts == {}


def test_remembered_texts_are_hits_and_the_rest_is_one_call() -> None:
    topics = RememberedTopics(lambda texts: ["cooking"] * len(texts))
    with metrics.collected() as counts:
        topics(["soup", "bread"])
        topics(["soup", "salad", "tea"])

    assert (counts["topic_cache:hit"], counts["topic_cache:miss"]) == (1, 4)
    assert metrics.observed("model_texts", counts)[""].total == 4


@pytest.fixture
def store(valkey: redis.Redis) -> ParcelStore:
    return ParcelStore(valkey, patience_s=0, lease_s=10, max_attempts=2)


@pytest.fixture
def client(valkey_server: Valkey, store: ParcelStore) -> FlaskClient:
    settings = Settings.from_env({"REDIS_URL": valkey_server.url, "READ_TOKENS": "reader"})
    return create_app(settings, store).test_client()


def scraped(client: FlaskClient) -> Samples:
    reply = client.get("/metrics", headers={"Authorization": "Bearer reader"})
    assert reply.status_code == 200
    return {
        (sample.name.removeprefix("dial_analytics_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def work(url: str, store: ParcelStore, folder: Any, lines: Sequence[str]) -> None:
    """One process that does it all, with the embedded store."""
    celery = make_celery(Settings.from_env({"REDIS_URL": url}), eager=True)
    tools = Tools(lambda _: "undefined", TOPICS, PriceBook())
    celery.floor = Floor(celery, store=store, tools=tools, sinks={"sqlite": SqliteSink(folder / "a.sqlite")})
    store.put(
        [NewParcel("p1", "analyze", "", pack(list(lines)), len(lines))], counts={"accepted": len(lines)}
    )
    wake(celery, "p1", "analyze")
    celery.floor.close()


@pytest.mark.integration
def test_the_page_names_every_series(store: ParcelStore) -> None:
    page = (ROOT / "docs/metrics.md").read_text("utf-8")
    told = set(re.findall(r"^\| `(dial_analytics_\w+)`", page, re.MULTILINE))

    assert {series_of(family) for family in read(store)} - told == set()


def series_of(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


@pytest.mark.integration
def test_the_way_of_a_record_is_told_stage_by_stage(
    client: FlaskClient, valkey_server: Valkey, store: ParcelStore, tmp_path: Any
) -> None:
    work(valkey_server.url, store, tmp_path, [chat_line(), chat_line(uri="/elsewhere"), "broken"])

    seen = scraped(client)

    assert seen["accepted_total", ()] == 3
    assert seen["analysed_total", ()] == 1
    assert seen["dropped_total", ("unsupported_uri",)] == 1
    assert seen["delivered_total", ("sqlite",)] == 1
    assert seen["buried_total", ("invalid_json",)] == seen["dead_letters", ("invalid_json",)] == 1
    assert seen["backlog_parcels", ("analyze",)] == seen["oldest_parcel_seconds", ("deliver",)] == 0
    assert seen["languages_total", ("undefined",)] == 1
    for stage in ("accepted_to_analysed_seconds", "analysis_seconds"):
        assert seen[f"{stage}_count", ()] == seen[f"{stage}_bucket", ("+Inf",)] == 1
    for stage in ("analysed_to_delivered_seconds", "delivery_seconds"):
        assert seen[f"{stage}_count", ("sqlite",)] == 1


@pytest.mark.integration
def test_an_idle_system_shows_its_counters_as_zero(client: FlaskClient) -> None:
    seen = scraped(client)

    assert seen["accepted_total", ()] == 0
    assert seen["workers", ("analyze",)] == seen["workers", ("deliver",)] == 0


@pytest.mark.integration
def test_a_process_is_counted_from_its_beat_until_it_is_silent(
    client: FlaskClient, store: ParcelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster.beat(store.redis, "one", ["analyze", "deliver"])
    roster.beat(store.redis, "two", ["deliver"])
    roster.beat(store.redis, "two", ["deliver"])

    assert (scraped(client)["workers", ("analyze",)], scraped(client)["workers", ("deliver",)]) == (1, 2)

    monkeypatch.setattr(roster, "FORGOTTEN_AFTER_S", -5)
    assert scraped(client)["workers", ("deliver",)] == 0


@pytest.mark.integration
def test_the_caretaker_of_a_process_says_that_it_lives(client: FlaskClient, store: ParcelStore) -> None:
    caretaker = Caretaker(store, lambda _, __: True, ["deliver"])
    caretaker.start()
    try:
        wait_until(lambda: scraped(client)["workers", ("deliver",)] == 1, what="the beat")
    finally:
        caretaker.stop()


@pytest.mark.integration
def test_what_is_done_twice_is_measured_once(store: ParcelStore) -> None:
    store.put([NewParcel("p1", "analyze", "", b"", 1)])
    parcel = store.take("p1")
    assert parcel is not None
    with metrics.collected() as counts, metrics.timed("analysis_seconds"):
        pass

    assert [store.finish(parcel, counts=counts), store.finish(parcel, counts=counts)] == [True, False]
    assert metrics.observed("analysis_seconds", ledger.read_all(store.redis))[""].buckets[-1] == ("inf", 1)


@pytest.mark.integration
def test_after_a_hundred_models_all_others_are_one(client: FlaskClient, store: ParcelStore) -> None:
    for number in range(103):
        store.put([], counts={f"unpriced:model-{number}": 1})
    store.put([], counts={"unpriced:model-7": 1})

    seen = {labels: value for (name, labels), value in scraped(client).items() if name == "unpriced_total"}

    assert len(seen) == 101
    assert (seen[("other",)], seen[("model-7",)]) == (3, 2)


@pytest.mark.integration
def test_reading_needs_the_token_for_reading(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 401


@pytest.mark.integration
def test_openmetrics_is_spoken_to_those_who_ask(client: FlaskClient) -> None:
    accept = {"Authorization": "Bearer reader", "Accept": "application/openmetrics-text; version=1.0.0"}

    reply = client.get("/metrics", headers=accept)

    assert reply.content_type.startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


@pytest.mark.integration
def test_without_redis_there_are_no_figures(own_valkey: Valkey) -> None:
    settings = Settings.from_env({"REDIS_URL": own_valkey.url})
    client = create_app(settings).test_client()
    own_valkey.kill()

    assert client.get("/metrics").status_code == 503
