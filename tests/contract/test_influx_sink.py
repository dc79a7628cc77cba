"""The sink contract for InfluxDB: the unchanged sink against a real server, read back with InfluxQL."""

from collections.abc import Iterator

import pytest

from analytics.event import Event
from analytics.points import points
from tests.contract.sink_contract import SinkContract, Stand
from tests.influx_server import TOKEN, InfluxServer
from tests.servers import free_port
from workers.sinks.influx import InfluxSink, InfluxTarget


@pytest.mark.integration
class TestInflux(SinkContract):
    @pytest.fixture
    def stand(self, influx_server: InfluxServer) -> Iterator[Stand]:
        database = influx_server.new_database()
        sink = InfluxSink(InfluxTarget(influx_server.url, database, token=TOKEN), points)

        def chat_id_of(event: Event) -> str:
            [row] = influx_server.query(database, "SELECT chat_id FROM analytics")
            return str(row["chat_id"])

        def unreachable() -> InfluxSink:
            return InfluxSink(InfluxTarget(f"http://127.0.0.1:{free_port()}", database, timeout_s=2), points)

        yield Stand(sink, lambda: influx_server.points(database), chat_id_of, unreachable)
        sink.close()
