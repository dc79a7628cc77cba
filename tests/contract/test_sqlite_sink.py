"""The sink contract for SQLite: in a file, and in memory as the twin that other tests use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.event import Event
from tests.contract.sink_contract import SinkContract, Stand
from workers.sinks.sqlite import SqliteSink


class TestSqlite(SinkContract):
    @pytest.fixture(params=["file", "memory"])
    def stand(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
        sink = SqliteSink(tmp_path / "analytics.sqlite" if request.param == "file" else ":memory:")
        sink.check()

        def ask(sql: str, *values: str) -> Any:
            assert sink._db is not None
            return sink._db.execute(sql, values).fetchone()[0]

        def chat_id_of(event: Event) -> str:
            return str(ask("SELECT chat_id FROM events WHERE id = ?", event.id))

        def unreachable() -> SqliteSink:
            return SqliteSink(tmp_path)  # A folder is no file.

        yield Stand(sink, lambda: int(ask("SELECT count(*) FROM events")), chat_id_of, unreachable)
        sink.close()
