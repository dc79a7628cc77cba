"""The metrics of the calls, as OpenTelemetry gets them, for the page that Prometheus reads."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from redis import Redis

from analytics.telemetry.metrics import Attributes, Metric, Point, metrics
from workers import meters
from workers.settings import Settings

# Prometheus wants the unit in the name; tokens and money are told by the names already.
SUFFIXES = {"s": "_seconds"}


def read(redis: Redis, settings: Settings) -> list[Family]:
    """What the ledger holds now; may raise redis.RedisError."""
    series = meters.read(redis).series
    return [_family(metric) for metric in metrics(series, settings.telemetry_currency)]


def _family(metric: Metric) -> Family:
    name = metric.name.replace(".", "_") + SUFFIXES.get(metric.unit, "")
    labels = list(_labels(metric.points))
    names = [label.replace(".", "_") for label in labels]
    if metric.bounds:
        histogram = HistogramMetricFamily(name, metric.description, labels=names)
        for point in metric.points:
            histogram.add_metric(
                _values(point.attributes, labels), list(_buckets(metric, point)), float(point.sum)
            )
        return histogram
    counter = CounterMetricFamily(name, metric.description, labels=names)
    for point in metric.points:
        counter.add_metric(_values(point.attributes, labels), float(point.sum))
    return counter


def _labels(points: Sequence[Point]) -> dict[str, None]:
    """All that any point has, in the order of their first appearance."""
    return {name: None for point in points for name in point.attributes}


def _values(attributes: Attributes, labels: Sequence[str]) -> list[str]:
    """An empty label is the same to Prometheus as one that is not there."""
    return [str(attributes.get(label, "")) for label in labels]


def _buckets(metric: Metric, point: Point) -> Iterator[tuple[str, float]]:
    bounds = [*(f"{bound:.12g}" for bound in metric.bounds), "+Inf"]
    return zip(bounds, map(float, accumulate(point.counts)), strict=True)
