"""Whether work is being done: told by progress, to load balancers, containers and people."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result

from api.app import create_app
from api.cli import main
from tests.servers import Valkey, free_port
from workers import roster, vitals
from workers.parcels import NewParcel, ParcelStore, make_store
from workers.payload import pack
from workers.settings import Settings

pytestmark = pytest.mark.integration

Run = Callable[..., Result]


@pytest.fixture
def environ(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> dict[str, str]:
    return {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path)}


@pytest.fixture
def store(environ: dict[str, str]) -> ParcelStore:
    return make_store(Settings.from_env(environ))


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    return lambda *arguments, **more: CliRunner().invoke(main, arguments, env={**environ, **more})


def put(store: ParcelStore, parcel_id: str = "p1") -> None:
    store.put([NewParcel(parcel_id, "analyze", "", pack(["a line"]), 1)])


def wait_for(valkey: Any, seconds: float) -> None:
    """Let everything that is known of analysis be older."""
    for parcel, born in valkey.zrange("dial:born:analyze", 0, -1, withscores=True):
        valkey.zadd("dial:born:analyze", {parcel: born - seconds})
    worked = valkey.hget("dial:progress", "analyze")
    if worked:
        valkey.hset("dial:progress", "analyze", float(worked) - seconds)


def test_an_empty_queue_is_never_stalled(store: ParcelStore) -> None:
    assert vitals.read(store).idle_s == {"analyze": 0.0, "deliver": 0.0}


def test_a_parcel_that_nobody_takes_is_no_progress(store: ParcelStore, valkey: redis.Redis, run: Run) -> None:
    put(store)
    assert run("healthcheck", "analyze").exit_code == 0

    wait_for(valkey, 500)

    assert vitals.read(store).stalled == ("analyze",)
    failed = run("healthcheck", "analyze")
    assert (failed.exit_code, failed.output.count("\n")) == (1, 1)
    assert run("healthcheck", "deliver").exit_code == 0
    assert run("healthcheck", "analyze", "--after", "600").exit_code == 0


def test_an_old_backlog_that_is_worked_on_is_progress(
    store: ParcelStore, valkey: redis.Redis, run: Run
) -> None:
    put(store, "old")
    put(store, "new")
    wait_for(valkey, 5000)

    parcel = store.take("new")

    assert run("healthcheck", "analyze").exit_code == 0
    wait_for(valkey, 500)
    assert run("healthcheck", "analyze").exit_code == 1
    assert parcel
    store.finish(parcel)
    assert run("healthcheck", "analyze").exit_code == 0


def test_a_parcel_that_is_put_off_again_and_again_is_progress(
    store: ParcelStore, valkey: redis.Redis, run: Run
) -> None:
    put(store)
    parcel = store.take("p1")
    assert parcel
    wait_for(valkey, 5000)

    store.postpone(parcel, 30, "connection_error")

    assert run("healthcheck", "analyze").exit_code == 0
    assert vitals.read(store).errors == {"analyze": "connection_error"}


def test_a_pulse_is_no_progress(store: ParcelStore, valkey: redis.Redis, run: Run) -> None:
    put(store)
    wait_for(valkey, 500)
    roster.beat(valkey, "me", ["analyze"])

    assert run("healthcheck", "analyze").exit_code == 1
    assert "restart `worker analyze`" in run("status").output.replace("\n", " ")


def test_a_redis_that_is_away_is_no_fault_of_a_worker(run: Run) -> None:
    found = run("healthcheck", "analyze", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert (found.exit_code, "does not answer" in found.output) == (0, True)


def test_readiness_is_red_when_nobody_makes_progress(
    environ: dict[str, str], store: ParcelStore, valkey: redis.Redis
) -> None:
    client = create_app(Settings.from_env(environ)).test_client()
    put(store)
    assert client.get("/ready").status_code == 200

    wait_for(valkey, 500)

    reply = client.get("/ready")
    assert (reply.status_code, reply.json["reasons"]) == (503, ["no_progress:analyze"])  # type: ignore[index]


def test_readiness_is_red_while_the_door_would_say_429(environ: dict[str, str], store: ParcelStore) -> None:
    client = create_app(Settings.from_env({**environ, "MAX_BACKLOG_PARCELS": "1"})).test_client()
    put(store)

    reply = client.get("/ready")

    assert (reply.status_code, reply.json["reasons"]) == (503, ["backlog_too_large"])  # type: ignore[index]


def test_readiness_is_red_while_redis_is_full(own_valkey: Valkey, tmp_path: Path) -> None:
    settings = Settings.from_env({"REDIS_URL": own_valkey.url, "DATA_DIR": str(tmp_path)})
    client = create_app(settings).test_client()
    with own_valkey.client() as valkey:
        valkey.config_set("maxmemory", "1mb")

    reply = client.get("/ready")

    assert (reply.status_code, reply.json["reasons"]) == (503, ["store_unavailable"])  # type: ignore[index]


def test_a_redis_that_may_lose_parcels_is_told(own_valkey: Valkey, run: Run) -> None:
    with own_valkey.client() as valkey:
        valkey.config_set("appendonly", "no")
        valkey.config_set("maxmemory-policy", "allkeys-lru")

    report = json.loads(run("status", "--json", REDIS_URL=own_valkey.url).output)

    assert report["status"] == "ready"
    assert ["append-only file" in report["advice"][0], "noeviction" in report["advice"][1]] == [True, True]


def test_the_screen_tells_what_waits_why_and_who_works(
    store: ParcelStore, valkey: redis.Redis, run: Run
) -> None:
    put(store)
    parcel = store.take("p1")
    assert parcel
    store.postpone(parcel, 0, "LookupError")
    roster.beat(valkey, "me", ["analyze"])

    screen = run("status").output

    [row] = [line for line in screen.splitlines() if "analyze" in line and "1" in line]
    assert [word in row for word in ("analyze", "LookupError", " 1 ")] == [True] * 3
    assert len(screen.splitlines()) < 40
