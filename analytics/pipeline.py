"""The table of contents of the core: log lines → records → exchanges → labels → costs → events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from analytics import surfaces
from analytics.enrichment import Labels, TopicModel, label
from analytics.errors import UNREADABLE_RECORD, MalformedRecord
from analytics.event import Event, make_event
from analytics.exchange import Exchange
from analytics.language import Detector
from analytics.pricing import Pricer
from analytics.record import parse
from analytics.telemetry.content import Listener, Said

UNSUPPORTED_URI = "unsupported_uri"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tools:
    """What the core does not make itself: a language detector, a topic model, a price book.

    `listener` is there only where spans are to hold what was said.
    """

    detector: Detector
    topics: TopicModel
    prices: Pricer
    listener: Listener | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A line as it came, and why it can never become an event."""

    message: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What became of a batch: each line is in exactly one of the three. `said` holds words, by event id."""

    events: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=dict)


def analyze(messages: Sequence[str], tools: Tools) -> Analysis:
    """Analyse a batch of lines. A bad one never harms its neighbours; what a model raises goes through."""
    failures: list[Failure] = []
    dropped: Counter[str] = Counter()
    lines: list[str] = []
    exchanges: list[Exchange] = []
    for message in messages:
        found = _guarded(message, partial(_read, message), failures)
        if isinstance(found, Exchange):
            lines.append(message)
            exchanges.append(found)
        elif found is not None:
            dropped[found] += 1
    labels = label(exchanges, tools.detector, tools.topics)
    told = [
        _guarded(message, partial(_tell, exchange, tags, tools), failures)
        for message, exchange, tags in zip(lines, exchanges, labels, strict=True)
    ]
    known = [one for one in told if one is not None]
    said = {event.id: words for event, words in known if words}
    return Analysis(tuple(event for event, _ in known), tuple(failures), dropped, said)


def _read(message: str) -> Exchange | str:
    """Give the exchange, or the reason why the call is of no interest."""
    return surfaces.read(parse(message)) or UNSUPPORTED_URI


def _tell(exchange: Exchange, labels: Labels, tools: Tools) -> tuple[Event, Said]:
    """Give the event, and the words where somebody listens; else no word goes on."""
    prices = tools.prices
    event = make_event(exchange, labels, prices.price(exchange), prices.price_models(exchange))
    return event, tools.listener(exchange) if tools.listener else {}


def _guarded(message: str, step: Callable[[], _T], failures: list[Failure]) -> _T | None:
    """The record boundary: take the step, or set the line aside."""
    try:
        return step()
    except MalformedRecord as error:
        failures.append(Failure(message, error.reason))
    except Exception:  # noqa: BLE001 - a defect of ours must cost one record, not the batch; the line is kept
        failures.append(Failure(message, UNREADABLE_RECORD))
    return None
