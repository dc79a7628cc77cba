"""The life of one worker, as Celery's signals tell it: what is made, where, and when it is let go.

Models are loaded before the fork, so that all processes share their pages; all connections come later.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from celery import signals

from analytics.pipeline import Tools
from workers import models
from workers.app import make_celery
from workers.floor import Floor
from workers.settings import Settings
from workers.sinks import make_sinks
from workers.sinks.base import SinkUnavailable
from workers.telemetry import configure
from workers.watchdog import Watchdog

logger = logging.getLogger(__name__)

# Pools that announce each process that runs tasks; the others run them in threads beside the consumer.
FORKING, SOLO = "prefork", "solo"


class Workplace:
    """Settings, the Celery app made from them, and how its workers get their tools."""

    def __init__(self, settings: Settings, load: Callable[[Settings], Tools] = models.load) -> None:
        self.settings = settings
        self.celery = make_celery(settings)
        self.celery.steps["consumer"].add(Watchdog)
        self._load = load

    def connect(self) -> None:
        """Celery swallows what a handler raises, except SystemExit: that is how a worker refuses to start."""
        handlers = {
            signals.setup_logging: self.on_logging,
            signals.worker_init: self.on_init,
            signals.worker_process_init: self.on_process,
            signals.worker_ready: self.on_ready,
            signals.worker_process_shutdown: self.on_shutdown,
            signals.worker_shutdown: self.on_shutdown,
            signals.task_failure: self.on_failure,
        }
        for signal, handler in handlers.items():
            signal.connect(handler, weak=False)

    def on_logging(self, **_: Any) -> None:
        configure(self.settings)

    def on_init(self, sender: Any, **_: Any) -> None:
        """Once per worker, before any fork."""
        # Nobody listens to these, and each is one more connection that has to survive a restart of Redis.
        sender.options.update(without_gossip=True, without_mingle=True, without_heartbeat=True)
        queues = set(sender.app.amqp.queues.consume_from)
        if "analyze" in queues:
            Floor.of(self.celery).tools = self._tools(pool_name(sender.pool_cls))
        if "deliver" in queues:
            check_sinks(self.settings)

    def _tools(self, pool: str) -> Tools:
        settings = self.settings
        if pool == FORKING:
            if settings.topic_device not in ("auto", "cpu"):
                raise SystemExit(f"TOPIC_DEVICE={settings.topic_device!r} needs a worker with --pool=solo")
            settings = replace(settings, topic_device="cpu")
        try:
            return self._load(settings)
        except models.ModelError as wrong:
            raise SystemExit(str(wrong)) from None

    def on_process(self, **_: Any) -> None:
        """In each process that runs tasks, after the fork."""
        Floor.of(self.celery).start()

    def on_ready(self, sender: Any, **_: Any) -> None:
        """The worker listens, at the start and again after each reconnect."""
        pool = pool_name(type(sender.pool))
        if pool not in (FORKING, SOLO):
            Floor.of(self.celery).start()
        logger.info("worker_ready", extra={"pool": pool})

    def on_shutdown(self, **_: Any) -> None:
        Floor.of(self.celery).close()

    def on_failure(self, task_id: str, exception: BaseException, **_: Any) -> None:
        """A process that was killed in mid-task, and other ends that the task itself cannot tell of."""
        logger.error("task_failed", extra={"task_id": task_id, "reason": type(exception).__name__})


def pool_name(pool: Any) -> str:
    """Give prefork, solo, threads...; the command line hands over a class, an embedding program a name."""
    return str(pool) if isinstance(pool, str) else str(pool.__module__).rsplit(".", 1)[-1]


def check_sinks(settings: Settings) -> None:
    """Say at the start that a sink is away; its parcels wait until it is back."""
    for name, sink in make_sinks(settings).items():
        try:
            sink.check()
        except SinkUnavailable as away:
            logger.warning("sink_unavailable", extra={"sink": name, "reason": away.reason})
        finally:
            sink.close()
