"""What an event adds to the metrics, as whole numbers, so that any number of additions stays exact.

Money is counted in units of the currency and in 1e-12 of it, durations in milliseconds. Where the totals
live, and that an event is added once only, is not known here.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from analytics.event import Event
from analytics.exchange import Surface
from analytics.telemetry.attributes import error_type, priced, server_of
from analytics.telemetry.provider import provider

PICO = 10**12
TOKEN_BOUNDS = tuple(4.0**n for n in range(14))
COST_BOUNDS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0)
SECOND_BOUNDS = tuple(0.01 * 2**n for n in range(14))
# Beyond this it is a broken record rather than a call, and sums could leave the range of a store.
_LARGEST = 2**40


class Labels(NamedTuple):
    """What tells one series from another. Never a person, a project or a conversation."""

    operation: str
    provider: str
    request_model: str
    response_model: str
    server: str
    port: int | None
    error: str


OVERFLOW = Labels("_OTHER", "_OTHER", "_OTHER", "_OTHER", "", None, "")
"""Where a call is counted once there are too many series already."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The event's id, the day it happened on, its labels, and how much each of its counters goes up."""

    id: str
    day: int
    labels: str
    additions: Mapping[str, int]


def measure(event: Event) -> Measured | None:
    """Say what the event adds; None for what asks no model, and for numbers that cannot be."""
    additions = dict(_additions(event))
    if not additions or not all(0 <= number <= _LARGEST for number in _numbers(event)):
        return None
    day = event.time_ns // 86_400_000_000_000
    return Measured(event.id, day, write_labels(labels_of(event)), additions)


def labels_of(event: Event) -> Labels:
    """Give the labels of the series that an event belongs to."""
    host, port = server_of(event)
    models = event.request_model or event.deployment, event.response_model
    return Labels(event.operation, provider(host), *models, host, port, error_type(event))


def write_labels(labels: Labels) -> str:
    """Write labels as the text that is the key of their series."""
    return json.dumps(labels, separators=(",", ":"))


def read_labels(text: str) -> Labels:
    """Read what `write_labels` wrote."""
    return Labels(*json.loads(text))


def _numbers(event: Event) -> tuple[Decimal | int, ...]:
    return (
        event.prompt_tokens,
        event.completion_tokens,
        event.deployment_price,
        event.operation_duration_ms or 0,
    )


def _additions(event: Event) -> Iterator[tuple[str, int]]:
    """Tokens that nobody counted and times that nobody took are left out: they are not zero."""
    if not event.operation:
        return
    if event.has_usage:
        yield from _tokens("in", event.prompt_tokens)
        if event.surface is not Surface.EMBEDDINGS:
            yield from _tokens("out", event.completion_tokens)
    if priced(event):
        yield from _money(event.deployment_price)
    if event.operation_duration_ms is not None:
        took = event.operation_duration_ms
        yield f"time.b{bisect_left(SECOND_BOUNDS, took / 1000)}", 1
        yield "time.sum", took


def _tokens(name: str, tokens: int) -> Iterator[tuple[str, int]]:
    yield f"{name}.b{bisect_left(TOKEN_BOUNDS, tokens)}", 1
    yield f"{name}.sum", tokens


def _money(cost: Decimal) -> Iterator[tuple[str, int]]:
    units, pico = divmod(round(cost * PICO), PICO)
    yield f"cost.b{bisect_left(COST_BOUNDS, float(cost))}", 1
    yield "cost.units", units
    yield "cost.pico", pico
