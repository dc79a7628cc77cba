"""Is it alive, is it ready: for load balancers, for `dial-analytics status`, and for people in a hurry."""

from typing import Any

from flask import Blueprint
from redis import RedisError

from api import auth
from api.house import house
from workers.parcels import Stats

doors = Blueprint("health", __name__)


@doors.get("/health")
def health() -> dict[str, str]:
    """Says that the process answers, and nothing else."""
    return {"status": "ok"}


@doors.get("/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Says whether a batch would be taken now and reach its sinks."""
    try:
        report = readiness(house().store.stats())
    except RedisError:
        report = {"status": "unavailable", "reasons": ["store_unavailable"]}
    shown = report if auth.may_read() else {name: report[name] for name in ("status", "reasons")}
    return shown, 200 if report["status"] == "ready" else 503


def readiness(stats: Stats) -> dict[str, Any]:
    """A paused sink needs a person: batches are still taken and kept, but they do not arrive."""
    reasons = [f"sink_paused:{sink}" for sink in sorted(stats.paused)]
    return {
        "status": "unavailable" if reasons else "ready",
        "reasons": reasons,
        "backlog": dict(stats.backlog),
        "oldest_s": dict(stats.oldest_s),
        "dead_letters": dict(stats.dead_letters),
        "paused_sinks": dict(stats.paused),
    }
