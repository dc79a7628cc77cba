"""Metrics in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from analytics.telemetry.metrics import Attributes, Metric, Point

# Prometheus wants the unit in the name; tokens and money are told by the names already.
_SUFFIXES = {"s": "_seconds"}


def exposition(found: Sequence[Metric]) -> str:
    """Write metrics as lines, each of which ends with a line end."""
    return "".join(f"{line}\n" for metric in found for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = metric.name.replace(".", "_") + _SUFFIXES.get(metric.unit, "")
    if not metric.bounds:
        name += "_total"
    yield f"# HELP {name} {metric.description}."
    yield f"# TYPE {name} {'histogram' if metric.bounds else 'counter'}"
    for point in metric.points:
        yield from (
            _histogram(name, metric, point) if metric.bounds else [_line(name, point.attributes, point)]
        )


def _histogram(name: str, metric: Metric, point: Point) -> Iterator[str]:
    bounds = [*(f"{bound:.12g}" for bound in metric.bounds), "+Inf"]
    for bound, below in zip(bounds, accumulate(point.counts), strict=True):
        yield f"{name}_bucket{_labels({**point.attributes, 'le': bound})} {below}"
    yield _line(f"{name}_sum", point.attributes, point)
    yield f"{name}_count{_labels(point.attributes)} {sum(point.counts)}"


def _line(name: str, attributes: Attributes, point: Point) -> str:
    return f"{name}{_labels(attributes)} {point.sum.normalize():f}"


def _labels(attributes: Attributes) -> str:
    pairs = (f'{name.replace(".", "_")}="{_escaped(str(value))}"' for name, value in attributes.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
