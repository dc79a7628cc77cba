"""The invariant: what was accepted is in each sink exactly once, under the identity given by the core."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from analytics.language import detect
from analytics.pipeline import Tools, analyze
from analytics.points import to_line_protocol
from analytics.pricing import PriceBook
from tests.chaos.client import Journal
from tests.chaos.influx import identity_of
from tests.chaos.plant import Plant
from tests.chaos.records import Record
from workers.payload import unpack


@dataclass(frozen=True, slots=True)
class Expected:
    """One accepted record: when it was first sent and accepted, its event's id, and its line in InfluxDB."""

    record: Record
    sent_at: float
    accepted_at: float
    event_id: str
    line: str


@dataclass(slots=True)
class Findings:
    accepted: int = 0
    never_answered: int = 0
    dropped_by_sender: int = 0
    refused: int = 0
    lost: dict[str, int] = field(default_factory=dict)  # sink -> events
    foreign: dict[str, int] = field(default_factory=dict)  # sink -> identities that nobody sent
    altered: int = 0  # lines of InfluxDB that differ from what the core says
    dead_letters: dict[str, int] = field(default_factory=dict)  # reason -> records
    wrongly_buried: int = 0
    rewritten: int = 0  # points that InfluxDB got more than once: harmless, and proof that identities hold
    parcels_left: int = 0
    keys_left: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        wrong = (
            self.never_answered,
            self.dropped_by_sender,
            self.altered,
            self.wrongly_buried,
            self.parcels_left,
        )
        return not any((*wrong, *self.lost.values(), *self.foreign.values()))


def expected_of(journal: Journal) -> list[Expected]:
    """What the core makes of every accepted record; other URIs make nothing."""
    tools = Tools(cache(detect), lambda texts: ["undefined"] * len(texts), PriceBook())
    found = []
    for accepted_at, record in journal.accepted.values():
        for event in analyze([record.line], tools).events:
            [line] = to_line_protocol([event])
            found.append(Expected(record, journal.sent[record.number], accepted_at, event.id, line))
    return found


def audit(plant: Plant, journal: Journal, expected: list[Expected], in_sqlite: set[str]) -> Findings:
    found = Findings(accepted=len(journal.accepted), refused=len(journal.refused))
    found.dropped_by_sender = len(journal.dropped)
    found.never_answered = len(
        set(journal.sent) - set(journal.accepted) - set(journal.refused) - set(journal.dropped)
    )
    buried = _letters(plant, found)
    compare(plant.influx.points, expected, in_sqlite, buried, found)
    found.rewritten = plant.influx.rewritten
    found.parcels_left = plant.backlog() or 0
    found.keys_left = sorted({_family(key.decode()) for key in plant.redis.scan_iter("*")})
    return found


def compare(
    stored: Mapping[str, tuple[float, str]],
    expected: Sequence[Expected],
    in_sqlite: set[str],
    buried: set[str],
    found: Findings,
) -> None:
    """What is in the sinks against what should be; `stored` is as the stand-in for InfluxDB keeps it."""
    rows = {one.event_id for one in expected}
    lines = {identity_of(one.line): one.line for one in expected if one.record.kind != "poison"}
    poison = {one.event_id for one in expected if one.record.kind == "poison"}
    points = {identity: line for identity, (_, line) in stored.items()}
    found.lost = {
        "sqlite": len(rows - in_sqlite),
        "influx": len(lines.keys() - points.keys()) + len(poison - buried),
    }
    found.foreign = {"sqlite": len(in_sqlite - rows), "influx": len(points.keys() - lines.keys())}
    found.altered = sum(lines[identity] != points[identity] for identity in lines.keys() & points.keys())
    found.wrongly_buried = len(buried - poison)


def _letters(plant: Plant, found: Findings) -> set[str]:
    """Counts the records in dead letters by reason, and gives the ids of the events among them."""
    reasons: Counter[str] = Counter()
    ids: list[str] = []
    for letter in plant.store.letters(limit=100_000):
        reasons[f"{letter.task}{':' if letter.sink else ''}{letter.sink}: {letter.reason}"] += letter.records
        if letter.task == "deliver":
            ids += [item["id"] for item in unpack(letter.payload)]
        elif letter.attempts:
            # The door's own letters were never tried; one with attempts was accepted, and has no event yet.
            ids += [f"a parcel of {letter.records} records"] * letter.records
    found.dead_letters = dict(reasons)
    return set(ids)


def _family(key: str) -> str:
    """The key without its id."""
    parts = key.split(":")
    return ":".join(parts[:2]) + (":*" if parts[:2] in (["dial", "letter"], ["dial", "parcel"]) else "")
