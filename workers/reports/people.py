"""How many different users there were. Users are hashes; the store knows no names."""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3

from workers.reports.scope import DAY_NS, Scope


def users(db: sqlite3.Connection, scope: Scope) -> int:
    [(number,)] = db.execute(f"SELECT count(DISTINCT user_hash) FROM {_seen(scope)}", _values(scope))
    return int(number)


def users_by_day(db: sqlite3.Connection, scope: Scope) -> dict[int, int]:
    """Day -> how many different users it had."""
    sql = f"SELECT day, count(DISTINCT user_hash) FROM {_seen(scope)} GROUP BY 1 ORDER BY 1"
    return dict(db.execute(sql, _values(scope)).fetchall())


def _seen(scope: Scope) -> str:
    """Days and users; several filters at once are no facet, and must be looked up among the events."""
    if len(scope.filters) > 1:
        return (
            f"(SELECT time_ns / {DAY_NS} AS day, user_hash FROM events e WHERE time_ns >= :since_ns"
            f" AND time_ns < :until_ns AND user_hash != '' AND {scope.matching('e')})"
        )
    return (
        "(SELECT day, user_hash FROM user_days"
        " WHERE facet = :facet AND value = :value AND day >= :since AND day < :until)"
    )


def _values(scope: Scope) -> dict[str, str | int]:
    facet, value = next(iter(scope.filters.items()), ("", ""))
    return {**scope.values, "facet": facet, "value": value}
