"""The counters that everybody sees: one Redis hash, raised inside the very transactions that it counts."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from workers.telemetry import check_counter

KEY = "dial:counters"


def checked(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that are not zero, once every name has proved to be a declared one."""
    for name in counts:
        check_counter(name)
    return {name: by for name, by in counts.items() if by}


def read(redis: Redis) -> dict[str, int]:
    found = cast("dict[bytes, bytes]", redis.hgetall(KEY))
    return {name.decode(): int(value) for name, value in found.items()}
