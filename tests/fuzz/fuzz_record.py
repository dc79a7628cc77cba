"""Bytes as a body of POST /data, then as a line of the log, through the whole core.

    python -m tests.fuzz.fuzz_record -max_total_time=60 data/fuzz

The seeds are the golden cases. libFuzzer's options and a folder for what it finds may follow.
"""

import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analytics", "api"]):
    from analytics.errors import UNREADABLE_RECORD
    from analytics.event import Event
    from analytics.pipeline import Tools, analyze
    from analytics.points import PointSchema, to_line_protocol
    from analytics.pricing import PriceBook
    from api import body, items
    from api.problems import Problem
    from api.verdict import examine
from tests.golden.cases import CASES, log_line, read
from workers.payload import pack, unpack

TOOLS = Tools(lambda _text: "en", lambda texts: ["cooking"] * len(texts), PriceBook())
LIMIT = 1_000_000
ENCODINGS = ("", "gzip", "deflate", "zstd")


def one_input(data: bytes) -> None:
    """The first byte chooses how the rest is taken."""
    if data:
        at_the_door(data[1:], ENCODINGS[data[0] % len(ENCODINGS)])
        in_the_core(data[1:])


def at_the_door(data: bytes, encoding: str) -> None:
    """Every item gets a place in the answer, or the whole body one of our errors."""
    try:
        found = items.read(body.unpack(data, encoding, LIMIT), "")
    except Problem:
        return
    verdict = examine(found)
    assert len(verdict.replies()) == len(found)
    for parcel in verdict.shipment(200, 0.5).parcels:
        assert unpack(parcel.payload)


def in_the_core(data: bytes) -> None:
    """A line is an event, a failure with a reason, or dropped; events travel and become points."""
    line = data.decode("utf-8", "surrogatepass" if data.isascii() else "replace")
    analysis = analyze([line], TOOLS)
    assert len(analysis.events) + len(analysis.failures) + sum(analysis.dropped.values()) == 1
    assert all(failure.reason != UNREADABLE_RECORD for failure in analysis.failures), "a defect of ours"
    for event in analysis.events:
        [travelled] = unpack(pack([event.to_dict()]))
        assert Event.from_dict(travelled) == event
    for schema in PointSchema:
        to_line_protocol(analysis.events, schema, usage_per_model=True)


def seeds(folder: Path) -> None:
    """The golden cases, as bare lines and as batches."""
    for number, case in enumerate(CASES):
        line = log_line(read(case / "record.json"))
        batch = json.dumps([{"message": line}])
        for kind, text in (("line", line), ("batch", batch)):
            (folder / f"{number}-{kind}").write_bytes(b"\0" + text.encode("utf-8", "surrogatepass"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([*sys.argv, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
