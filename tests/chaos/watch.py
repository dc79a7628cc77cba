"""Looks at the running plant twice a second: what was accepted, what has arrived where, and what waits."""

import threading
import time
from dataclasses import dataclass, field

from tests.chaos.client import Journal
from tests.chaos.plant import Plant

EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    accepted: int
    influx: int
    sqlite: int
    backlog: int | None


@dataclass(slots=True)
class Watch:
    """Samples over time, and when each event was first seen in SQLite, which keeps no such time itself."""

    plant: Plant
    journal: Journal
    samples: list[Sample] = field(default_factory=list)
    in_sqlite: dict[str, float] = field(default_factory=dict)
    _last_row: int = 0
    _closed: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        if self._thread:
            self._thread.join(10)
        self.look()

    def _run(self) -> None:
        while not self._closed.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        now = time.time()
        rows = self.plant.rows(self._last_row)
        for number, event_id in rows:
            self.in_sqlite.setdefault(event_id, now)
            self._last_row = number
        accepted, influx = len(self.journal.accepted), len(self.plant.influx.points)
        self.samples.append(Sample(now, accepted, influx, len(self.in_sqlite), self.plant.backlog()))
