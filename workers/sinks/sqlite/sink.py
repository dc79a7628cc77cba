"""Events to an SQLite file: an upsert by event id, one transaction a write."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analytics.event import Event
from workers.sinks.base import Rejection
from workers.sinks.sqlite.database import connect, faults, transaction
from workers.sinks.sqlite.rows import EVENT_COLUMNS, USAGE_COLUMNS, OutOfRange, Row, event_row, usage_rows

_UPSERT = (
    f"INSERT INTO events ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"  # noqa: S608
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in EVENT_COLUMNS[1:])}"
)
_USAGE_COLUMNS = ("event_id", "position", *USAGE_COLUMNS)
_PUT_USAGE = (
    f"INSERT OR REPLACE INTO model_usage ({', '.join(_USAGE_COLUMNS)})"  # noqa: S608 - names of our own columns
    f" VALUES ({', '.join('?' * len(_USAGE_COLUMNS))})"
)


class SqliteSink:
    """One connection, opened at the first use and shared by all threads behind a lock.

    Several processes may write the same file: each waits up to `busy_timeout_s` for the others.
    """

    name = "sqlite"

    def __init__(self, path: Path | str, *, busy_timeout_s: float = 10.0) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def write(self, events: Sequence[Event]) -> list[Rejection]:
        rows: list[Row] = []
        usages: list[Row] = []
        rejections: list[Rejection] = []
        for event in events:
            try:
                row, usage = event_row(event), usage_rows(event)
            except OutOfRange:
                rejections.append(Rejection((event,), "number_out_of_range"))
            else:
                rows.append(row)
                usages += usage
        self._store(rows, usages)
        return rejections

    def check(self) -> None:
        """Take the write lock and give it back: proves the file, the schema and the right to write."""
        with self._turn() as db, transaction(db):
            pass

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _store(self, rows: list[Row], usages: list[Row]) -> None:
        if not rows:
            return
        with self._turn() as db, transaction(db):
            db.executemany(_UPSERT, rows)
            db.executemany("DELETE FROM model_usage WHERE event_id = ?", [(row[0],) for row in rows])
            db.executemany(_PUT_USAGE, usages)

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """The connection for one thread at a time, with SQLite's failures turned into ours."""
        with self._lock, faults():
            if self._db is None:
                self._db = connect(self._path, self._busy_timeout_s)
            yield self._db
