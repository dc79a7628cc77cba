"""Opening the file so that "stored" survives a power cut, and telling SQLite's failures apart."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.sinks.base import SinkUnavailable
from workers.sinks.sqlite.migrations import NewerSchema, migrate

MEMORY = ":memory:"

# Primary result code -> our reason, and whether a person has to act before it can work again.
_FAULTS = {
    sqlite3.SQLITE_BUSY: ("locked", False),
    sqlite3.SQLITE_LOCKED: ("locked", False),
    sqlite3.SQLITE_FULL: ("disk_full", False),
    sqlite3.SQLITE_IOERR: ("disk_error", False),
    sqlite3.SQLITE_CANTOPEN: ("cannot_open", True),
    sqlite3.SQLITE_READONLY: ("read_only", True),
    sqlite3.SQLITE_PERM: ("read_only", True),
    sqlite3.SQLITE_NOTADB: ("not_a_database", True),
    sqlite3.SQLITE_CORRUPT: ("corrupt", True),
}


def connect(path: Path | str, busy_timeout_s: float) -> sqlite3.Connection:
    """An open, migrated store; transactions are begun and ended by hand."""
    try:
        if str(path) != MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise SinkUnavailable("cannot_open", pause=True) from None
    with faults():
        db = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
        try:
            # Readers never wait for the writer, nor it for them.
            db.execute("PRAGMA journal_mode = WAL")
            # NORMAL would lose the last commits in a power cut. The parcel is deleted as soon as `write`
            # returns, so by then it is on the disk: one fsync for some hundred events is a fair price.
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            # Of several processes that start together, one does it and the others wait.
            with transaction(db):
                migrate(db)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. It takes the write lock at once: a reader that turns writer cannot wait for it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def faults() -> Iterator[None]:
    """Turn what SQLite raises into SinkUnavailable."""
    try:
        yield
    except NewerSchema:
        unavailable = SinkUnavailable("newer_schema", pause=True)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        reason, pause = _FAULTS.get(code, ("database_error", False))
        unavailable = SinkUnavailable(reason, pause=pause)
    else:
        return
    raise unavailable
