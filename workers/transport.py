"""Celery's Redis transport, without the fault that made workers wait for ever after a restart of Redis.

When an acknowledgement fails, kombu (5.7.0) keeps the message among the unacknowledged: its place in the
prefetch window is never given back. A worker that has lost all its places asks for nothing more, and does not
even notice that its connection is gone.
"""

from typing import Any

from celery import Celery
from kombu import connection
from kombu.transport import TRANSPORT_ALIASES, redis, virtual

LONGEST_RETRY_S = 4


class QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        """Give the place back in any case. What stays behind in Redis comes again, as a wake-up too many."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel = Channel


class Connection(connection.Connection):
    """After a long outage a worker is back within seconds; kombu itself looks every half minute only."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("interval_max", LONGEST_RETRY_S)
        return super().ensure_connection(*args, **kwargs)  # type: ignore[no-untyped-call]


def install(celery: Celery) -> None:
    """Let `redis://` and `rediss://` mean this transport, and let the app connect by it."""
    celery.amqp.Connection = Connection
    TRANSPORT_ALIASES.update(redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport")
