"""Wakes workers for many parcels with one push, a moment after their senders have their answer.

Publishing through Celery costs more than validating a record. So Celery writes one wake-up of each task, to
a broker in memory, and we send copies of it with other ids. What is lost is sent again by the sweeper.
"""

import json
import logging
import threading
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue

from celery import Celery
from kombu.connection import Connection
from kombu.messaging import Producer
from redis import Redis, RedisError

from workers.parcels import CELERY_PREFIX

logger = logging.getLogger(__name__)

# What arrives within this time shares a push; no analysis starts noticeably later.
GATHER_S = 0.02
MOST_AT_ONCE = 500

ID = "0123456789abcdef0123456789abcdef"
BODY = "{body}"


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A message of Celery with a hole for the id, and its body, which travels in base64, apart."""

    envelope: str
    body: str

    @classmethod
    def of(cls, celery: Celery, task: str) -> "WakeUp":
        with Connection("memory://") as memory, memory.channel() as channel:
            options = {"task_id": ID, "queue": task, "ignore_result": True, "retry": False}
            celery.send_task(task, args=(ID,), producer=Producer(channel), **options)
            message = channel._get(task)  # noqa: SLF001 - the message itself, before anybody reads it
        body = b64decode(message["body"]).decode()
        properties = message["properties"] | {"delivery_tag": ID}
        return cls(json.dumps(message | {"body": BODY, "properties": properties}), body)

    def to(self, parcel_id: str) -> str:
        """The message for one parcel; the id of the parcel serves as the id of the task, too."""
        body = b64encode(self.body.replace(ID, parcel_id).encode()).decode()
        return self.envelope.replace(ID, parcel_id).replace(BODY, body)


class Bell:
    """Rings from a thread of its own, which starts with the first ring: after any fork."""

    def __init__(self, celery: Celery, redis: Redis) -> None:
        self._redis = redis
        self._waiting: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake_up = cache(lambda task: WakeUp.of(celery, task))

    def ring(self, parcel_id: str, task: str) -> None:
        """Returns at once and never fails."""
        self._waiting.put((task, parcel_id))
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            time.sleep(GATHER_S)
            self._push([first, *self._arrived()])

    def _arrived(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        try:
            while len(found) < MOST_AT_ONCE:
                found.append(self._waiting.get_nowait())
        except Empty:
            return found
        return found

    def _push(self, rings: list[tuple[str, str]]) -> None:
        messages: dict[str, list[str]] = {}
        for task, parcel_id in rings:
            messages.setdefault(task, []).append(self._wake_up(task).to(parcel_id))
        try:
            for task, texts in messages.items():
                self._redis.lpush(CELERY_PREFIX + task, *texts)
        except RedisError as away:
            logger.warning("wake_failed", extra={"parcels": len(rings), "reason": type(away).__name__})
