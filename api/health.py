"""Is it alive, is it ready: for load balancers, for `dial-analytics status`, and for people in a hurry."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint
from redis import RedisError
from redis.exceptions import ResponseError

from api import auth
from api.house import house
from workers import vitals
from workers.parcels import Crowded, ParcelStore, Stats

doors = Blueprint("health", __name__)


@doors.get("/health")
def health() -> dict[str, str]:
    """Says that the process answers, and nothing else."""
    return {"status": "ok"}


@doors.get("/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Says whether a batch would be taken now and reach its sinks."""
    report = examine(house().store)
    shown = report if auth.may_read() else {name: report[name] for name in ("status", "reasons")}
    return shown, 200 if report["status"] == "ready" else 503


def examine(store: ParcelStore) -> dict[str, Any]:
    """Try what a batch would meet, and tell how things stand."""
    try:
        closed = closed_by(store)
        return readiness(store.stats(), vitals.read(store), closed)
    except RedisError:
        return {"status": "unavailable", "reasons": ["store_unavailable"]}


def closed_by(store: ParcelStore) -> list[str]:
    """Why a batch would be sent away now; a Redis that is full can still be read."""
    try:
        store.probe()
    except Crowded as crowded:
        return [crowded.reason]
    except ResponseError:
        return ["store_unavailable"]
    return []


def readiness(stats: Stats, signs: vitals.Vitals, closed: Sequence[str] = ()) -> dict[str, Any]:
    """Paused sinks and idle workers need a person: batches are taken and kept, but do not arrive."""
    reasons = [
        *closed,
        *(f"sink_paused:{sink}" for sink in sorted(stats.paused)),
        *(f"no_progress:{task}" for task in signs.stalled),
    ]
    return {
        "status": "unavailable" if reasons else "ready",
        "reasons": reasons,
        "backlog": dict(stats.backlog),
        "oldest_s": dict(stats.oldest_s),
        "idle_s": dict(signs.idle_s),
        "dead_letters": dict(stats.dead_letters),
        "paused_sinks": dict(stats.paused),
    }
