"""What people talk about: topics over time and by job title, with ids as examples. No texts are stored."""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from dataclasses import dataclass
from typing import Any

from analytics.exchange import MODEL_SURFACES
from workers.reports.scope import DAY_NS, Scope

_CALL = f"ok AND surface IN ({', '.join(repr(str(name)) for name in sorted(MODEL_SURFACES))})"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    calls: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Calls of one topic by people of one job title, or on one day."""

    topic: str
    place: Any
    calls: int


@dataclass(frozen=True, slots=True)
class Example:
    """Where to look one up: its ids and nothing that was said."""

    time_ns: int
    chat_id: str
    response_id: str
    trace_id: str
    title: str
    language: str
    project_id: str
    model: str


def topics(db: sqlite3.Connection, scope: Scope, *, top: int = 100) -> tuple[Topic, ...]:
    """The most frequent first; "undefined" is one of them."""
    sql = f"SELECT topic, sum(calls) FROM {_table(scope)} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :top"
    return tuple(Topic(*row) for row in db.execute(sql, _values(scope, top=top)))


def trend(db: sqlite3.Connection, scope: Scope) -> tuple[Cell, ...]:
    """Calls of every topic on every day."""
    sql = f"SELECT topic, day, sum(calls) FROM {_table(scope)} GROUP BY 1, 2"
    return tuple(Cell(*row) for row in db.execute(sql, _values(scope)))


def by_title(db: sqlite3.Connection, scope: Scope) -> tuple[Cell, ...]:
    """Calls of every topic by job title, "" when it is not known."""
    sql = f"SELECT topic, title, sum(calls) FROM {_table(scope)} GROUP BY 1, 2 ORDER BY 3 DESC"
    return tuple(Cell(*row) for row in db.execute(sql, _values(scope)))


def examples(db: sqlite3.Connection, scope: Scope, topic: str, *, top: int = 20) -> tuple[Example, ...]:
    """The latest calls about a topic."""
    sql = (
        "SELECT time_ns, chat_id, response_id, trace_id, title, language, project_id, model FROM events e"
        f" WHERE topic = :topic AND topic != '' AND {_CALL} AND time_ns >= :since_ns AND time_ns < :until_ns"
        f" AND {scope.matching('e')} ORDER BY time_ns DESC LIMIT :top"
    )
    return tuple(Example(*row) for row in db.execute(sql, _values(scope, topic=topic, top=top)))


def _table(scope: Scope) -> str:
    """Topics by day and title; several filters at once are no facet, and are counted among the events."""
    if len(scope.filters) > 1:
        return (
            f"(SELECT topic, title, time_ns / {DAY_NS} AS day, 1 AS calls FROM events e"
            f" WHERE time_ns >= :since_ns AND time_ns < :until_ns AND {_CALL} AND topic != ''"
            f" AND {scope.matching('e')})"
        )
    return (
        "(SELECT topic, title, day, calls FROM topic_days"
        " WHERE facet = :facet AND value = :value AND day >= :since AND day < :until)"
    )


def _values(scope: Scope, **more: Any) -> dict[str, Any]:
    facet, value = next(iter(scope.filters.items()), ("", ""))
    return {**scope.values, "facet": facet, "value": value, **more}
