"""GET /metrics: what all processes on all machines have done, and what is waiting, as Prometheus reads it.

Everything comes from Redis, so it is the same whichever process answers. `docs/metrics.md` lists it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from redis import RedisError

from api import genai_metrics
from api.house import house
from api.problems import Unavailable
from workers import ledger, roster
from workers.metrics import FINDINGS, HISTOGRAMS, observed
from workers.parcels import TASKS, ParcelStore
from workers.telemetry import COUNTERS

doors = Blueprint("metrics", __name__)

PREFIX = "dial_analytics_"
Entries = Mapping[str, int]


@doors.get("/metrics")
def metrics() -> Response:
    """In the text format of Prometheus, or OpenMetrics where that is asked for."""
    try:
        held = house()
        families = [*read(held.store), *genai_metrics.read(held.store.redis, held.settings)]
    except RedisError as error:
        raise Unavailable("store_unavailable", "The figures could not be read: try again") from error
    registry = CollectorRegistry()
    registry.register(Read(families))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


class Read(Collector):
    """What has been read already, so that nothing can fail halfway through an answer."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def read(store: ParcelStore) -> Iterator[Metric]:
    """Every family of every source."""
    entries = ledger.read_all(store.redis)
    for source in FROM_LEDGER:
        yield from source(entries)
    yield from standing(store)


def counters(entries: Entries) -> Iterator[Metric]:
    """What became of the records, and what analysis found out about them. Those that never happened are 0."""
    for name, (label, meaning) in {**COUNTERS, **FINDINGS}.items():
        family = CounterMetricFamily(PREFIX + name, meaning.capitalize(), labels=[label] if label else [])
        if label:
            start = f"{name}:"
            for entry in sorted(entry for entry in entries if entry.startswith(start)):
                family.add_metric([entry.removeprefix(start)], entries[entry])
        else:
            family.add_metric([], entries.get(name, 0))
        yield family


def histograms(entries: Entries) -> Iterator[Metric]:
    """How long each stage takes, and how much the model is asked at once."""
    for name, histogram in HISTOGRAMS.items():
        labels = [histogram.label] if histogram.label else []
        family = HistogramMetricFamily(PREFIX + name, histogram.meaning.capitalize(), labels=labels)
        for label, found in observed(name, entries).items():
            buckets = [("+Inf" if bound == "inf" else bound, float(below)) for bound, below in found.buckets]
            family.add_metric([label] if label else [], buckets, found.total)
        yield family


def standing(store: ParcelStore) -> Iterator[Metric]:
    """How things stand now: what waits, since when, and who is there to work."""
    stats = store.stats()
    yield _gauge("backlog_parcels", "Parcels that wait or are being worked on", "task", stats.backlog)
    yield _gauge("oldest_parcel_seconds", "Age of the oldest parcel", "task", stats.oldest_s)
    yield _gauge("dead_letters", "Dead letters that wait for a person", "reason", stats.dead_letters)
    paused = dict.fromkeys(stats.paused, 1)
    yield _gauge("sink_paused", "1: the sink refuses its address or token and needs a person", "sink", paused)
    workers = roster.alive(store.redis, TASKS)
    yield _gauge("workers", "Processes that take this task and said so lately", "task", workers)


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


# Whatever else the ledger counts gets a function of its own here.
FROM_LEDGER: tuple[Callable[[Entries], Iterable[Metric]], ...] = (counters, histograms)
