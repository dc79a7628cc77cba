"""How the app connects to its broker: as Celery does, but with less patience after a long outage."""

from typing import Any

from celery import Celery
from kombu import connection

LONGEST_RETRY_S = 4


class Connection(connection.Connection):
    """After a long outage a worker is back within seconds; kombu itself looks every half minute only."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("interval_max", LONGEST_RETRY_S)
        return super().ensure_connection(*args, **kwargs)  # type: ignore[no-untyped-call]


def install(celery: Celery) -> None:
    """Let the app connect like this from now on."""
    celery.amqp.Connection = Connection
