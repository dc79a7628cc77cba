"""What POST /data costs: requests and records a second beside the same app that only validates, in one run.

Clients are processes with raw sockets on kept-alive connections; all figures are of one machine and minute.
`--busy` adds the same with analyze workers that keep all cores busy at nice 10. Takes less than two minutes.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from flask import Flask

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from api.house import House  # noqa: E402 - a script finds the packages beside itself
from api.ingest import receive, understand  # noqa: E402
from api.verdict import examine  # noqa: E402
from workers.parcels import make_store  # noqa: E402
from workers.settings import Settings  # noqa: E402

CASES = ((1, 1), (1, 4), (20, 1), (20, 4))
BATCHES = 40
ROUNDS = 5


def validate_only() -> Flask:
    """The yardstick: reads and validates like the real app, and keeps nothing."""
    settings = Settings.from_env()
    app = Flask(__name__)
    held = House(settings, make_store(settings), lambda *_: None)

    def data() -> list[dict[str, str]]:
        raw = receive(settings)
        with held.turn:
            return examine(understand(raw, settings)).replies()

    app.add_url_rule("/data", view_func=data, methods=["POST"])
    return app


@dataclass(frozen=True, slots=True)
class Figures:
    requests_s: float
    p50_ms: float
    p99_ms: float


def record(noise: random.Random) -> str:
    """A line of the log of about 4 kB: a question, an answer, and the envelope."""
    words = [noise.choice(WORDS) for _ in range(310)]
    question, answer = " ".join(words[:120]), " ".join(words[120:])
    reply = {
        "id": f"chatcmpl-{noise.random()}",
        "choices": [{"message": {"role": "assistant", "content": answer}}],
    }
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
    line = {
        "apiType": "DialOpenAI",
        "chat": {"id": f"conversations/{noise.random()}"},
        "project": {"id": "bench"},
        "user": {"id": f"{noise.getrandbits(256):064x}", "title": "Engineer"},
        "token_usage": {"completion_tokens": 180, "prompt_tokens": 120, "total_tokens": 300, "price": 0.0042},
        "deployment": "gpt-4o",
        "execution_path": ["gpt-4o"],
        "assembled_response": json.dumps(reply),
        "trace": {
            "trace_id": f"{noise.getrandbits(128):032x}",
            "core_span_id": f"{noise.getrandbits(64):016x}",
        },
        "request": {
            "method": "POST",
            "uri": "/openai/deployments/gpt-4o/chat/completions?api-version=2024-02-01",
            "time": "2026-09-01T12:00:00.123",
            "body": json.dumps(body),
        },
        "response": {"status": "200", "body": json.dumps(reply)},
    }
    return json.dumps(line)


WORDS = re.findall(r"[a-z]{2,}", Path(__file__).read_text("utf-8"))


def request_bytes(records: int, noise: random.Random) -> bytes:
    body = json.dumps(
        [{"message": record(noise), "file": "/app/log/aidial.log"} for _ in range(records)]
    ).encode()
    head = f"POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


class Connection:
    """Just enough HTTP; opens anew when the server closes, as a sync worker does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def post(self, request: bytes) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, closes = self._answer(self._socket)
        assert head.startswith(b"HTTP/1.1 200"), head
        if closes:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _answer(source: socket.socket) -> tuple[bytes, bool]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += source.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += source.recv(65536)
        return head, b"connection: close" in head.lower()


def client(port: int, records: int, seconds: float, seed: int, out: Any) -> None:
    """One connection, as fast as it goes; hands back the time of each request."""
    noise = random.Random(seed)
    requests = [request_bytes(records, noise) for _ in range(BATCHES)]
    connection = Connection(port)
    connection.post(requests[0])
    times: list[float] = []
    out.put("ready")
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection.post(requests[len(times) % BATCHES])
        times.append(time.perf_counter() - start)
    out.put(times)


def measure(port: int, records: int, connections: int, seconds: float) -> Figures:
    out: Any = multiprocessing.Queue()
    clients = [
        multiprocessing.Process(target=client, args=(port, records, seconds, seed, out))
        for seed in range(connections)
    ]
    for process in clients:
        process.start()
    answers = [out.get() for _ in range(2 * connections)]
    for process in clients:
        process.join()
    times = sorted(t for answer in answers if answer != "ready" for t in answer)
    return Figures(
        len(times) / seconds, 1000 * statistics.median(times), 1000 * times[int(0.99 * len(times))]
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def program(*arguments: str, env: dict[str, str], port: int = 0) -> Iterator[None]:
    """A program of ours that is up once its port is."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **env}, cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while port and not listens(port):
            assert process.poll() is None, f"{arguments} ended"
            assert time.monotonic() < deadline, f"{arguments} did not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Stand:
    """The servers under test, and the broker behind them."""

    real: int
    yardstick: int
    broker: redis.Redis


@contextmanager
def stand(folder: str, arguments: tuple[str, ...]) -> Iterator[Stand]:
    real, yardstick, broker = free_port(), free_port(), free_port()
    env = {
        "REDIS_URL": f"redis://127.0.0.1:{broker}/0",
        "DATA_DIR": folder,
        "HOST": "127.0.0.1",
        "API_WORKERS": "2",
        "LOG_LEVEL": "ERROR",
    }
    os.environ.update(env)
    gunicorn = ("gunicorn", "-c", "api/gunicorn.conf.py", *arguments)
    with ExitStack() as servers:
        servers.enter_context(program("api.cli", "broker", env={}, port=broker))
        servers.enter_context(program(*gunicorn, "api.wsgi:application", env={"PORT": str(real)}, port=real))
        app = "bench.ingest:validate_only()"
        servers.enter_context(program(*gunicorn, app, env={"PORT": str(yardstick)}, port=yardstick))
        yield Stand(real, yardstick, redis.Redis(port=broker))


def compare(on: Stand, seconds: float) -> None:
    """Both in turns, many times: what else the machine does hits both alike, and the median forgets it."""
    print(f"{'records':>7} {'conns':>5} | {HEAD} | ratio to validating only (req/s)")
    for records, connections in CASES:
        pairs = []
        for _ in range(ROUNDS):
            yardstick = measure(on.yardstick, records, connections, seconds)
            pairs.append((yardstick, measure(on.real, records, connections, seconds)))
            on.broker.flushall()
        ratio = statistics.median(real.requests_s / yardstick.requests_s for yardstick, real in pairs)
        yardstick_s = statistics.median(yardstick.requests_s for yardstick, _ in pairs)
        figures = row(records, middle([real for _, real in pairs]))
        print(f"{records:>7} {connections:>5} | {figures} | {ratio:.2f} ({yardstick_s:.0f})", flush=True)


def middle(found: list[Figures]) -> Figures:
    return Figures(
        statistics.median(each.requests_s for each in found),
        statistics.median(each.p50_ms for each in found),
        statistics.median(each.p99_ms for each in found),
    )


HEAD = f"{'req/s':>7} {'rec/s':>7} {'p50 ms':>7} {'p99 ms':>7}"


def row(records: int, found: Figures) -> str:
    rates = f"{found.requests_s:>7.0f} {found.requests_s * records:>7.0f}"
    return f"{rates} {found.p50_ms:>7.1f} {found.p99_ms:>7.1f}"


def busy(on: Stand, seconds: float) -> None:
    """The same while analyze workers have a backlog that nobody could finish in time."""
    print("\nwhile two analyze workers keep both cores busy at nice 10")
    with program("api.cli", "worker", "analyze", "--concurrency", "2", env={}):
        measure(on.real, 20, 4, 1.0)
        await_workers(on)
        for records, connections in CASES:
            found = middle([measure(on.real, records, connections, seconds) for _ in range(ROUNDS)])
            print(f"{records:>7} {connections:>5} | {row(records, found)}", flush=True)
    assert on.broker.zcard("dial:due:analyze"), "the workers ran out of work"


def await_workers(on: Stand) -> None:
    deadline = time.monotonic() + 60
    while not on.broker.hget("dial:counters", "analysed"):
        assert time.monotonic() < deadline, "the workers did not start"
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each measurement")
    parser.add_argument("--busy", action="store_true", help="also with busy analyze workers")
    parser.add_argument("gunicorn", nargs="*", help="arguments for gunicorn, after --")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, stand(folder, tuple(chosen.gunicorn)) as on:
        compare(on, chosen.seconds)
        if chosen.busy:
            busy(on, chosen.seconds)


if __name__ == "__main__":
    main()
