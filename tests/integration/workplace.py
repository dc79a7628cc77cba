"""A worker for tests: real in all but its topic model, which takes its time and dies of poison.

`celery -A tests.integration.workplace worker`; the pauses are what gives a test the time to pull the plug.
"""

import os
import signal
import time
from collections.abc import Sequence

from analytics.pipeline import Tools
from analytics.pricing import PriceBook
from workers import transport
from workers.settings import Settings
from workers.workplace import Workplace

PAUSE_S = float(os.environ.get("TEST_PAUSE_S", "0"))
POISON = "poison"


def name_topics(texts: Sequence[str]) -> list[str]:
    if any(POISON in text for text in texts):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(PAUSE_S * len(texts))
    return ["cooking"] * len(texts)


def load(_: Settings) -> Tools:
    return Tools(lambda _: "en", name_topics, PriceBook())


if "TEST_STOCK_TRANSPORT" in os.environ:
    transport.install = lambda: None
workplace = Workplace(Settings.from_env(), load)
workplace.connect()
app = workplace.celery
