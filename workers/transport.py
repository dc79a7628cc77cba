"""Celery's Redis transport, without the one fault that made workers wait for ever after a restart of Redis.

When an acknowledgement fails, kombu (5.7.0) keeps the message among the unacknowledged: its place in the
prefetch window is never given back. A worker that has lost all its places asks for nothing more, and does not
even notice that its connection is gone.
"""

from kombu.transport import TRANSPORT_ALIASES, redis, virtual


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


def install() -> None:
    """Let `redis://` and `rediss://` mean this transport, for every connection made from now on."""
    TRANSPORT_ALIASES.update(redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport")
