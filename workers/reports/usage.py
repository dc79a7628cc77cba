"""What calls used up: requests, tokens, money, time, added up by anything that people tell apart.

Money is `deployment_price`, an event's own cost. It adds up over any grouping; `price` would count a nested
call once for every level above it.
"""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analytics.exchange import MODEL_SURFACES
from workers.reports.scope import Scope
from workers.reports.store import usd

# Successful requests to a model; the others are ratings, tools, routes and what failed.
_CALL = f"(ok AND surface IN ({', '.join(repr(str(name)) for name in sorted(MODEL_SURFACES))}))"
_SUMS = (
    "events",
    "prompt_tokens",
    "completion_tokens",
    "cached_prompt_tokens",
    "cache_write_prompt_tokens",
    "reasoning_completion_tokens",
    "cost_micros",
    "cost_rest",
    "duration_ms",
    "timed",
    "likes",
    "dislikes",
)
_SUMMED = ", ".join(f"sum({name}) AS {name}" for name in _SUMS)
_MEASURES = ", ".join(
    [
        "coalesce(sum(events), 0)",
        "coalesce(sum(events * (NOT ok)), 0)",
        *(f"coalesce(sum({name} * {_CALL}), 0)" for name in _SUMS[:10]),
        "coalesce(sum(likes), 0), coalesce(sum(dislikes), 0)",
        f"coalesce(sum(events * ({_CALL} AND price_source = 'none')), 0)",
    ]
)
COLUMNS = frozenset(
    ("surface", "status", "project_id", "model", "deployment", "language", "price_source", "price_version")
)


@dataclass(frozen=True, slots=True)
class Usage:
    """`events` of every kind, of which `errors` failed; tokens, money and time are those of `requests`."""

    events: int
    errors: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cached_prompt_tokens: int
    cache_write_prompt_tokens: int
    reasoning_completion_tokens: int
    cost: Decimal
    duration_ms: int
    timed: int
    likes: int
    dislikes: int
    unpriced: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def mean_ms(self) -> float | None:
        """How long a request took on average, where the log says so."""
        return self.duration_ms / self.timed if self.timed else None


@dataclass(frozen=True, slots=True)
class Named:
    """What belongs to one name; "" when it is not known."""

    name: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened in one hour or one day, counted from 1970."""

    number: int
    usage: Usage


def gather(db: sqlite3.Connection, scope: Scope) -> None:
    """Add up the days of the scope once, for all of the reports below, in a table of this connection."""
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("DROP TABLE IF EXISTS temp.used")
    db.execute(
        f"CREATE TEMP TABLE used AS SELECT g.*, {', '.join(f'u.{name}' for name in _SUMS)}"
        f" FROM (SELECT group_id, {_SUMMED} FROM usage_days WHERE day >= :since AND day < :until"
        " GROUP BY 1) u"
        f" JOIN groups g ON g.id = u.group_id WHERE {scope.matching('g')}",
        scope.values,
    )


def total(db: sqlite3.Connection) -> Usage:
    [row] = db.execute(f"SELECT {_MEASURES} FROM used")
    return _usage(row)


def by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """Everything by one of COLUMNS, the most requested first."""
    return _by(db, column, "true", top)


def calls_by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """The successful requests to models by one of COLUMNS, the most requested first."""
    return _by(db, column, _CALL, top)


def failures_by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """What failed by one of COLUMNS, the most frequent first."""
    return _by(db, column, "NOT ok", top)


def unpriced_by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """Requests that nobody could tell a price of."""
    return _by(db, column, f"{_CALL} AND price_source = 'none'", top)


def versions(db: sqlite3.Connection, *, top: int = 100) -> tuple[tuple[str, Named], ...]:
    """The requests of each source of prices by the version of its prices."""
    sql = (
        f"SELECT price_source, price_version, {_MEASURES} FROM used WHERE {_CALL}"
        " GROUP BY 1, 2 ORDER BY 5 DESC, 1, 2 LIMIT ?"
    )
    return tuple((row[0], Named(row[1], _usage(row[2:]))) for row in db.execute(sql, (top,)))


def over_time(db: sqlite3.Connection, scope: Scope, unit: str) -> tuple[Moment, ...]:
    """Every day, or every "hour", in which something happened."""
    length = {"day": 1, "hour": 24}[unit]
    sql = (
        f"SELECT {unit}, {_MEASURES} FROM usage_{unit}s u JOIN groups g ON g.id = u.group_id"
        f" WHERE {unit} >= :since * {length} AND {unit} < :until * {length} AND {scope.matching('g')}"
        " GROUP BY 1 ORDER BY 1"
    )
    return tuple(Moment(row[0], _usage(row[1:])) for row in db.execute(sql, scope.values))


def days(db: sqlite3.Connection) -> tuple[int, int] | None:
    """The first and the last day on which anything happened."""
    [(first, last)] = db.execute(
        "SELECT (SELECT min(day) FROM usage_days), (SELECT max(day) FROM usage_days)"
    )
    return None if first is None else (first, last)


def _by(db: sqlite3.Connection, column: str, where: str, top: int) -> tuple[Named, ...]:
    if column not in COLUMNS:
        raise KeyError(column)
    sql = (
        f"SELECT {column}, {_MEASURES} FROM used WHERE {where} GROUP BY 1 ORDER BY 4 DESC, 2 DESC, 1 LIMIT ?"
    )
    return tuple(Named(row[0], _usage(row[1:])) for row in db.execute(sql, (top,)))


def _usage(row: tuple[Any, ...]) -> Usage:
    events, errors, requests, *tokens, micros, rest, duration, timed, likes, dislikes, unpriced = row
    prompt, completion, cached, written, reasoning = tokens
    return Usage(
        events=events,
        errors=errors,
        requests=requests,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_prompt_tokens=cached,
        cache_write_prompt_tokens=written,
        reasoning_completion_tokens=reasoning,
        cost=usd(micros, rest),
        duration_ms=duration,
        timed=timed,
        likes=likes,
        dislikes=dislikes,
        unpriced=unpriced,
    )
