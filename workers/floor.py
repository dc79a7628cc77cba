"""What one process that runs tasks holds: the parcel store, the sinks, the models, the caretaker.

Models may be shared with the parent process that loaded them; connections and threads come after the fork.
"""

import threading
from collections.abc import Mapping
from functools import partial

from celery import Celery

from analytics.pipeline import Tools
from workers.app import wake
from workers.caretaker import Caretaker
from workers.meters import Meters
from workers.otel_knobs import metrics_url
from workers.parcels import TASKS, ParcelStore, make_store
from workers.settings import Settings
from workers.sinks import make_collector, make_sinks, sink_names
from workers.sinks.base import Sink
from workers.teller import Teller


class Floor:
    """Made once per Celery app; what it holds is made on first use, unless a test brings its own."""

    def __init__(
        self,
        celery: Celery,
        *,
        store: ParcelStore | None = None,
        tools: Tools | None = None,
        sinks: Mapping[str, Sink] | None = None,
    ) -> None:
        self.celery = celery
        self.settings: Settings = celery.settings
        self.wake = partial(wake, celery)
        self._store = store
        self._tools = tools
        self._sinks = sinks
        self._caretaker: Caretaker | None = None
        self._meters: Meters | None = None
        self._teller: Teller | None = None
        self._lock = threading.RLock()
        self.sink_names = tuple(sinks) if sinks is not None else sink_names(self.settings)

    @classmethod
    def of(cls, celery: Celery) -> "Floor":
        held: Floor | None = getattr(celery, "floor", None)
        if held is None:
            held = celery.floor = cls(celery)
        return held

    @property
    def store(self) -> ParcelStore:
        with self._lock:
            if self._store is None:
                self._store = make_store(self.settings)
            return self._store

    @property
    def tools(self) -> Tools:
        with self._lock:
            if self._tools is None:
                from workers import models

                self._tools = models.load(self.settings)
            return self._tools

    @tools.setter
    def tools(self, tools: Tools) -> None:
        self._tools = tools

    @property
    def sinks(self) -> Mapping[str, Sink]:
        with self._lock:
            if self._sinks is None:
                self._sinks = make_sinks(self.settings)
            return self._sinks

    @property
    def caretaker(self) -> Caretaker:
        with self._lock:
            if self._caretaker is None:
                tasks = [task for task in TASKS if task in self.celery.amqp.queues.consume_from]
                self._caretaker = Caretaker(self.store, self.wake, tasks)
            return self._caretaker

    @property
    def meters(self) -> Meters:
        with self._lock:
            if self._meters is None:
                self._meters = Meters(self.store.redis)
            return self._meters

    @property
    def teller(self) -> Teller | None:
        """Where metrics are sent at all, by the processes that deliver."""
        with self._lock:
            wanted = metrics_url(self.settings) and "deliver" in self.celery.amqp.queues.consume_from
            if self._teller is None and wanted:
                self._teller = Teller(
                    self.store.redis,
                    make_collector(self.settings),
                    every_s=self.settings.telemetry_metrics_s,
                    currency=self.settings.telemetry_currency,
                    costs=bool(self.settings.telemetry_costs),
                )
            return self._teller

    def start(self) -> None:
        """Start the threads of this process; safe to call again."""
        self.caretaker.start()
        if self.teller is not None:
            self.teller.start()

    def close(self) -> None:
        """Stop the threads and let go of the sinks; safe to call when nothing was ever made."""
        if self._caretaker is not None:
            self._caretaker.stop()
        if self._teller is not None:
            self._teller.stop()
        for sink in (self._sinks or {}).values():
            sink.close()
