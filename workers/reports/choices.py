"""What can be chosen in the filters: every project, model, deployment and language that the store knows."""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from collections.abc import Mapping

COLUMNS = ("project_id", "model", "deployment", "language")
MOST = 500


def choices(db: sqlite3.Connection) -> Mapping[str, tuple[str, ...]]:
    """Column -> its values in alphabetical order."""
    return {name: _values(db, name) for name in COLUMNS}


def _values(db: sqlite3.Connection, column: str) -> tuple[str, ...]:
    sql = f"SELECT DISTINCT {column} FROM groups WHERE {column} != '' ORDER BY 1 LIMIT ?"
    return tuple(value for (value,) in db.execute(sql, (MOST,)))
