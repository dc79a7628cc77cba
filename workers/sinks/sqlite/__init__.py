"""The embedded store: one SQLite file that the dashboard and `report` read. On `:memory:` it is the twin for tests."""

from workers.sinks.sqlite.sink import SqliteSink

__all__ = ["SqliteSink"]
