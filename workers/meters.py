"""The totals of what models were asked, kept in Redis for all processes and machines together.

An event is claimed by its id within the step that adds it, so a task that is repeated, a batch that is sent
again and a worker that dies in between add nothing twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from analytics.event import Event
from analytics.telemetry.meters import OVERFLOW, Measured, measure, write_labels
from analytics.telemetry.metrics import Totals
from workers.scripts import Scripts

# OpenTelemetry's own limit: names of models come from outside, and each one more is a series for ever.
MOST_SERIES = 2_000
# A batch may be sent again this long after its day was last heard of. 12 bytes of an id tell events apart.
REMEMBERED_S = 7 * 86_400
_ID_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Reading:
    """All series, and the second since 1970 when counting began; None when nothing was counted yet."""

    since: float | None
    series: dict[str, Totals]


class Meters:
    """Every method may raise redis.RedisError."""

    def __init__(self, redis: Redis, *, most_series: int = MOST_SERIES) -> None:
        self._redis = redis
        self._run = Scripts(redis)
        self._most_series = most_series

    def add(self, events: Sequence[Event]) -> int:
        """Count what is not counted yet; how many events that were."""
        measured = [one for event in events if (one := measure(event))]
        if not measured:
            return 0
        args: list[bytes | str | float] = [len(measured)]
        for one in measured:
            args += [one.day, _short(one), one.labels, len(one.additions)]
            for name, by in one.additions.items():
                args += [name, by]
        head = self._most_series, write_labels(OVERFLOW), REMEMBERED_S
        return int(self._run("measure", *head, *args))

    def read(self) -> Reading:
        return read(self._redis)


def read(redis: Redis) -> Reading:
    """How the totals stand, in one consistent look."""
    with redis.pipeline(transaction=True) as steps:
        steps.get("dial:genai:since")
        steps.hgetall("dial:genai")
        since, found = cast("tuple[bytes | None, dict[bytes, bytes]]", steps.execute())
    series: dict[str, dict[str, int]] = defaultdict(dict)
    for key, value in found.items():
        name, _, labels = key.decode().partition(" ")
        series[labels][name] = int(value)
    return Reading(None if since is None else int(since) / 1000, dict(series))


def _short(one: Measured) -> bytes:
    return bytes.fromhex(one.id[:_ID_DIGITS])
