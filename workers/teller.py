"""The teller: a thread that sends the totals to an OpenTelemetry collector, one process of all at a time.

Totals are cumulative, so one that could not be sent is part of the next. Who may send is decided by a key in
Redis; it outlives a process that dies with it by seconds only.
"""

import logging
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from redis import Redis, RedisError

from analytics.telemetry.metrics import Metric, metrics
from workers import meters
from workers.routine import Routine

logger = logging.getLogger(__name__)

TURN = "dial:genai:turn"
# An export that takes longer than this has failed.
LONGEST_EXPORT_S = 12.0
NANO = 1_000_000_000


class Said(Protocol):
    """What came of an export: "" or a reason code."""

    @property
    def reason(self) -> str: ...


class Hearer(Protocol):
    """A collector of metrics."""

    def take_metrics(self, metrics: Sequence[Metric], since_ns: int, now_ns: int) -> Said: ...

    def close(self) -> None: ...


class Teller(Routine):
    """Sends the totals when it is the turn of this process."""

    def __init__(self, redis: Redis, hearer: Hearer, *, every_s: float, currency: str, costs: bool) -> None:
        super().__init__("teller")
        self._redis = redis
        self._hearer = hearer
        self._every_s = every_s
        self._currency = currency
        self._costs = costs
        self._failed = ""

    def stop(self, timeout_s: float = 5.0) -> None:
        super().stop(timeout_s)
        self._hearer.close()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s / 4):
            try:
                reason = self.tell()
            except RedisError as away:
                reason = type(away).__name__
            self._report(reason)

    def tell(self) -> str:
        """Send the totals if it is this process's turn; why that failed, or ""."""
        mine = uuid4().hex
        if not self._redis.set(TURN, mine, nx=True, px=_ms(LONGEST_EXPORT_S)):
            return self._failed
        reason = self._send()
        # Nobody else has a turn before the interval is over.
        if self._redis.get(TURN) == mine.encode():
            self._redis.pexpire(TURN, _ms(self._every_s))
        return reason

    def _send(self) -> str:
        reading = meters.read(self._redis)
        found = metrics(reading.series, self._currency, costs=self._costs)
        if reading.since is None or not found:
            return ""
        since_ns = round(reading.since * 1000) * (NANO // 1000)
        return self._hearer.take_metrics(found, since_ns, time.time_ns()).reason

    def _report(self, reason: str) -> None:
        """Once when it begins to fail, and once when it is over."""
        if reason and not self._failed:
            logger.warning("metrics_unavailable", extra={"reason": reason})
        elif self._failed and not reason:
            logger.warning("metrics_back")
        self._failed = reason


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
