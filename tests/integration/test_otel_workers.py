"""Real workers and a real collector: every span once, and sums that are those of the store, whatever dies."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lines import chat_line
from tests.integration.test_worker_processes import Plant
from tests.rotel import Rotel
from tests.servers import Process, Valkey, wait_until

pytestmark = pytest.mark.integration

SPENT, USED = "gen_ai.usage.total_cost", "gen_ai.client.token.usage"


def paid_line() -> str:
    line: dict[str, Any] = json.loads(chat_line())
    line["token_usage"] = {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "deployment_price": 0.0021,
        "price": 0.0021,
    }
    return json.dumps(line)


def paid(number: int, size: int) -> list[list[str]]:
    return [[paid_line() for _ in range(size)] for _ in range(number)]


@pytest.fixture
def rotel(tmp_path: Path) -> Iterator[Rotel]:
    collector = Rotel(tmp_path / "rotel")
    yield collector
    collector.kill()


@pytest.fixture
def plant(own_valkey: Valkey, tmp_path: Path, rotel: Rotel) -> Iterator[Plant]:
    plant = Plant(own_valkey, tmp_path)
    plant.env |= {
        "OPENAI_TELEMETRY_EXPORTER_ENDPOINT": rotel.url,
        "OPENAI_TELEMETRY_METRICS_SECONDS": "0.4",
        "TEST_PAUSE_S": "0.05",
    }
    yield plant
    for worker in plant.workers:
        worker.kill()
    plant.celery.close()
    plant.store.redis.close()


def both(plant: Plant) -> Process:
    return plant.worker("-Q", "analyze,deliver", "--pool=threads", "--concurrency=2")


def in_store(folder: Path) -> tuple[float, int, set[str]]:
    """Cost, tokens, and the ids of all events."""
    db = sqlite3.connect(folder / "analytics.sqlite")
    try:
        cost, tokens = db.execute(
            "SELECT sum(deployment_price) / 1e12, sum(prompt_tokens + completion_tokens) FROM events"
        ).fetchone()
        ids = {row[0] for row in db.execute("SELECT id FROM events")}
    finally:
        db.close()
    return cost, tokens, ids


def test_a_collector_that_was_away_and_workers_that_were_killed_change_no_sum(
    plant: Plant, rotel: Rotel
) -> None:
    workers = [plant.analyze(), plant.deliver()]
    plant.send(*paid(6, 20))
    plant.await_stored(40)
    for worker in workers:
        worker.kill()
    both(plant)
    plant.await_stored(120)
    assert plant.store.stats().backlog["deliver"] > 0

    rotel.up()
    plant.await_empty()
    plant.send(*paid(2, 20))
    plant.await_stored(160)
    plant.await_empty()

    cost, tokens, ids = in_store(plant.folder)
    assert set(rotel.event_ids()) == ids
    assert len(set(rotel.span_ids())) == 160
    # A killed process may have held the turn: then it takes until that has run out.
    wait_until(lambda: tokens in rotel.totals(USED), timeout_s=25, what=f"{tokens} tokens in the metrics")
    assert tokens == 1600
    assert rotel.totals(SPENT)[-1] == pytest.approx(cost, abs=1e-12)
    assert plant.store.stats().counters["delivered:otel"] == 160


def test_totals_never_fall_when_workers_and_the_collector_start_again(plant: Plant, rotel: Rotel) -> None:
    rotel.up()
    worker = both(plant)
    batches = paid(3, 10)
    plant.send(*batches)
    plant.await_stored(30)
    wait_until(lambda: 300 in rotel.totals(USED), what="the first totals")

    rotel.kill()
    worker.kill()
    rotel.up()
    both(plant)
    plant.send(*batches, *paid(1, 10))

    plant.await_stored(40)
    plant.await_empty()
    wait_until(lambda: 400 in rotel.totals(USED), timeout_s=25, what="the totals after the restart")
    spent = rotel.totals(SPENT)
    assert spent == sorted(spent)
    assert spent[-1] == pytest.approx(0.084)
    assert len(set(rotel.span_ids())) == 40
