"""The status codes of POST /data, by which a shipper decides what to keep: yes, later, never."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from tests.integration.lines import chat_line
from tests.servers import Valkey
from workers.settings import Settings

pytestmark = pytest.mark.integration

Make = Callable[..., FlaskClient]


@pytest.fixture
def make(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> Make:
    """A client of a new app with these settings."""

    def made(**more: str) -> FlaskClient:
        environ = {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path), **more}
        return create_app(Settings.from_env(environ)).test_client()

    return made


def send(client: FlaskClient, *messages: str) -> TestResponse:
    return client.post("/data", json=[{"message": message} for message in messages or (chat_line(),)])


def age(valkey: Any, task: str, seconds: float) -> None:
    """Let every parcel of a task be older."""
    for parcel, born in valkey.zrange(f"dial:born:{task}", 0, -1, withscores=True):
        valkey.zadd(f"dial:born:{task}", {parcel: born - seconds})


def test_a_backlog_as_large_as_allowed_is_answered_429(make: Make, valkey: redis.Redis) -> None:
    client = make(MAX_BACKLOG_PARCELS="2")
    assert [send(client).status_code for _ in range(2)] == [200, 200]

    reply = send(client)

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "15")
    assert json.loads(reply.data)["detail"][0]["type"] == "backlog_too_large"
    assert valkey.zcard("dial:due:analyze") == 2


def test_a_refused_batch_is_taken_whole_once_there_is_room(make: Make, valkey: Any) -> None:
    client, line = make(MAX_BACKLOG_PARCELS="1"), chat_line()
    send(client)
    assert send(client, line, "no JSON").status_code == 429
    assert valkey.hgetall("dial:counters") == {b"accepted": b"1"}

    valkey.delete("dial:due:analyze", "dial:born:analyze")

    assert send(client, line, "no JSON").status_code == 200
    assert valkey.hgetall("dial:counters")[b"accepted"] == b"2"


@pytest.mark.parametrize("task", ["analyze", "deliver"])
def test_a_parcel_that_waits_for_too_long_closes_the_door(make: Make, valkey: redis.Redis, task: str) -> None:
    client = make(MAX_BACKLOG_AGE_SECONDS="60")
    send(client)
    valkey.rename("dial:born:analyze", f"dial:born:{task}")
    assert send(client).status_code == 200

    age(valkey, task, 61)

    reply = send(client)
    assert reply.status_code == 429
    assert json.loads(reply.data)["detail"][0]["type"] == "backlog_too_old"


def test_limits_of_zero_never_close_the_door(make: Make, valkey: redis.Redis) -> None:
    client = make(MAX_BACKLOG_PARCELS="0", MAX_BACKLOG_AGE_SECONDS="0")
    send(client)
    age(valkey, "analyze", 1e9)

    assert send(client).status_code == 200


def test_asking_for_the_limits_costs_no_round_trip(make: Make, valkey: Any) -> None:
    client = make()
    send(client)

    def commands() -> int:
        called = valkey.info("commandstats")
        return sum(entry["calls"] for name, entry in called.items() if name == "cmdstat_evalsha")

    before = commands()
    send(client)

    assert commands() - before == 1


def test_a_redis_that_does_not_answer_is_503_within_seconds(own_valkey: Valkey, tmp_path: Path) -> None:
    settings = Settings.from_env({"REDIS_URL": own_valkey.url, "DATA_DIR": str(tmp_path)})
    client = create_app(settings).test_client()
    with own_valkey.client() as valkey:
        valkey.execute_command("CLIENT", "PAUSE", "60000", "ALL")

    reply = send(client)

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
