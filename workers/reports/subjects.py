"""What people talk about: topics over time and by job title, with ids as examples. No texts are stored."""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from dataclasses import dataclass
from typing import Any

from analytics.exchange import MODEL_SURFACES
from workers.reports.scope import Scope

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


def gather(db: sqlite3.Connection, scope: Scope) -> None:
    """Add up the scope once, for the three reports below, in a table of this connection."""
    table, which = ("subject_groups", scope.groups) if scope.filters else ("subject_days", "true")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("DROP TABLE IF EXISTS temp.discussed")
    db.execute(
        "CREATE TEMP TABLE discussed AS SELECT s.topic, s.title, d.day, d.calls FROM"
        f" (SELECT subject_id, day, sum(calls) AS calls FROM {table}"
        f" WHERE {which} AND day >= :since AND day < :until GROUP BY 1, 2) d"
        " JOIN subjects s ON s.id = d.subject_id",
        scope.values,
    )


def topics(db: sqlite3.Connection, *, top: int = 100) -> tuple[Topic, ...]:
    """The most frequent first; "undefined" is one of them."""
    sql = "SELECT topic, sum(calls) FROM discussed GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"
    return tuple(Topic(*row) for row in db.execute(sql, (top,)))


def trend(db: sqlite3.Connection) -> tuple[Cell, ...]:
    """Calls of every topic on every day."""
    return tuple(
        Cell(*row) for row in db.execute("SELECT topic, day, sum(calls) FROM discussed GROUP BY 1, 2")
    )


def by_title(db: sqlite3.Connection) -> tuple[Cell, ...]:
    """Calls of every topic by job title, "" when it is not known."""
    sql = "SELECT topic, title, sum(calls) FROM discussed GROUP BY 1, 2 ORDER BY 3 DESC"
    return tuple(Cell(*row) for row in db.execute(sql))


def examples(db: sqlite3.Connection, scope: Scope, topic: str, *, top: int = 20) -> tuple[Example, ...]:
    """The latest calls about a topic."""
    sql = (
        "SELECT time_ns, chat_id, response_id, trace_id, title, language, project_id, model FROM events e"
        f" WHERE topic = :topic AND topic != '' AND {_CALL} AND time_ns >= :since_ns AND time_ns < :until_ns"
        f" AND {scope.matching('e')} ORDER BY time_ns DESC LIMIT :top"
    )
    return tuple(Example(*row) for row in db.execute(sql, {**scope.values, "topic": topic, "top": top}))
