"""Sends the sample log to a real Phoenix, and reads over its API whether all of it arrived as it was sent.

Phoenix wants a virtual environment of its own, so `make test` leaves it out: `pip install arize-phoenix` in
one, then `python -m tests.phoenix PLACE/bin/phoenix` here.
"""

import argparse
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from analytics.event import Event
from analytics.language import UNDEFINED
from analytics.pipeline import Tools, analyze
from analytics.pricing import PriceBook
from analytics.telemetry.attributes import Telling
from analytics.telemetry.content import Listening, SpokenEvent
from analytics.telemetry.spans import Span, span_of
from tests.servers import ROOT, Process, free_port, listens, wait_until
from workers.sinks.otel import Collector, CollectorPlace, OtelSink

SAMPLE = ROOT / "samples/aidial.log"
MICROSECOND = 1_000


@contextmanager
def phoenix(program: str, folder: Path) -> Iterator[str]:
    port = free_port()
    env: dict[str, str | None] = {
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    }
    server = Process([program, "serve"], folder / "phoenix.log", env=env)
    server.start(
        lambda: listens(port) and bool(get(f"http://127.0.0.1:{port}/healthz", parse=False)), timeout_s=90
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def get(url: str, *, parse: bool = True) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer) if parse else answer.status


def sample_events(limit: int) -> list[Event]:
    """The first events of the sample log, with their words."""
    lines = SAMPLE.read_text("utf-8").splitlines()[:limit]
    listener = Listening(prompt=True, completion=True)
    tools = Tools(lambda _: "en", lambda texts: [UNDEFINED] * len(texts), PriceBook(), listener)
    found = analyze(lines, tools)
    return [
        SpokenEvent.from_dict({**event.to_dict(), "said": found.said.get(event.id, {})})
        for event in found.events
    ]


def read_back(url: str, number: int) -> dict[str, dict[str, Any]]:
    """All spans that Phoenix has, by id; it takes them in its own time."""

    def pages() -> Iterator[dict[str, Any]]:
        cursor = ""
        while cursor is not None:
            page = get(f"{url}/v1/projects/default/spans?limit=1000{cursor and '&cursor=' + cursor}")
            yield from page["data"]
            cursor = page.get("next_cursor")

    found: dict[str, dict[str, Any]] = {}

    def complete() -> bool:
        found.update({span["context"]["span_id"]: span for span in pages()})
        return len(found) >= number

    wait_until(complete, timeout_s=120, what=f"{number} spans in Phoenix", every_s=1)
    return found


def differences(span: Span, found: dict[str, Any]) -> list[str]:
    """What Phoenix has otherwise than it was sent."""
    said = found["attributes"]
    parent = f"{span.parent_id:016x}" if span.parent_id else None
    pairs = {
        "trace": (f"{span.trace_id:032x}", found["context"]["trace_id"]),
        "parent": (parent, found["parent_id"]),
        "name": (span.name, found["name"]),
        "start": (span.start_ns // MICROSECOND, _microseconds(found["start_time"])),
        "end": (span.end_ns // MICROSECOND, _microseconds(found["end_time"])),
        "status": ("ERROR" if span.error else "UNSET", found["status_code"]),
        "model": (span.attributes.get("gen_ai.request.model"), said.get("gen_ai.request.model")),
        "tokens": (span.attributes.get("gen_ai.usage.input_tokens"), said.get("gen_ai.usage.input_tokens")),
        "words": (span.attributes.get("gen_ai.input.messages"), said.get("gen_ai.input.messages")),
    }
    return [f"{name}: sent {sent!r}, found {got!r}" for name, (sent, got) in pairs.items() if sent != got]


def _microseconds(text: str) -> int:
    time = datetime.fromisoformat(text)
    return int(time.replace(microsecond=0).timestamp()) * 1_000_000 + time.microsecond


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the phoenix command of its virtual environment")
    parser.add_argument("--lines", type=int, default=300, help="of the sample log")
    parser.add_argument("--stay", action="store_true", help="until Enter is pressed")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, phoenix(options.program, Path(folder)) as url:
        to_span = partial(span_of, telling=Telling("sample", "test"))
        events = sample_events(options.lines)
        spans = {f"{span.span_id:016x}": span for span in map(to_span, events)}
        sink = OtelSink(Collector(CollectorPlace(f"{url}/v1/traces")), to_span)
        rejections = [*sink.write(events), *sink.write(events)]
        sink.close()
        found = read_back(url, len(spans))
        wrong = [f"{key}: {text}" for key, span in spans.items() for text in differences(span, found[key])]
        print(f"{len(events)} events, {len(spans)} spans, {len(found)} in Phoenix at {url}")
        print(f"{len(rejections)} rejections, {len(wrong)} differences", *wrong[:20], sep="\n")
        if options.stay:
            input("Enter ends Phoenix. ")
    return 1 if wrong or rejections or len(found) != len(spans) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
