"""A worker for tests: real in all but its topic model, which takes its time and dies of poison.

`celery -A tests.integration.workplace worker`; the pauses are what gives a test the time to pull the plug.
"""

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from celery import signals

from analytics.pipeline import Tools
from analytics.pricing import PriceBook
from workers.settings import Settings
from workers.workplace import Workplace

PAUSE_S = float(os.environ.get("TEST_PAUSE_S", "0"))  # per batch
POISON = "poison"


def name_topics(texts: Sequence[str]) -> list[str]:
    if any(POISON in text for text in texts):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(PAUSE_S)
    return ["cooking"] * len(texts)


def load(_: Settings) -> Tools:
    return Tools(lambda _: "en", name_topics, PriceBook())


def go_deaf(sender: Any, **_: Any) -> None:
    """Once: the first connection never asks for a message, as if it had lost its whole prefetch window."""
    signals.worker_ready.disconnect(go_deaf)
    sender.task_consumer.channel.qos.can_consume = lambda: False


if "TEST_DEAF" in os.environ:
    signals.worker_ready.connect(go_deaf, weak=False)
workplace = Workplace(Settings.from_env(), load)
workplace.connect()
app = workplace.celery
