"""Wake-ups that the bell sends are those that Celery would have sent."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import redis

from api.bell import Bell
from tests.servers import Valkey, wait_until
from workers.app import make_celery, wake
from workers.settings import Settings

pytestmark = pytest.mark.integration

QUEUE = "dial:celery:analyze"
PARCEL = "00112233445566778899aabbccddeeff"
# Made anew for each message.
RANDOM = {"id", "root_id", "correlation_id", "delivery_tag", "origin", "reply_to"}


def without_ids(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_ids(value) for name, value in part.items() if name not in RANDOM}
    return part


def opened(message: bytes | str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(message)
    return content | {"body": json.loads(b64decode(content["body"]))}


@pytest.fixture
def settings(valkey_server: Valkey, tmp_path: Path) -> Settings:
    return Settings.from_env({"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path)})


def test_a_ring_is_the_message_that_celery_sends(valkey: redis.Redis, settings: Settings) -> None:
    celery = make_celery(settings)
    assert wake(celery, PARCEL, "analyze")
    celery_sent = valkey.rpop(QUEUE)

    Bell(celery, valkey).ring(PARCEL, "analyze")

    wait_until(lambda: valkey.llen(QUEUE) == 1)
    rung = valkey.rpop(QUEUE)
    assert without_ids(opened(rung)) == without_ids(opened(celery_sent))  # type: ignore[arg-type]


def test_many_rings_all_arrive(valkey: redis.Redis, settings: Settings) -> None:
    bell = Bell(make_celery(settings), valkey)
    ids = {f"{number:032x}" for number in range(1200)}

    for parcel_id in ids:
        bell.ring(parcel_id, "analyze")

    wait_until(lambda: valkey.llen(QUEUE) == len(ids))
    sent = {opened(message)["body"][0][0] for message in valkey.lrange(QUEUE, 0, -1)}
    assert sent == ids


def test_a_broker_that_is_away_harms_nobody_and_later_rings_arrive(
    own_valkey: Valkey, settings: Settings
) -> None:
    with own_valkey.client() as valkey:
        bell = Bell(make_celery(settings), valkey)
        own_valkey.kill()
        bell.ring(PARCEL, "analyze")
        own_valkey.up()

        def rung() -> bool:
            bell.ring(PARCEL, "analyze")
            return bool(valkey.llen(QUEUE))

        wait_until(rung)
