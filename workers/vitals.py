"""Is work being done? Told by progress, not by pulse: a worker that answers and does nothing is not alive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers import roster
from workers.parcels import TASKS, ParcelStore
from workers.scripts import Scripts

# A sink may ask for a pause of five minutes, and nothing is wrong while it lasts.
STALLED_AFTER_S = 400.0
FULL = 0.9


@dataclass(frozen=True, slots=True)
class Vitals:
    """By task: seconds without progress while something waits, error of the oldest parcel, workers alive.

    `store` names what is wrong with the way Redis is set up or filled, by codes.
    """

    idle_s: Mapping[str, float]
    errors: Mapping[str, str]
    workers: Mapping[str, int]
    store: tuple[str, ...] = ()

    @property
    def stalled(self) -> tuple[str, ...]:
        """The tasks that nobody works on although something waits."""
        return tuple(task for task, idle in self.idle_s.items() if idle > STALLED_AFTER_S)


def read(store: ParcelStore) -> Vitals:
    """May raise redis.RedisError."""
    said = [part.decode() for part in Scripts(store.redis)("vitals", *TASKS)]
    return Vitals(
        idle_s=dict(zip(TASKS, map(float, said[::2]), strict=True)),
        errors={task: error for task, error in zip(TASKS, said[1::2], strict=True) if error},
        workers=roster.alive(store.redis, TASKS),
        store=_wrongs(store.redis),
    )


def _wrongs(redis: Redis) -> tuple[str, ...]:
    """What makes this Redis a place where parcels can get lost."""
    info: dict[str, Any] = redis.info()
    limit = info.get("maxmemory", 0)
    found = {
        "no_append_only_file": not info.get("aof_enabled"),
        "append_only_file_fails": info.get("aof_last_write_status") != "ok",
        "evicts": info.get("maxmemory_policy") != "noeviction",
        "nearly_full": bool(limit) and info.get("used_memory", 0) > FULL * limit,
    }
    return tuple(name for name, wrong in found.items() if wrong)
