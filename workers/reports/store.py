"""Opening the embedded store to read it, and saying in one word why it cannot be read."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

MAPPED_BYTES = 1 << 30
# What the reports are asked with, for those who only hand it on.
Store = sqlite3.Connection


class ReportError(Exception):
    """The store cannot be read; `reason` is no_store, locked or unreadable_store."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, and that sees one moment of the store however long it reads."""
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10, isolation_level=None
        )
        try:
            # Reports read much and once: pages of the file are looked at in place, and not copied first.
            db.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            db.execute("BEGIN")
            yield db
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        reason = _reason(error)
    else:
        return
    raise ReportError(reason)


def usd(micros: int, rest: int) -> Decimal:
    """Dollars from whole micro-dollars and what is left, in 1e-12 USD."""
    return Decimal(micros * 1_000_000 + rest).scaleb(-12)


def _reason(error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return "locked"
    # SQLITE_ERROR: there is a file, but nobody has made its tables yet.
    return "no_store" if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR} else "unreadable_store"
