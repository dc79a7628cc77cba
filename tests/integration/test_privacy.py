"""A canary sings in everything that people say, and is looked for wherever bytes rest."""

import json
import sqlite3
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from click.testing import CliRunner

from api.cli import main
from tests.influx_server import TOKEN, InfluxServer
from tests.integration.lines import chat_line
from tests.integration.test_api_process import Api
from tests.servers import Process, Valkey, wait_until
from workers.parcels import make_store
from workers.settings import Settings

pytestmark = pytest.mark.integration

CANARY = "xanthippe-canary-7391"
CHAT = "/openai/deployments/gpt-4o/chat/completions"


def tool_call() -> dict[str, Any]:
    arguments = json.dumps({"query": CANARY})
    return {"id": "call1", "type": "function", "function": {"name": "search", "arguments": arguments}}


def conversation() -> str:
    """Words in the prompt, the reply, the arguments and results of tools, and in fields that nobody knows."""
    line = json.loads(chat_line(CANARY, uri=f"{CHAT}?q={CANARY}"))
    asked = json.loads(line["request"]["body"])
    asked["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [tool_call()]},
        {"role": "tool", "tool_call_id": "call1", "content": CANARY},
        {"role": "user", "content": [{"type": "text", "text": CANARY}]},
    ]
    message = {"role": "assistant", "content": CANARY, "tool_calls": [tool_call()]}
    reply = json.dumps({"id": "chatcmpl-1", "choices": [{"message": message}]})
    line["request"] |= {"body": json.dumps(asked), "headers": {"authorization": CANARY, "x-note": CANARY}}
    line["response"]["body"] = line["assembled_response"] = reply
    return json.dumps(line | {"note": CANARY})


def others() -> list[str]:
    """Other surfaces, a failed call, half a stream, bodies that are no JSON."""
    form = f'--x\r\nContent-Disposition: form-data; name="a"; filename="{CANARY}"\r\n\r\n{CANARY}\r\n--x--'
    mcp = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "search", "arguments": {"q": CANARY}}}
    rating = {"rate": True, "comment": CANARY, "responseId": "chatcmpl-1"}
    failed = json.loads(chat_line())
    failed["response"] = {"status": "400", "body": json.dumps({"error": {"message": CANARY}})}
    failed["assembled_response"] = None
    cut = json.loads(chat_line())
    cut["response"]["body"] = f'data: {{"choices":[{{"delta":{{"content":"{CANARY}'
    cut["assembled_response"] = None
    return [
        chat_line(uri=f"/v1/deployments/app1/route/upload?name={CANARY}", body=form),
        chat_line(uri=f"/v1/toolset/toolsets/search/mcp?q={CANARY}", body=json.dumps(mcp)),
        chat_line(uri=f"/v1/gpt-4o/rate?q={CANARY}", body=json.dumps(rating)),
        chat_line(body=f"{CANARY} {{"),
        chat_line(uri="/openai/deployments/ada/embeddings", body=json.dumps({"input": [CANARY]})),
        chat_line(uri="/openai/v1/responses", body=json.dumps({"model": "gpt-4o", "input": CANARY})),
        json.dumps(failed),
        json.dumps(cut),
    ]


BROKEN = [CANARY, f'{{"{CANARY}": ', json.dumps({CANARY: 1}), json.dumps([CANARY])]


class Service:
    """API and workers as processes that log everything, both sinks, and a Valkey of their own."""

    def __init__(self, valkey: Valkey, influx: InfluxServer, folder: Path) -> None:
        self.valkey, self.influx, self.folder = valkey, influx, folder
        self.database = influx.new_database()
        self.env: dict[str, str] = {
            "REDIS_URL": valkey.url,
            "DATA_DIR": str(folder),
            "SQLITE_PATH": str(folder / "analytics.sqlite"),
            "INFLUX_URL": influx.url,
            "INFLUX_API_TOKEN": TOKEN,
            "INFLUX_DATABASE": self.database,
            "TOPIC_MODEL": "",
            "LOG_LEVEL": "DEBUG",
            "DEAD_LETTER_PAYLOAD": "none",
        }
        self.store = make_store(Settings.from_env(self.env))
        self.api = Api(valkey, folder)
        self.api.env |= self.env
        self.workers: list[Process] = []

    def start_workers(self) -> None:
        program = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.integration.workplace", "worker"]
        for queue in ("analyze", "deliver"):
            options = ["-Q", queue, "-P", "threads", "-c", "1", "-n", f"{queue}@%h"]
            worker = Process([*program, *options], self.folder / f"{queue}.log", env=self.env)
            self.workers.append(worker)
            worker.start(lambda worker=worker: "worker_ready" in worker.output())  # type: ignore[misc]

    def settle(self) -> None:
        wait_until(lambda: set(self.store.stats().backlog.values()) == {0}, what="an empty backlog")

    def stop(self) -> None:
        for process in (self.api, *self.workers):
            process.kill()
        self.store.redis.close()

    def logs(self) -> str:
        return "".join(process.output() for process in (self.api, *self.workers))

    def series(self) -> str:
        return json.dumps(self.influx.query(self.database, "SELECT * FROM /.*/"))

    def rows(self) -> int:
        db = sqlite3.connect(self.folder / "analytics.sqlite")
        try:
            number: int = db.execute("SELECT count(*) FROM events").fetchone()[0]
        finally:
            db.close()
        return number


@pytest.fixture
def service(own_valkey: Valkey, influx_server: InfluxServer, tmp_path: Path) -> Iterator[Service]:
    service = Service(own_valkey, influx_server, tmp_path)
    service.api.up()
    yield service
    service.stop()


def everything(client: Any) -> list[bytes]:
    """All that Redis holds: names of keys and their values, whatever their type."""
    held: list[bytes] = []
    for key in client.scan_iter():
        kind = client.type(key)
        read = {b"hash": client.hgetall, b"string": client.get, b"set": client.smembers}
        ranged = {b"list": client.lrange, b"zset": client.zrange}
        value = read[kind](key) if kind in read else ranged[kind](key, 0, -1)
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        held += [key, *([parts] if isinstance(parts, bytes) else parts)]
    return held


def readable(value: bytes) -> bytes:
    """What is compressed, as plain text."""
    magic = b"\x28\xb5\x2f\xfd"
    return zstandard.decompress(value) if value.startswith(magic) else value


def payloads(client: Any) -> list[bytes]:
    return [client.hget(key, "payload") for key in client.scan_iter("dial:parcel:*")]


def rewrite(client: Any) -> None:
    client.execute_command("BGREWRITEAOF")
    running = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
    wait_until(lambda: not any(client.info("persistence")[name] for name in running), what="the rewrite")


def in_files(folder: Path, needles: list[bytes]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]


def test_the_canary_is_found_nowhere(service: Service, own_valkey: Valkey) -> None:
    items = [{"message": line} for line in [conversation(), *others(), *BROKEN]]
    headers = {"X-Note": CANARY, "User-Agent": CANARY, "Cookie": f"a={CANARY}"}
    reply = httpx.post(f"{service.api.url}/data?note={CANARY}", json=items, headers=headers)
    with own_valkey.client() as client:
        assert [answer["status"] for answer in reply.json()].count("success") == 9
        waiting = [payload for payload in payloads(client) if payload]
        assert any(CANARY.encode() in readable(payload) for payload in waiting), "the canary came in"
        wait_until(lambda: bool(client.llen("dial:celery:analyze")), what="a wake-up")
        messages = [json.loads(text) for text in client.lrange("dial:celery:analyze", 0, -1)]
        assert CANARY not in json.dumps(messages)
        assert not any(CANARY.encode() in b64decode(message["body"]) for message in messages)

        service.start_workers()
        service.settle()

        assert service.rows() == 9
        assert not [value for value in everything(client) if CANARY.encode() in readable(value)]
        rewrite(client)
        needles = [CANARY.encode(), *(payload[:64] for payload in waiting)]
        wait_until(
            lambda: in_files(own_valkey.log.parent, needles) == [], what="an append-only file without it"
        )
    assert "gpt-4o" in service.series()
    assert CANARY not in service.series()
    assert in_files(service.folder, [CANARY.encode()]) == []
    assert "analysed" in service.logs()
    assert CANARY not in service.logs()
    assert CANARY not in reply.text


def test_dead_letters_without_payload_say_why_and_nothing_else(service: Service) -> None:
    httpx.post(f"{service.api.url}/data", json=[{"message": line} for line in BROKEN])
    letters = service.store.letters()
    run = CliRunner()

    assert {letter.reason for letter in letters} == {"invalid_json", "missing_request", "not_an_object"}
    for arguments in (["list"], ["list", "--json"], ["show", letters[0].id, "--payload"], ["export", "-"]):
        said = run.invoke(main, ["deadletters", *arguments], env=service.env)
        assert (said.exit_code, CANARY in said.output) == (0, False)


REFUSED: list[tuple[str, str, str, dict[str, str]]] = [
    ("POST", "/data", f'[{{"message": "{CANARY}"', {}),
    ("POST", "/data", json.dumps({CANARY: CANARY}), {}),
    ("POST", "/data", CANARY, {"Content-Encoding": "gzip"}),
    ("POST", "/data", CANARY, {"Content-Encoding": CANARY}),
    ("POST", "/data", CANARY, {"Content-Type": f"text/{CANARY}"}),
    ("POST", "/data", CANARY + " " * 200_000, {}),
    ("GET", f"/{CANARY}", "", {}),
    ("GET", f"/data?{CANARY}", "", {}),
    ("DELETE", f"/ready?{CANARY}", CANARY, {}),
]


def test_no_error_page_repeats_what_was_sent(service: Service) -> None:
    for method, path, body, headers in REFUSED:
        reply = httpx.request(method, service.api.url + path, content=body, headers=headers)

        assert reply.status_code >= 400
        assert CANARY not in reply.text + str(reply.headers), (method, path)
    assert CANARY not in service.logs()


def test_a_store_that_fails_is_told_without_words(service: Service, own_valkey: Valkey) -> None:
    own_valkey.kill()

    reply = httpx.post(f"{service.api.url}/data", json=[{"message": conversation()}], timeout=20)

    assert reply.status_code == 503
    assert CANARY not in reply.text + service.logs()


def test_the_search_would_find_it(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        client.hset("dial:parcel:p", "payload", zstandard.compress(CANARY.encode()))

        assert any(CANARY.encode() in readable(value) for value in everything(client))
