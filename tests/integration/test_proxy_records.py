"""One record per call, in the form of DIAL's log, and nothing of the caller's key."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from analytics.event import Event
from analytics.pipeline import Tools, analyze
from analytics.pricing import PriceBook
from tests.integration.proxied import ProxyProcess, recorded, records
from tests.servers import Valkey, wait_until
from tests.upstream import Upstream

pytestmark = pytest.mark.integration

CHAT = "/openai/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Which language?"}]
QUESTION = {"model": "gpt-4o", "messages": MESSAGES}
KEY = "sk-of-the-caller-0123456789"
LIMIT = 3000


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(
    upstream: Upstream, valkey_server: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyProcess]:
    folder = tmp_path_factory.mktemp("proxy")
    process = ProxyProcess(
        folder, valkey_server.url, PROXY_UPSTREAM_URL=upstream.url, PROXY_RECORD_BYTES=str(LIMIT)
    )
    yield process.up()
    process.kill()


@pytest.fixture
def client(proxy: ProxyProcess, valkey: redis.Redis) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def event(record: dict[str, Any]) -> Event:
    tools = Tools(lambda _: "en", lambda texts: ["cooking"] * len(texts), PriceBook())
    (found,) = analyze([json.dumps(record)], tools).events
    return found


def test_a_call_is_a_line_of_dials_log(upstream: Upstream, valkey: redis.Redis, client: httpx.Client) -> None:
    reply = client.post(CHAT, json=QUESTION)
    (record,) = recorded(valkey)

    assert json.loads(record["request"]["body"]) == QUESTION
    assert record["response"] == {
        "status": "200",
        "upstream_uri": f"{upstream.url}/v1/chat/completions",
        "body": reply.text,
    }
    found = event(record)
    assert (found.surface, found.model, found.ok) == ("chat", "gpt-4o", True)
    assert (found.prompt_tokens, found.completion_tokens, found.response_id) == (12, 3, "chatcmpl-1")


def test_a_stream_is_recorded_at_its_end_with_the_time_of_its_first_chunk(
    valkey: redis.Redis, client: httpx.Client
) -> None:
    asked = {**QUESTION, "model": "slow", "stream": True, "stream_options": {"include_usage": True}}
    reply = client.post(CHAT, json=asked)
    (record,) = recorded(valkey)

    assert record["response"]["body"] == reply.text
    assert record["proxy"]["first_chunk_ms"] < 100 < record["operation_duration_ms"]
    assert (event(record).stream, event(record).completion_tokens) == (True, 3)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "asked", "told"),
    [
        ("/openai/v1/responses", {"model": "gpt-5", "input": "Hi"}, ("responses", 12, 3)),
        ("/anthropic/v1/messages", {"model": "claude", "messages": MESSAGES}, ("anthropic", 19, 3)),
        ("/openai/deployments/gpt-4o/chat/completions?api-version=1", QUESTION, ("chat", 12, 3)),
    ],
)
def test_the_tokens_of_every_api_are_known(
    valkey: redis.Redis, client: httpx.Client, path: str, asked: Any, told: tuple[str, int, int], stream: bool
) -> None:
    client.post(path, json={**asked, "stream": stream, "stream_options": {"include_usage": True}})
    found = event(recorded(valkey)[0])

    assert (found.surface, found.prompt_tokens, found.completion_tokens) == told


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/models"), ("POST", "/files"), ("GET", "/responses/1")]
)
def test_what_nobody_can_read_only_passes(
    valkey: redis.Redis, client: httpx.Client, method: str, path: str
) -> None:
    assert client.request(method, "/openai/v1" + path).status_code == 200

    client.post(CHAT, json=QUESTION)
    (record,) = recorded(valkey)
    assert record["request"]["uri"] == CHAT


@pytest.mark.parametrize(("model", "status"), [("error-429", "429"), ("slam", "502")])
def test_a_failure_is_recorded_with_its_status(
    valkey: redis.Redis, client: httpx.Client, model: str, status: str
) -> None:
    client.post(CHAT, json={**QUESTION, "model": model})
    (record,) = recorded(valkey)

    assert record["response"]["status"] == status
    assert event(record).ok is False


def test_a_caller_who_leaves_is_recorded_too(valkey: redis.Redis, proxy: ProxyProcess) -> None:
    body = json.dumps({**QUESTION, "model": "hang"}).encode()
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        raw.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    (record,) = recorded(valkey)
    assert (record["response"]["status"], record["proxy"]["ended"]) == ("499", "client_left")


def test_headers_tell_who_asked(valkey: redis.Redis, client: httpx.Client) -> None:
    client.post(
        CHAT,
        json={**QUESTION, "user": "somebody else"},
        headers={
            "X-Conversation-Id": "conversations/1",
            "X-User": "u-1",
            "X-Job-Title": "Engineer",
            "X-Project": "blue",
            "X-Application": "assistant",
            "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        },
    )
    found = event(recorded(valkey)[0])

    assert (found.chat_id, found.user_hash, found.title) == ("conversations/1", "u-1", "Engineer")
    assert (found.project_id, found.parent_deployment) == ("blue", "assistant")
    assert (found.trace_id, found.core_parent_span_id) == ("a" * 32, "b" * 16)
    assert found.topic == "cooking"


@pytest.mark.parametrize(
    "told",
    [{"user": "u-1"}, {"user": "old", "safety_identifier": "u-1"}, {"metadata": {"user_id": "u-1"}}],
)
def test_the_body_tells_who_asked_when_no_header_does(
    valkey: redis.Redis, client: httpx.Client, told: dict[str, Any]
) -> None:
    client.post(CHAT, json={**QUESTION, **told})

    assert recorded(valkey)[0]["user"]["id"] == "u-1"


def test_a_key_is_a_project_by_its_hash_and_is_written_nowhere(
    valkey: redis.Redis, client: httpx.Client, proxy: ProxyProcess
) -> None:
    for key in (KEY, KEY, KEY + "x"):
        client.post(f"{CHAT}?key={key}", json=QUESTION, headers={"Authorization": f"Bearer {key}"})
    projects = [record["project"]["id"] for record in recorded(valkey, 3)]

    assert projects[0] == projects[1] != projects[2]
    assert projects[0].startswith("key-")
    assert KEY not in json.dumps(records(valkey)) + proxy.output()
    kept = [path.read_bytes() for path in proxy.log.parent.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in content for content in kept)


def test_a_long_body_is_cut_and_counted_and_its_tokens_are_known(
    valkey: redis.Redis, client: httpx.Client
) -> None:
    asked = {"model": "e", "input": ["text"] * 5000}
    reply = client.post("/openai/v1/embeddings", json=asked)
    (record,) = recorded(valkey)

    told = record["proxy"]
    assert (told["response_bytes"], told["response_bytes_cut"] > 0) == (len(reply.content), True)
    assert record["request"]["body"].endswith(">>")
    assert len(record["response"]["body"]) < LIMIT
    assert event(record).prompt_tokens == 5


def test_an_upload_is_recorded_without_its_sound(valkey: redis.Redis, client: httpx.Client) -> None:
    reply = client.post(
        "/openai/v1/audio/transcriptions",
        data={"model": "whisper-1"},
        files={"file": ("a.mp3", b"SOUND" * 100_000, "audio/mpeg")},
    )
    (record,) = recorded(valkey)

    assert reply.json()["text"] == "500000 bytes of whisper-1"
    assert "SOUND" not in record["request"]["body"]
    assert event(record).model == "whisper-1"


def test_while_redis_is_away_calls_work_and_records_wait_on_disk(
    upstream: Upstream, own_valkey: Valkey, tmp_path: Path
) -> None:
    """They wait through a power cut of the proxy, too."""
    own_valkey.kill()
    with ProxyProcess(tmp_path, own_valkey.url, PROXY_UPSTREAM_URL=upstream.url) as process:
        process.up()
        for number in range(3):
            assert httpx.post(process.url + CHAT, json={**QUESTION, "seed": number}).status_code == 200
        wait_until(lambda: spooled(tmp_path) == 3, what="three records on disk")
        process.kill()

        own_valkey.up()
        process.up()
        with own_valkey.client() as client:
            bodies = [json.loads(record["request"]["body"]) for record in recorded(client, 3)]
        wait_until(lambda: not spooled(tmp_path), what="an empty spool")

    assert sorted(body["seed"] for body in bodies) == [0, 1, 2]


def test_what_finds_no_room_is_counted_and_shown(
    upstream: Upstream, own_valkey: Valkey, tmp_path: Path
) -> None:
    own_valkey.kill()
    settings = {"PROXY_UPSTREAM_URL": upstream.url, "PROXY_SPOOL_BYTES": "0"}
    with ProxyProcess(tmp_path, own_valkey.url, **settings) as process:
        process.up()
        httpx.post(process.url + CHAT, json=QUESTION)
        wait_until(lambda: lost(process) == {"spool_full": 1}, what="the loss to be shown")

        own_valkey.up()
        with own_valkey.client() as client:

            def counted() -> bool:
                httpx.post(process.url + CHAT, json=QUESTION)
                return client.hget("dial:counters", "lost:spool_full") is not None

            wait_until(counted, every_s=0.3, what="the loss in the counters")


def test_what_is_on_the_way_at_a_stop_is_kept(
    upstream: Upstream, valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path
) -> None:
    with ProxyProcess(tmp_path, valkey_server.url, PROXY_UPSTREAM_URL=upstream.url) as process:
        process.up()
        httpx.post(process.url + CHAT, json=QUESTION)

        assert process.stop() == 0
    assert len(records(valkey)) == 1


def test_the_tokens_of_a_stream_are_asked_for_and_taken_out_again(
    upstream: Upstream, valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path
) -> None:
    settings = {"PROXY_UPSTREAM_URL": upstream.url, "PROXY_INCLUDE_USAGE": "true"}
    with ProxyProcess(tmp_path, valkey_server.url, **settings) as process:
        process.up()
        asked = {**QUESTION, "model": "slow", "stream": True}
        direct = httpx.post(f"{upstream.url}/v1/chat/completions", json=asked)
        with httpx.stream("POST", process.url + CHAT, json=asked) as reply:
            chunks = list(reply.iter_raw())
        (record,) = recorded(valkey)

    assert b"".join(chunks) == direct.content
    assert len(chunks) >= 6
    assert json.loads(record["request"]["body"]) == asked
    assert event(record).completion_tokens == 3


def lost(process: ProxyProcess) -> dict[str, int]:
    found: dict[str, int] = httpx.get(f"{process.url}/health").json()["recorder"]["lost"]
    return found


def spooled(folder: Path) -> int:
    """Records in files of the spool, as their names say."""
    names = [path.stem for path in folder.glob("proxy-spool/*.parcel")]
    return sum(int(name.rpartition("-")[2]) for name in names)
