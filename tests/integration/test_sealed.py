"""PARCEL_KEYS: nothing is readable in Redis, keys are replaced without a gap, a wrong one loses nothing."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner
from cryptography.fernet import Fernet

from api.app import create_app
from api.cli import main
from tests.integration.lines import chat_line
from tests.servers import Valkey
from workers.letters import make_letter
from workers.parcels import NewParcel, ParcelStore, make_store
from workers.payload import pack, unpack
from workers.settings import Settings, SettingsError

pytestmark = pytest.mark.integration

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
ITEMS = ["a line"]
Open = Callable[..., ParcelStore]


@pytest.fixture
def settings(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> Callable[..., Settings]:
    def made(*keys: str, **more: str) -> Settings:
        common = {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path), "PATIENCE_SECONDS": "0.1"}
        return Settings.from_env({**common, "PARCEL_KEYS": ",".join(keys), **more})

    return made


@pytest.fixture
def opened(settings: Callable[..., Settings]) -> Open:
    """A store with these keys."""
    return lambda *keys, **more: make_store(settings(*keys, **more))


def put(store: ParcelStore, parcel_id: str = "p1") -> None:
    store.put([NewParcel(parcel_id, "analyze", "", pack(ITEMS), 1)])


def held(valkey: Any, key: str) -> bytes:
    payload: bytes = valkey.hget(key, "payload")
    return payload


def test_a_parcel_is_closed_in_redis_and_open_for_the_worker(opened: Open, valkey: redis.Redis) -> None:
    put(opened(NEW))

    assert held(valkey, "dial:parcel:p1").startswith(b"\x80")
    parcel = opened(NEW).take("p1")
    assert parcel
    assert unpack(parcel.payload) == ITEMS


def test_keys_are_replaced_without_a_gap(opened: Open) -> None:
    put(opened(OLD), "written before")
    both = opened(NEW, OLD)
    put(both, "written after")

    assert all(both.take(name) for name in ("written before", "written after"))


def test_parcels_from_before_there_were_keys_are_read(opened: Open) -> None:
    put(opened())

    assert opened(NEW).take("p1")


@pytest.mark.parametrize("keys", [(), (OTHER,)])
def test_without_the_right_key_a_parcel_waits_and_nothing_is_lost(
    opened: Open, valkey: redis.Redis, caplog: pytest.LogCaptureFixture, keys: tuple[str, ...]
) -> None:
    put(opened(NEW))

    assert opened(*keys, MAX_ATTEMPTS="1").take("p1") is None

    assert [record.levelno for record in caplog.records if record.message == "parcel_locked"] == [
        logging.ERROR
    ]
    assert valkey.hmget("dial:parcel:p1", "attempts", "error") == [b"0", b"parcel_locked"]
    valkey.hset("dial:parcel:p1", "not_before", 0)
    assert opened(NEW, MAX_ATTEMPTS="1").take("p1")


@pytest.mark.parametrize("payload", ["full", "no_bodies"])
def test_dead_letters_are_closed_too(opened: Open, valkey: redis.Redis, payload: str) -> None:
    store = opened(NEW, DEAD_LETTER_PAYLOAD=payload, MAX_ATTEMPTS="1")
    put(store)
    parcel = store.take("p1")
    assert parcel
    store.bury(parcel, "unknown_sink")
    letter = make_letter("analyze", "", [chat_line()], "invalid_json")
    store.put([], letters=[letter])

    for letter_id in ("p1", letter.id):
        assert held(valkey, f"dial:letter:{letter_id}").startswith(b"\x80")
        found = store.letter(letter_id)
        assert found
        assert len(unpack(found.payload)) == 1


def test_a_letter_without_its_key_is_told_and_kept(opened: Open, settings: Callable[..., Settings]) -> None:
    letter = make_letter("analyze", "", ITEMS, "invalid_json")
    opened(NEW).put([], letters=[letter])
    env = {"REDIS_URL": settings().redis_url, "PARCEL_KEYS": OTHER}

    def run(*arguments: str) -> str:
        return CliRunner().invoke(main, ["deadletters", *arguments], env=env).output

    assert "invalid_json" in run("list", "--json")
    assert "None of PARCEL_KEYS opens" in run("show", letter.id, "--payload")
    assert "None of PARCEL_KEYS opens" in run("export", "-")
    assert run("replay", letter.id) == "Replayed 1 dead letter.\n"
    parcel = opened(NEW).take(letter.id)
    assert parcel
    assert unpack(parcel.payload) == ITEMS


def test_the_same_refusal_twice_is_one_letter_with_keys_too(opened: Open) -> None:
    store = opened(NEW)
    for _ in range(2):
        store.put([], letters=[make_letter("analyze", "", ITEMS, "invalid_json")])

    assert len(store.letters()) == 1


def test_a_batch_at_the_door_is_closed(settings: Callable[..., Settings], valkey: redis.Redis) -> None:
    client = create_app(settings(NEW)).test_client()

    assert client.post("/data", json=[{"message": chat_line()}]).status_code == 200

    [key] = valkey.scan_iter("dial:parcel:*")
    assert held(valkey, key.decode()).startswith(b"\x80")


@pytest.mark.parametrize("key", ["short", NEW[:-1], NEW + "x", "=" * 44])
def test_a_wrong_key_stops_the_start_and_is_not_shown(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"PARCEL_KEYS": key})

    assert str(refused.value) == (
        "PARCEL_KEYS=(hidden) (not 32 bytes in URL-safe base64): allowed is Fernet keys, separated by commas"
    )
