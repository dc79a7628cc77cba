"""The counters that everybody sees: one Redis hash, raised inside the very transactions that it counts."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from workers.metrics import is_declared
from workers.telemetry import COUNTERS, check_counter

KEY = "dial:counters"


def checked(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that are not zero, once every name has proved to be a declared one."""
    for name in counts:
        if not is_declared(name):
            check_counter(name)
    return {name: by for name, by in counts.items() if by}


def read(redis: Redis) -> dict[str, int]:
    """What became of the records: the counters of `telemetry.COUNTERS`."""
    return flow(read_all(redis))


def flow(entries: Mapping[str, int]) -> dict[str, int]:
    return {name: value for name, value in entries.items() if name.partition(":")[0] in COUNTERS}


def read_all(redis: Redis) -> dict[str, int]:
    """Counters, findings and histograms."""
    found = cast("dict[bytes, bytes]", redis.hgetall(KEY))
    return {name.decode(): int(value) for name, value in found.items()}
