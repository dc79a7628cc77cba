"""Wake-ups: what is sent, and that a broker that is away costs neither time nor an error."""

import time

import pytest
import redis

from tests.servers import Valkey, free_port
from workers.app import make_celery, wake
from workers.settings import Settings

pytestmark = pytest.mark.integration


def test_a_wake_up_holds_the_id_and_nothing_else_of_ours(valkey_server: Valkey, valkey: redis.Redis) -> None:
    celery = make_celery(Settings.from_env({"REDIS_URL": valkey_server.url}))

    assert wake(celery, "p1", "deliver")

    (message,) = valkey.lrange("dial:celery:deliver", 0, -1)
    assert b'"argsrepr": "(\'p1\',)"' in message
    assert all(key.startswith(b"dial:") for key in valkey.scan_iter())
    celery.close()


def test_a_broker_that_is_away_is_told_within_a_moment() -> None:
    celery = make_celery(Settings.from_env({"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}))
    began = time.monotonic()

    assert not wake(celery, "p1", "analyze")

    assert time.monotonic() - began < 1.5
    celery.close()


def test_waking_works_again_once_the_broker_is_back(own_valkey: Valkey) -> None:
    celery = make_celery(Settings.from_env({"REDIS_URL": own_valkey.url}))
    assert wake(celery, "p1", "analyze")

    own_valkey.kill()
    assert not wake(celery, "p2", "analyze")
    own_valkey.up()

    assert wake(celery, "p3", "analyze")
    celery.close()
