"""The InfluxDB sink: 2.x by bucket, 3.x by database, 1.8 and later through its compatibility path."""

from workers.sinks.influx.sink import InfluxSink
from workers.sinks.influx.wire import NO_ORG, InfluxTarget

__all__ = ["NO_ORG", "InfluxSink", "InfluxTarget"]
