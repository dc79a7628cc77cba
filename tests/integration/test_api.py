"""The HTTP door with a real Valkey behind it: what is answered, what is kept, what is never lost."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
import zstandard
from flask.testing import FlaskClient

from api.app import create_app
from tests.servers import Valkey, free_port, wait_until
from workers.parcels import ParcelStore, make_store
from workers.payload import unpack
from workers.settings import Settings

pytestmark = pytest.mark.integration

LINE = json.dumps(
    {"request": {"uri": "/v1/gpt-4/rate", "time": "2026-09-01T12:00:00.123", "body": '{"rate":true}'}}
)
SUCCESS = {"status": "success"}


def make_settings(url: str, folder: Path, **more: str) -> Settings:
    return Settings.from_env({"REDIS_URL": url, "DATA_DIR": str(folder), **more})


@pytest.fixture
def settings(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> Settings:
    return make_settings(
        valkey_server.url, tmp_path, MAX_BODY_BYTES="20000", MAX_UNPACKED_BYTES="40000", PARCEL_RECORDS="3"
    )


@pytest.fixture
def store(settings: Settings) -> ParcelStore:
    return make_store(settings)


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with create_app(settings).test_client() as client:
        yield client


def batch(*messages: Any) -> list[dict[str, Any]]:
    return [{"message": message} for message in messages]


def parcels(valkey: redis.Redis) -> list[list[Any]]:
    """What the parcels hold."""
    keys = sorted(valkey.scan_iter("dial:parcel:*"))
    return [unpack(valkey.hget(key, "payload")) for key in keys]  # type: ignore[arg-type]


def parcel_ids(valkey: redis.Redis) -> set[str]:
    return {key.decode().removeprefix("dial:parcel:") for key in valkey.scan_iter("dial:parcel:*")}


def messages(valkey: redis.Redis) -> list[bytes]:
    """The wake-ups that wait for a worker."""
    return valkey.lrange("dial:celery:analyze", 0, -1)  # type: ignore[return-value]


def woken(valkey: redis.Redis) -> set[str]:
    return {json.loads(message)["headers"]["id"] for message in messages(valkey)}


def test_a_batch_is_safe_before_it_is_answered(client: FlaskClient, valkey: redis.Redis) -> None:
    reply = client.post("/data", json=batch(LINE, LINE))

    assert (reply.status_code, reply.json) == (200, [SUCCESS, SUCCESS])
    assert parcels(valkey) == [[LINE, LINE]]


def test_each_parcel_wakes_a_worker(client: FlaskClient, valkey: redis.Redis) -> None:
    client.post("/data", json=batch(LINE, LINE, LINE, LINE))

    assert sorted(map(len, parcels(valkey))) == [1, 3]
    wait_until(lambda: parcel_ids(valkey) <= woken(valkey))


def test_a_wake_up_holds_no_word_of_the_log(client: FlaskClient, valkey: redis.Redis) -> None:
    client.post("/data", json=batch(LINE))

    wait_until(lambda: parcel_ids(valkey) <= woken(valkey))
    assert not any(b"gpt-4" in message for message in messages(valkey))


def test_bad_items_become_dead_letters_and_harm_nobody(client: FlaskClient, store: ParcelStore) -> None:
    reply = client.post("/data", json=["no object", *batch(LINE, "no JSON", '["\n', "{}"), {"message": 7}])

    assert reply.status_code == 200
    assert [(status["status"], status.get("reason")) for status in reply.json] == [  # type: ignore[union-attr]
        ("error", "invalid request message"),
        ("success", None),
        ("error", "invalid JSON in request message"),
        ("error", "invalid JSON in request message"),
        ("error", "invalid log record"),
        ("error", "invalid request message"),
    ]
    kept = {letter.reason: unpack(letter.payload) for letter in store.letters()}
    assert kept == {
        "invalid_message": ['"no object"', '{"message": 7}'],
        "invalid_json": ["no JSON", '["\n'],
        "missing_request": ["{}"],
    }
    counters = store.stats().counters
    assert (counters["accepted"], counters["refused:invalid_json"]) == (1, 2)


def test_a_bad_batch_sent_twice_leaves_one_letter(client: FlaskClient, store: ParcelStore) -> None:
    for _ in range(2):
        client.post("/data", json=batch("no JSON"))

    assert len(store.letters()) == 1


def test_an_empty_list_is_answered_with_an_empty_list(client: FlaskClient, valkey: redis.Redis) -> None:
    reply = client.post("/data", json=[])

    assert (reply.status_code, reply.json, parcel_ids(valkey)) == (200, [], set())


def test_what_is_no_json_is_answered_as_the_contract_says(client: FlaskClient) -> None:
    reply = client.post("/data", data="invalid json", content_type="application/json")

    assert reply.status_code == 422
    assert reply.json == {
        "detail": [
            {
                "type": "json_invalid",
                "loc": ["body", 0],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": "Expecting value"},
            }
        ]
    }


def test_what_is_no_list_is_answered_as_the_contract_says(client: FlaskClient) -> None:
    reply = client.post("/data", json={"foo": "bar"})

    assert reply.status_code == 422
    assert reply.json["detail"][0]["type"] == "list_type"  # type: ignore[index]
    assert b"foo" not in reply.data


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_packed_bodies_are_unpacked(client: FlaskClient, valkey: redis.Redis, encoding: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "zstd": zstandard.compress,
    }
    body = packers[encoding](json.dumps(batch(LINE)).encode())

    reply = client.post(
        "/data", data=body, content_type="application/json", headers={"Content-Encoding": encoding}
    )

    assert reply.json == [SUCCESS]
    assert parcels(valkey) == [[LINE]]


def test_a_bomb_is_answered_413(client: FlaskClient, valkey: redis.Redis) -> None:
    reply = client.post("/data", data=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    assert (reply.status_code, parcel_ids(valkey)) == (413, set())


def test_a_body_over_the_limit_is_answered_413(client: FlaskClient) -> None:
    assert client.post("/data", data=b" " * 20_001).status_code == 413


def test_unknown_encodings_and_media_types_are_answered_415(client: FlaskClient) -> None:
    packed = client.post("/data", json=[], headers={"Content-Encoding": "snappy"})
    typed = client.post("/data", data="<data/>", content_type="application/xml")

    assert (packed.status_code, typed.status_code) == (415, 415)
    assert "zstd" in packed.headers["Accept-Encoding"]


def test_bare_lines_of_the_log_are_taken(client: FlaskClient, valkey: redis.Redis) -> None:
    reply = client.post("/data", data=f"{LINE}\nbroken\n{LINE}\n", content_type="application/x-ndjson")

    assert [status["status"] for status in reply.json] == [  # type: ignore[union-attr]
        "success",
        "error",
        "success",
    ]
    assert parcels(valkey) == [[LINE, LINE]]


def test_lone_surrogates_travel_unharmed(client: FlaskClient, valkey: redis.Redis) -> None:
    odd = LINE.replace("gpt-4", "gpt-\\ud83d")

    assert client.post("/data", json=batch(odd, LINE + "\ud83d")).status_code == 200
    assert parcels(valkey) == [[odd]]


def test_vectors_health_check_is_answered(client: FlaskClient) -> None:
    assert client.head("/data").status_code == 200
    assert client.get("/data").status_code == 405


def test_when_redis_is_away_the_sender_keeps_the_batch(own_valkey: Valkey, tmp_path: Path) -> None:
    client = create_app(make_settings(own_valkey.url, tmp_path)).test_client()
    assert client.post("/data", json=batch(LINE)).status_code == 200
    own_valkey.kill()

    reply = client.post("/data", json=batch(LINE))

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
    assert client.get("/ready").status_code == 503
    assert client.get("/health").json == {"status": "ok"}

    own_valkey.up()
    assert client.get("/ready").status_code == 200
    assert client.post("/data", json=batch(LINE)).json == [SUCCESS]
    with own_valkey.client() as again:
        assert parcels(again) == [[LINE], [LINE]]


def test_when_redis_is_full_the_sender_keeps_the_batch(own_valkey: Valkey, tmp_path: Path) -> None:
    client = create_app(make_settings(own_valkey.url, tmp_path)).test_client()
    with own_valkey.client() as valkey:
        valkey.config_set("maxmemory", "1mb")

        reply = client.post("/data", json=batch(LINE, "no JSON"))

        assert reply.status_code == 503
        assert not list(valkey.scan_iter("dial:[!c]*"))


def test_readiness_tells_the_backlog_and_the_dead_letters(client: FlaskClient) -> None:
    client.post("/data", json=batch(LINE, "no JSON"))

    report = client.get("/ready")

    assert report.status_code == 200
    assert report.json["backlog"] == {"analyze": 1, "deliver": 0}  # type: ignore[index]
    assert report.json["dead_letters"] == {"invalid_json": 1}  # type: ignore[index]


def test_a_paused_sink_turns_readiness_red_but_batches_are_taken(
    client: FlaskClient, valkey: redis.Redis
) -> None:
    valkey.hset("dial:paused", "influx", "unauthorized")

    report = client.get("/ready")

    assert report.status_code == 503
    assert report.json["reasons"] == ["sink_paused:influx"]  # type: ignore[index]
    assert client.post("/data", json=batch(LINE)).status_code == 200


def test_the_first_page_names_the_doors(client: FlaskClient) -> None:
    assert "POST /data" in client.get("/").json["endpoints"]  # type: ignore[index]


def test_answers_have_the_shape_that_the_document_promises(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    answers = {
        "Reply": client.post("/data", json=["x", *batch(LINE)]).json,
        "Problem": client.post("/data", data="{", content_type="application/json").json,
        "Readiness": client.get("/ready").json,
    }

    for name, answer in answers.items():
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}"} | document)  # type: ignore[operator]


def test_an_unknown_page_is_an_error_in_json(client: FlaskClient) -> None:
    reply = client.get("/nowhere")

    assert (reply.status_code, reply.json) == (
        404,
        {"detail": [{"type": "not_found", "loc": [], "msg": "Not Found"}]},
    )


def test_an_error_of_ours_shows_nothing_of_the_body(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ParcelStore):
        def put(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("secret words")

    store = make_store(settings)
    store.__class__ = Broken
    client = create_app(settings, store).test_client()

    reply = client.post("/data", json=batch(LINE))

    assert reply.status_code == 500
    assert b"secret" not in reply.data
    assert "secret" not in caplog.text


def test_a_port_without_redis_is_503_within_seconds(tmp_path: Path) -> None:
    client = create_app(make_settings(f"redis://127.0.0.1:{free_port()}/0", tmp_path)).test_client()

    assert client.post("/data", json=batch(LINE)).status_code == 503
