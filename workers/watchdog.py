"""Notices a worker that sits idle while messages wait for it, and makes it connect to the broker anew.

Workers that went deaf after a reconnect have been reported against Celery for years, each time with another
cause. So this looks at progress, not at causes. It runs inside the consumer's event loop, without a
thread of its own that a fork would leave behind.
"""

import logging
from typing import Any

from celery import bootsteps
from celery.worker import state
from redis import Redis, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.parcels import CELERY_PREFIX, connect

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
# So many checks in a row without progress. A healthy worker that is idle takes a message within milliseconds.
PATIENCE = 4


class Progress:
    """Counts the checks at which messages waited and nothing had been done since the last one."""

    def __init__(self) -> None:
        self._done = -1
        self._idle = 0

    def stuck(self, *, done: int, busy: bool, waiting: int) -> bool:
        idle = waiting > 0 and not busy and done == self._done
        self._done = done
        self._idle = self._idle + 1 if idle else 0
        return self._idle >= PATIENCE


class Watchdog(bootsteps.StartStopStep):
    """A step of the consumer: starts anew with each connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._timer: Any = None
        self._redis: Redis | None = None

    def start(self, parent: Any) -> None:
        self._redis = connect(parent.app.settings)
        self._queues = [CELERY_PREFIX + name for name in parent.app.amqp.queues.consume_from]
        progress = Progress()
        self._timer = parent.timer.call_repeatedly(CHECK_EVERY_S, self.check, (progress,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - the signature is Celery's
        if self._timer is not None:
            self._timer.cancel()
        if self._redis is not None:
            self._redis.close()

    def check(self, progress: Progress) -> None:
        """Raise what the event loop takes for a lost connection; Celery then builds everything up again."""
        done = sum(state.total_count.values())
        if progress.stuck(done=done, busy=bool(state.reserved_requests), waiting=self._waiting()):
            logger.warning("worker_deaf")
            raise RedisConnectionError("messages wait, and none comes")

    def _waiting(self) -> int:
        try:
            return sum(int(self._redis.llen(queue)) for queue in self._queues) if self._redis else 0
        except RedisError:
            # The consumer finds out by itself that the broker is away.
            return 0
