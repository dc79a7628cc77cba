"""The totals as metrics, with the names, units and attributes of OpenTelemetry and of Dev Proxy's plugin.

They are plain values: one exporter makes OTLP of them, one page makes Prometheus' text of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.telemetry.meters import (
    COST_BOUNDS,
    OVERFLOW,
    PICO,
    SECOND_BOUNDS,
    TOKEN_BOUNDS,
    Labels,
    read_labels,
)
from analytics.telemetry.provider import OPENAI

Totals = Mapping[str, int]
"""Counters of one series, by the names that `meters` gives them."""
Attributes = dict[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Point:
    """A histogram's counts (the last one is of what is beyond all bounds) and sum; a counter has its sum."""

    attributes: Attributes
    sum: Decimal
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """Without bounds it is a counter that only goes up."""

    name: str
    unit: str
    description: str
    points: tuple[Point, ...]
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """Which counters make a point: the prefix of their names, the attribute they add, and their sum."""

    prefix: str
    bounds: tuple[float, ...]
    total: Callable[[Totals], Decimal]
    extra: Mapping[str, str]


def metrics(series: Mapping[str, Totals], currency: str = "USD", *, costs: bool = True) -> list[Metric]:
    """Make the metrics of all series; those that nothing was counted for are left out."""
    read = {read_labels(text): totals for text, totals in series.items()}
    tokens = [
        _Part(kind, TOKEN_BOUNDS, _sum(kind), {"gen_ai.token.type": f"{kind}put"}) for kind in ("in", "out")
    ]
    paid = _Part("cost", COST_BOUNDS, _money, {"currency": currency})
    took = _Part("time", SECOND_BOUNDS, lambda totals: Decimal(totals.get("time.sum", 0)) / 1000, {})
    spent = _points(read, paid) if costs else ()
    found = [
        Metric(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of tokens processed",
            tuple(point for part in tokens for point in _points(read, part)),
            TOKEN_BOUNDS,
        ),
        Metric(
            "gen_ai.usage.cost", currency, f"Estimated cost per request in {currency}", spent, COST_BOUNDS
        ),
        Metric(
            "gen_ai.usage.total_cost",
            currency,
            f"Total estimated cost in {currency}, since counting began",
            tuple(Point(point.attributes, point.sum) for point in spent),
        ),
        Metric(
            "gen_ai.client.operation.duration",
            "s",
            "Duration of the operation",
            _points(read, took, errors=True),
            SECOND_BOUNDS,
        ),
    ]
    return [metric for metric in found if metric.points]


def _points(series: Mapping[Labels, Totals], part: _Part, *, errors: bool = False) -> tuple[Point, ...]:
    """Only durations tell failed calls from others; for the rest these are the same series."""
    groups: dict[Labels, list[Totals]] = defaultdict(list)
    for labels, totals in series.items():
        if any(name.startswith(part.prefix + ".b") for name in totals):
            groups[labels if errors else labels._replace(error="")].append(totals)
    return tuple(
        Point(
            {**_attributes(labels), **part.extra},
            sum((part.total(totals) for totals in group), Decimal(0)),
            tuple(_counts(group, part)),
        )
        for labels, group in sorted(groups.items(), key=lambda item: repr(item[0]))
    )


def _counts(group: Iterable[Totals], part: _Part) -> list[int]:
    names = (f"{part.prefix}.b{n}" for n in range(len(part.bounds) + 1))
    return [sum(totals.get(name, 0) for totals in group) for name in names]


def _sum(kind: str) -> Callable[[Totals], Decimal]:
    return lambda totals: Decimal(totals.get(f"{kind}.sum", 0))


def _money(totals: Totals) -> Decimal:
    pico = totals.get("cost.units", 0) * PICO + totals.get("cost.pico", 0)
    return Decimal(pico).scaleb(-12)


def _attributes(labels: Labels) -> Attributes:
    if labels == OVERFLOW:
        return {"otel.metric.overflow": True}
    known: dict[str, str | int | None] = {
        "gen_ai.operation.name": labels.operation,
        "gen_ai.provider.name": labels.provider,
        "gen_ai.system": OPENAI,
        "gen_ai.request.model": labels.request_model,
        "gen_ai.response.model": labels.response_model,
        "server.address": labels.server,
        "server.port": labels.port,
        "error.type": labels.error,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}
