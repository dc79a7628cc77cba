"""What no shipper should send, through door and core: clear reasons, bounded costs, unharmed neighbours."""

import gzip
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from analytics.errors import UNREADABLE_RECORD
from analytics.pipeline import Tools, analyze
from analytics.points import to_line_protocol
from analytics.pricing import PriceBook
from api.app import create_app
from tests.integration.lines import chat_line
from tests.servers import Valkey
from workers.parcels import ParcelStore, make_store
from workers.payload import unpack
from workers.settings import Settings

pytestmark = pytest.mark.integration

TOOLS = Tools(lambda _text: "en", lambda texts: ["cooking"] * len(texts), PriceBook())
MIB = 1024 * 1024
DIGITS = "9" * 5000
DEEP = 100_000

# Lines that are refused, and why.
REFUSED = {
    "nothing": ("", "invalid_json"),
    "a bomb of brackets": ("[" * DEEP, "nested_too_deep"),
    "brackets in a body's place": (chat_line()[:-1] + ',"x":' + "[" * DEEP, "nested_too_deep"),
    "a number of many digits": ('{"request":' + DIGITS + "}", "missing_request"),
    "NUL between tokens": ("\0" + chat_line(), "invalid_json"),
    "NaN": ("NaN", "not_an_object"),
    "a string": ('"words"', "not_an_object"),
    "a list": ("[1]", "not_an_object"),
    "no request": ("{}", "missing_request"),
    "a request that is a list": ('{"request":[]}', "missing_request"),
    "no uri": (chat_line(uri=None), "missing_uri"),
    "a uri that is a number": (chat_line(uri=7), "invalid_uri"),
    "a time that is none": (chat_line(time="yesterday"), "invalid_time"),
    "a time before its time": (chat_line(time="0001-01-01T00:00:00"), "invalid_time"),
    "a time of the year 9999": (chat_line(time="9999-12-31T23:59:59+00:00"), "invalid_time"),
}


def strange(**changes: Any) -> str:
    return json.dumps(json.loads(chat_line()) | changes)


# Lines that are odd and live on.
TAKEN = {
    "a lone surrogate": chat_line("half an emoji \ud83d"),
    "NUL in a text": chat_line("a\x00b"),
    "duplicate keys": chat_line()[:-1] + ',"chat":{"id":"a"},"chat":{"id":"b"}}',
    "usage beyond all numbers": strange(token_usage={"prompt_tokens": 10**30, "deployment_price": 1e308}),
    "usage that is NaN": chat_line()[:-1]
    + ',"token_usage":{"prompt_tokens":NaN,"price":Infinity,"x":-1e999}}',
    "usage below zero": strange(token_usage={"prompt_tokens": -5, "price": -1}),
    "usage of many digits": chat_line()[:-1] + ',"token_usage":{"prompt_tokens":1' + "0" * 4000 + "}}",
    "sections of wrong types": strange(chat=[], project=7, user="x", trace=True, token_usage=[1]),
    "fields of wrong types": strange(deployment={}, execution_path="x", operation_duration_ms="long"),
    "a status of wrong type": strange(response={"status": [200], "body": {}}),
    "a body that nests": chat_line(body="[" * DEEP),
    "a body that nests and closes": chat_line(body="[" * 5000 + "]" * 5000),
    "messages of wrong types": chat_line(body=json.dumps({"messages": [None, 7, {"content": [[], {}]}]})),
    "a body that is a number": chat_line(body="1e400"),
    "names with everything": strange(deployment='a b,c=d\n\\"e\x00', project={"id": "\ud83d\r\n"}),
}


@pytest.fixture
def environ(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> dict[str, str]:
    return {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path), "UNREADABLE_BRAKE": "0"}


@pytest.fixture
def store(environ: dict[str, str]) -> ParcelStore:
    return make_store(Settings.from_env(environ))


@pytest.fixture
def client(environ: dict[str, str]) -> Iterator[FlaskClient]:
    with create_app(Settings.from_env(environ)).test_client() as client:
        yield client


def batch(*lines: str) -> bytes:
    return json.dumps([{"message": line} for line in lines]).encode()


def send(client: FlaskClient, *lines: str) -> list[dict[str, str]]:
    reply = client.post("/data", data=batch(*lines), content_type="application/json")
    assert reply.status_code == 200
    answers: list[dict[str, str]] = reply.json  # type: ignore[assignment]
    return answers


def held(valkey: Any) -> list[str]:
    return [line for key in valkey.scan_iter("dial:parcel:*") for line in unpack(valkey.hget(key, "payload"))]


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_line_gets_a_reason_and_its_neighbours_live(
    client: FlaskClient, store: ParcelStore, valkey: redis.Redis, name: str
) -> None:
    line, reason = REFUSED[name]
    neighbours = chat_line(), chat_line()

    answers = send(client, neighbours[0], line, neighbours[1])

    assert [answer["status"] for answer in answers] == ["success", "error", "success"]
    assert {letter.reason: unpack(letter.payload) for letter in store.letters()} == {reason: [line]}
    assert held(valkey) == list(neighbours)


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_line_becomes_an_event_and_its_points(
    client: FlaskClient, valkey: redis.Redis, name: str
) -> None:
    answers = send(client, TAKEN[name], chat_line())

    analysis = analyze(held(valkey), TOOLS)

    assert [answer["status"] for answer in answers] == ["success", "success"]
    assert (len(analysis.events), analysis.failures) == (2, ())
    assert len(to_line_protocol(analysis.events)) >= 2


@pytest.mark.parametrize(
    "value", [None, True, 7, -1, 1e300, 10**40, "x", "", [], [None], {}, {"a": []}, "\ud83d\x00"]
)
def test_any_value_at_any_path_of_a_record_gets_an_answer(
    client: FlaskClient, valkey: redis.Redis, value: Any
) -> None:
    changed = [json.dumps(document) for document in _replaced(json.loads(chat_line()), value)]

    answers = send(client, *changed)

    assert {answer["status"] for answer in answers} <= {"success", "error"}
    assert len(answers) == len(changed)
    failures = analyze(held(valkey), TOOLS).failures
    assert UNREADABLE_RECORD not in {failure.reason for failure in failures}


def _replaced(document: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """The document with the value in each of its places."""
    for key, inner in document.items():
        yield document | {key: value}
        if isinstance(inner, dict):
            yield from ({**document, key: changed} for changed in _replaced(inner, value))


def test_ten_thousand_items_are_one_batch(client: FlaskClient, store: ParcelStore) -> None:
    lines = [chat_line() if number % 10 else "broken" for number in range(10_000)]
    began = time.monotonic()

    answers = send(client, *lines)

    assert len(answers) == 10_000
    assert store.stats().counters["accepted"] == 9000
    assert store.stats().backlog["analyze"] == 45
    assert time.monotonic() - began < 20


def test_a_line_of_a_hundred_megabytes_costs_a_few_times_its_size(
    client: FlaskClient, store: ParcelStore
) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "word " * (20 * MIB)}]})
    plain = batch(chat_line(body=body), chat_line())
    packed = gzip.compress(plain, 1)
    del body
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    reply = client.post(
        "/data", data=packed, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert [answer["status"] for answer in reply.json] == ["success", "success"]  # type: ignore[union-attr]
    assert store.stats().backlog["analyze"] == 2, "the long line is a parcel of its own"
    assert grown < 12 * len(plain)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("levels", [1, 2])
def test_a_bomb_is_413_or_unreadable_and_leaves_nothing(
    environ: dict[str, str], valkey: redis.Redis, levels: int
) -> None:
    limited = environ | {"MAX_UNPACKED_BYTES": str(64 * MIB)}
    client = create_app(Settings.from_env(limited)).test_client()
    bomb = gzip.compress(bytes(100 * MIB), 9)
    for _ in range(levels - 1):
        bomb = gzip.compress(bomb)

    reply = client.post("/data", data=bomb, headers={"Content-Encoding": "gzip"})

    # The inner packing of a double one is bytes that nobody asked for: no JSON.
    assert reply.status_code == (413 if levels == 1 else 422)
    assert not valkey.exists("dial:due:analyze")
