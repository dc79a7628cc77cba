"""What is measured while the work goes on: histograms, and counts of what analysis found.

They are collected in memory and written to the ledger by the transaction that ends the work, so that a
task which is repeated is measured once. `docs/metrics.md` shows them as Prometheus reads them.
"""

import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from analytics.event import Event
from analytics.exchange import MODEL_SURFACES
from analytics.language import UNDEFINED
from analytics.pipeline import Analysis

# Redis counts in whole numbers: the sum of what was observed is kept in millionths.
MILLION = 1_000_000
INFINITY, SUM = "inf", "sum"
_WORK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_WAIT_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
_TEXTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Histogram:
    """What its label names, or "" for none; what it measures; upper bounds of its buckets."""

    label: str
    meaning: str
    bounds: tuple[float, ...]


HISTOGRAMS = {
    "accepted_to_analysed_seconds": Histogram("", "from accepted to analysed, for each event", _WAIT_S),
    "analysis_seconds": Histogram("", "analysis of one parcel of log lines", _WORK_S),
    "analysed_to_delivered_seconds": Histogram("sink", "from analysed to written, for each event", _WAIT_S),
    "delivery_seconds": Histogram("sink", "one successful write of a parcel of events", _WORK_S),
    "model_seconds": Histogram("", "one call of the topic model", _WORK_S),
    "model_texts": Histogram("", "texts in one call of the topic model", _TEXTS),
}
# Name -> (what its label names, what is counted). They tell of the content, `telemetry.COUNTERS` of the flow.
FINDINGS = {
    "topics": ("outcome", "conversations, by whether a topic was found"),
    "languages": ("outcome", "calls of models, by whether a language was found"),
    "topic_cache": ("outcome", "texts that needed a topic, by whether it was remembered"),
    "unpriced": ("model", "successful calls of models that nobody could tell a price of"),
}
# A model's name comes from outside: what does not look like one, or is one too many, is "other".
MODEL = re.compile(r"[\w.:@/-]{1,80}", re.ASCII)
OTHER = "other"
OUTCOMES = frozenset({"found", "undefined", "hit", "miss"})

_collected: ContextVar[Counter[str] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[Counter[str]]:
    """What is counted and observed within, ready for the ledger."""
    counts: Counter[str] = Counter()
    token = _collected.set(counts)
    try:
        yield counts
    finally:
        _collected.reset(token)


def count(name: str, by: int = 1) -> None:
    """Nothing happens where nobody collects, as in a benchmark."""
    counts = _collected.get()
    if counts is not None:
        counts[name] += by


def observe(name: str, value: float, label: str = "", *, times: int = 1) -> None:
    bounds = HISTOGRAMS[name].bounds
    place = bisect_left(bounds, value)
    slot = f"{bounds[place]:g}" if place < len(bounds) else INFINITY
    count(f"{name}:{label}:{slot}", times)
    count(f"{name}:{label}:{SUM}", round(value * MILLION) * times)


@contextmanager
def timed(name: str, label: str = "") -> Iterator[None]:
    """Observe how long it takes, unless it fails."""
    start = time.monotonic()
    yield
    observe(name, time.monotonic() - start, label)


def find(analysis: Analysis) -> None:
    """Count what the analysis found out, and what it could not."""
    for event in analysis.events:
        if event.topic:
            count(f"topics:{_outcome(event.topic)}")
        if event.ok and event.surface in MODEL_SURFACES:
            count(f"languages:{_outcome(event.language)}")
            if event.unpriced:
                count(f"unpriced:{_model(event)}")


def _outcome(name: str) -> str:
    return "undefined" if name == UNDEFINED else "found"


def _model(event: Event) -> str:
    return event.model if MODEL.fullmatch(event.model) else OTHER


def is_declared(name: str) -> bool:
    """Whether this is a finding, or a place in a histogram, with a label of its kind."""
    base, _, rest = name.partition(":")
    if base in HISTOGRAMS:
        label, _, slot = rest.rpartition(":")
        slots = {INFINITY, SUM, *(f"{bound:g}" for bound in HISTOGRAMS[base].bounds)}
        return slot in slots and bool(label) == bool(HISTOGRAMS[base].label)
    if base == "unpriced":
        return bool(MODEL.fullmatch(rest))
    return base in FINDINGS and rest in OUTCOMES


@dataclass(frozen=True, slots=True)
class Observed:
    """A histogram as it stands: how many were at most each bound, the last being infinite; their sum."""

    buckets: tuple[tuple[str, int], ...]
    total: float


def observed(name: str, entries: Mapping[str, int]) -> dict[str, Observed]:
    """The histogram of that name for each of its labels, from what the ledger holds."""
    labels = {entry.split(":")[1] for entry in entries if entry.startswith(f"{name}:")}
    return {label: _observed(name, label, entries) for label in sorted(labels)}


def _observed(name: str, label: str, entries: Mapping[str, int]) -> Observed:
    buckets, below = [], 0
    for slot in (*(f"{bound:g}" for bound in HISTOGRAMS[name].bounds), INFINITY):
        below += entries.get(f"{name}:{label}:{slot}", 0)
        buckets.append((slot, below))
    return Observed(tuple(buckets), entries.get(f"{name}:{label}:{SUM}", 0) / MILLION)
