"""How many different users there were. Users are hashes; the store knows no names."""

# ruff: noqa: S608 - the query is put together from our own words; every value is a parameter.

import sqlite3

from workers.reports.scope import Scope


def gather(db: sqlite3.Connection, scope: Scope) -> None:
    """Find who was there on which day, for the reports below; with filters in the groups that match."""
    table, which = ("user_groups", scope.groups) if scope.filters else ("user_days", "true")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("DROP TABLE IF EXISTS temp.present")
    db.execute(
        f"CREATE TEMP TABLE present AS SELECT DISTINCT day, user_id FROM {table}"
        f" WHERE {which} AND day >= :since AND day < :until",
        scope.values,
    )


def users(db: sqlite3.Connection) -> int:
    [(number,)] = db.execute("SELECT count(DISTINCT user_id) FROM present")
    return int(number)


def users_by_day(db: sqlite3.Connection) -> dict[int, int]:
    """Day -> how many different users it had."""
    return dict(db.execute("SELECT day, count(*) FROM present GROUP BY 1 ORDER BY 1").fetchall())
