"""The embedded store: one SQLite file that dashboard and `report` read. On `:memory:` it serves tests."""

from workers.sinks.sqlite.sink import SqliteSink

__all__ = ["SqliteSink"]
