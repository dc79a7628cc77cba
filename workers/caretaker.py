"""The caretaker: a thread in each process that runs tasks. It renews the leases at hand, sweeps,
and says that the process lives.

Sweeping is waking parcels that are due and that nobody seems to know of: a message lost, a worker killed,
a sink that may be back.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from redis import RedisError

from workers import roster
from workers.parcels import TASKS, Parcel, ParcelStore
from workers.routine import Routine

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
PURGE_EVERY_S = 60.0
MOST_WAKE_UPS = 100

Wake = Callable[[str, str], bool]


def sweep(store: ParcelStore, wake: Wake, limit: int = MOST_WAKE_UPS) -> int:
    """Wake what is due, for all tasks; how many were told."""
    told = 0
    for task in TASKS:
        for parcel_id in store.wake_due(task, limit):
            # One that cannot be told now is claimed again later; the next ones would only wait as long.
            if not wake(parcel_id, task):
                return told
            told += 1
    return told


class Caretaker(Routine):
    """Renews leases, sweeps, tells that this process is alive, and forgets old letters."""

    def __init__(self, store: ParcelStore, wake: Wake, tasks: Sequence[str] = ()) -> None:
        super().__init__("caretaker")
        self._store = store
        self._tasks = tasks
        self._member = uuid4().hex
        self._wake = wake
        self._at_hand: dict[str, Parcel] = {}
        self._lock = threading.Lock()
        self._redis_away = False

    @contextmanager
    def holding(self, parcel: Parcel) -> Iterator[None]:
        """While the work goes on, its lease is renewed; afterwards it runs out, if nobody ended it."""
        with self._lock:
            self._at_hand[parcel.lease] = parcel
        try:
            yield
        finally:
            with self._lock:
                self._at_hand.pop(parcel.lease, None)

    def _run(self) -> None:
        renew_every = max(self._store.lease_s / 3, 0.05)
        pause = min(SWEEP_EVERY_S, renew_every)
        renew_at, sweep_at = time.monotonic() + renew_every, time.monotonic()
        purge_at = beat_at = time.monotonic()
        while not self._stopped.wait(pause):
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + renew_every
                self._guarded(self.renew)
            if now >= sweep_at:
                sweep_at = now + SWEEP_EVERY_S
                self._guarded(self._sweep)
            if now >= beat_at:
                beat_at = now + roster.BEAT_EVERY_S
                self._guarded(self._beat)
            if now >= purge_at:
                purge_at = now + PURGE_EVERY_S
                self._guarded(self._purge)

    def _guarded(self, duty: Callable[[], None]) -> None:
        """Redis may be away for hours: say so once, go on trying, and say when it is back."""
        try:
            duty()
        except RedisError as away:
            if not self._redis_away:
                logger.warning("redis_away", extra={"reason": type(away).__name__})
            self._redis_away = True
        else:
            if self._redis_away:
                logger.warning("redis_back")
            self._redis_away = False

    def renew(self) -> None:
        with self._lock:
            parcels = list(self._at_hand.values())
        for parcel in parcels:
            if not self._store.renew(parcel):
                self._forget(parcel)

    def _forget(self, parcel: Parcel) -> None:
        """Finished in this moment, or lost to another; either way there is nothing left to renew."""
        with self._lock:
            lost = self._at_hand.pop(parcel.lease, None)
        if lost:
            logger.info("lease_gone", extra={"parcel": parcel.id})

    def _purge(self) -> None:
        forgotten = self._store.purge()
        if forgotten:
            logger.warning("dead_letters_expired", extra={"letters": forgotten})

    def _beat(self) -> None:
        """Say that this process lives, for those who watch the metrics."""
        roster.beat(self._store.redis, self._member, self._tasks)

    def _sweep(self) -> None:
        told = sweep(self._store, self._wake)
        if told:
            logger.info("swept", extra={"woken": told})
