"""Sends the records on, in a thread of its own: to Redis, or to disk while Redis is away."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from redis import RedisError

from api.items import Item
from api.proxy.call import Call
from api.spool import Spool
from api.verdict import TASK, Verdict
from workers.parcels import Crowded, NewParcel, ParcelStore

logger = logging.getLogger(__name__)

# Calls that end within this time share a parcel.
GATHER_S = 0.05
IDLE_S = 0.5
MOST_AT_ONCE = 100
# Bodies that wait in memory for this thread; beyond, records are dropped and counted.
MOST_HELD = 64 * 1024 * 1024
# Redis is asked again after this, then after twice as long, and so on.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0


@dataclass(slots=True)
class Outbox:
    """`write` makes a log line of a call; `wake` rings for a parcel."""

    store: ParcelStore
    spool: Spool
    write: Callable[[Call], str]
    wake: Callable[[str, str], object]
    parcel_records: int
    _calls: SimpleQueue[Call | None] = field(default_factory=SimpleQueue, init=False)
    _held: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _lost: Counter[str] = field(default_factory=Counter, init=False)
    _told: Counter[str] = field(default_factory=Counter, init=False)
    _pause_s: float = field(default=0.0, init=False)
    _pause_until: float = field(default=0.0, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Everything that was put is in Redis or on disk when it returns."""
        self._calls.put(None)
        if self._thread is not None:
            self._thread.join()

    def put(self, call: Call) -> None:
        """Returns at once and never fails."""
        size = call.request.kept + call.response.kept
        with self._lock:
            if self._held + size > MOST_HELD:
                self._lost["memory_full"] += 1
                return
            self._held += size
        self._calls.put(call)

    def figures(self) -> dict[str, object]:
        """What waits in memory and on disk, and what this process has lost since its start."""
        files = self.spool.files()
        with self._lock:
            lost = self._lost + self._told
        return {"waiting": self._calls.qsize(), "spooled_parcels": len(files), "lost": dict(lost)}

    def _run(self) -> None:
        going = True
        while going:
            calls, going = self._gather()
            if calls:
                self._send(calls)
            self._drain()

    def _gather(self) -> tuple[list[Call], bool]:
        """What has ended meanwhile, and whether to go on."""
        calls: list[Call] = []
        try:
            call = self._calls.get(timeout=IDLE_S)
            time.sleep(GATHER_S if call and self._calls.empty() else 0)
            while call is not None:
                calls.append(call)
                if len(calls) == MOST_AT_ONCE:
                    return calls, True
                call = self._calls.get_nowait()
        except Empty:
            return calls, True
        return calls, False

    def _send(self, calls: list[Call]) -> None:
        lines = [line for line in map(self._written, calls) if line]
        shipment = Verdict(tuple(map(Item, lines))).shipment(self.parcel_records, brake=1.0)
        for parcel in shipment.parcels:
            if not self._delivered(parcel) and not self.spool.add(parcel):
                self._lose("spool_full", parcel.records)
        with self._lock:
            self._held -= sum(call.request.kept + call.response.kept for call in calls)

    def _written(self, call: Call) -> str:
        """One strange call is no reason to lose the others."""
        try:
            return self.write(call)
        except (ValueError, TypeError, LookupError, RecursionError) as odd:
            logger.error("call_not_recorded", extra={"reason": type(odd).__name__})  # noqa: TRY400 - no texts
            self._lose("unreadable", 1)
            return ""

    def _lose(self, reason: str, records: int) -> None:
        with self._lock:
            self._lost[reason] += records

    def _delivered(self, parcel: NewParcel) -> bool:
        if time.monotonic() < self._pause_until:
            return False
        try:
            self._put(parcel)
        except (RedisError, Crowded) as away:
            self._pause(type(away).__name__)
            return False
        return True

    def _put(self, parcel: NewParcel) -> None:
        """Into Redis, together with the count of what was lost."""
        with self._lock:
            lost = Counter(self._lost)
        self.store.put([parcel], counts={"accepted": parcel.records, **_named(lost)})
        with self._lock:
            self._lost -= lost
            self._told += lost
        self._pause_s = 0.0
        self.wake(parcel.id, TASK)

    def _pause(self, reason: str) -> None:
        if not self._pause_s:
            logger.warning("recorder_spools", extra={"reason": reason})
        self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), LONGEST_PAUSE_S)
        self._pause_until = time.monotonic() + self._pause_s

    def _drain(self) -> None:
        if time.monotonic() < self._pause_until:
            return
        try:
            sent = self.spool.drain(self._put, MOST_AT_ONCE)
        except (RedisError, Crowded) as away:
            self._pause(type(away).__name__)
            return
        if sent:
            logger.info("spool_sent", extra={"parcels": sent})


def _named(lost: Mapping[str, int]) -> dict[str, int]:
    return {f"lost:{reason}": count for reason, count in lost.items()}
