"""The stream: log lines of all surfaces, each with an id of its own, made from a seed and nothing else."""

import copy
import itertools
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.golden.cases import CASES, log_line, read

# The project of a record whose point InfluxDB is told to refuse.
POISON = "poison-pill"
# Of each thousand lines so many are ones that the door cannot read, or that are none of our business.
UNREADABLE, FOREIGN = 5, 10
FIRST = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    number: int
    line: str
    kind: str  # "good", "poison", "unreadable" or "foreign"


class Stream:
    """Lines without end. While `poison_every` is set, every so many-th is poison for InfluxDB.

    A clean one has good lines only.
    """

    def __init__(self, seed: int, *, clean: bool = False) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._clean = clean
        self._numbers = itertools.count(1)
        self.poison_every = 0

    def batch(self, size: int) -> list[Record]:
        return [self._record(next(self._numbers)) for _ in range(size)]

    def _record(self, number: int) -> Record:
        draw = 1000 if self._clean else self._chance.randrange(1000)
        if draw < UNREADABLE:
            return Record(number, f'{{"chaos": {self._seed}, "number": {number}, "request": ', "unreadable")
        record = copy.deepcopy(self._chance.choice(_templates()))
        kind = "good"
        if draw < UNREADABLE + FOREIGN:
            kind, record["request"]["uri"] = "foreign", "/v1/bucket"
        elif self.poison_every and number % self.poison_every == 0:
            kind, record["project"] = "poison", {"id": POISON}
        return Record(number, log_line(_named(record, self._seed, number)), kind)


@cache
def _templates() -> list[dict[str, Any]]:
    """The golden cases of all surfaces that make a point; the others would prove nothing here."""
    return [read(case / "record.json") for case in CASES if _makes_a_point((case / "points.lp").read_text())]


def _makes_a_point(expected: str) -> bool:
    return any(line and not line.startswith("#") for line in expected.splitlines())


def _named(record: dict[str, Any], seed: int, number: int) -> dict[str, Any]:
    """The same record as somebody else's: other ids, and a millisecond of its own."""
    name = f"{seed:08x}{number:08x}"
    record["chat"] = {"id": f"conversations/{name}"}
    record["trace"] = {"trace_id": name * 2, "core_span_id": name, "core_parent_span_id": name[::-1]}
    request = record["request"]
    moment = FIRST + timedelta(milliseconds=number)
    request["time"] = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    if isinstance(request.get("body"), dict) and "responseId" in request["body"]:
        request["body"]["responseId"] = name
    return record


def envelope(records: list[Record]) -> bytes:
    """A request body in the shape of Vector's json codec."""
    return json.dumps([{"message": record.line} for record in records]).encode("utf-8", "surrogatepass")
