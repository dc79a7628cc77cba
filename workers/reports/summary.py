"""What `dial-analytics summary` tells of any period, to the nanosecond, from the events themselves.

Money is `deployment_price`, an event's own cost, which adds up over any grouping. `price` includes what the
calls below an event cost, so summing it counts a nested call once for every level above it.
Tokens are what each event reports for itself; DIAL Core before August 2026 (its #1792) repeats in an
application's event the tokens of the calls below it.
"""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics.exchange import MODEL_SURFACES, Surface
from workers.reports.store import reading, usd

LAST_NS = 2**63 - 1

_PERIOD = "time_ns >= :since AND time_ns < :until"
# Calls that have a model, tokens and a price; the others are ratings, tools and routes.
_CALLS = f"{_PERIOD} AND ok AND surface IN ({', '.join(repr(str(name)) for name in sorted(MODEL_SURFACES))})"
# A price column holds 1e-12 USD. Micro-dollars and the rest are added apart: a plain sum would overflow 64
# bits at nine million dollars.
_COST = "coalesce(sum(deployment_price / 1000000), 0), coalesce(sum(deployment_price % 1000000), 0)"
_USE = f"count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), {_COST}"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since_ns` on, and before `until_ns`."""

    since_ns: int = 0
    until_ns: int = LAST_NS


@dataclass(frozen=True, slots=True)
class Use:
    """What calls used up; `name` is a model or a project, "" when unknown."""

    name: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Count:
    """How many events carry a topic, a language or a status."""

    name: str
    events: int


@dataclass(frozen=True, slots=True)
class Ratings:
    likes: int
    dislikes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """`events` of every kind, of which `errors` failed; `requests` are the successful calls of a model."""

    events: int
    errors: int
    users: int
    projects: int
    first_ns: int | None
    last_ns: int | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Summary:
    """All reports of one moment."""

    totals: Totals
    models: tuple[Use, ...]
    projects: tuple[Use, ...]
    topics: tuple[Count, ...]
    languages: tuple[Count, ...]
    errors: tuple[Count, ...]
    ratings: Ratings


ALL_TIME = Period()


def summary(path: Path, period: Period = ALL_TIME, *, top: int = 10) -> Summary:
    """Everything that a summary on one page shows; lists hold the `top` first."""
    with reading(path) as db:
        return Summary(
            totals=totals(db, period),
            models=by_model(db, period, top=top),
            projects=by_project(db, period, top=top),
            topics=topics(db, period, top=top),
            languages=languages(db, period, top=top),
            errors=errors(db, period, top=top),
            ratings=ratings(db, period),
        )


def totals(db: sqlite3.Connection, period: Period = ALL_TIME) -> Totals:
    [seen] = _rows(
        db,
        "SELECT count(*), coalesce(sum(NOT ok), 0), count(DISTINCT nullif(user_hash, '')),"
        f" count(DISTINCT nullif(project_id, '')), min(time_ns), max(time_ns) FROM events WHERE {_PERIOD}",
        period,
    )
    events, failed, users, projects, first_ns, last_ns = seen
    [(requests, prompt, completion, *cost)] = _rows(db, f"SELECT {_USE} FROM events WHERE {_CALLS}", period)
    return Totals(
        events=events,
        errors=failed,
        users=users,
        projects=projects,
        first_ns=first_ns,
        last_ns=last_ns,
        requests=requests,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=usd(*cost),
    )


def by_model(db: sqlite3.Connection, period: Period = ALL_TIME, *, top: int = 100) -> tuple[Use, ...]:
    """Calls of each model, the most used first."""
    return _uses(db, "model", period, top)


def by_project(db: sqlite3.Connection, period: Period = ALL_TIME, *, top: int = 100) -> tuple[Use, ...]:
    """Calls of each project, the busiest first."""
    return _uses(db, "project_id", period, top)


def topics(db: sqlite3.Connection, period: Period = ALL_TIME, *, top: int = 100) -> tuple[Count, ...]:
    """Topics of the calls that were asked for one, the most frequent first; "undefined" is one of them."""
    return _counts(db, "topic", f"{_CALLS} AND topic != ''", period, top)


def languages(db: sqlite3.Connection, period: Period = ALL_TIME, *, top: int = 100) -> tuple[Count, ...]:
    """Languages of calls, the most frequent first; "undefined" is one of them."""
    return _counts(db, "language", _CALLS, period, top)


def errors(db: sqlite3.Connection, period: Period = ALL_TIME, *, top: int = 100) -> tuple[Count, ...]:
    """HTTP statuses of what failed, the most frequent first."""
    return _counts(db, "status", f"{_PERIOD} AND NOT ok", period, top)


def ratings(db: sqlite3.Connection, period: Period = ALL_TIME) -> Ratings:
    [(likes, dislikes)] = _rows(
        db,
        "SELECT coalesce(sum(rate), 0), coalesce(sum(NOT rate), 0) FROM events"
        f" WHERE {_PERIOD} AND surface = '{Surface.RATE}'",
        period,
    )
    return Ratings(likes, dislikes)


def _uses(db: sqlite3.Connection, column: str, period: Period, top: int) -> tuple[Use, ...]:
    order = "ORDER BY 2 DESC, 1 LIMIT :top"
    sql = f"SELECT {column}, {_USE} FROM events WHERE {_CALLS} GROUP BY 1 {order}"
    rows = _rows(db, sql, period, top)
    return tuple(Use(name, requests, ins, outs, usd(*cost)) for name, requests, ins, outs, *cost in rows)


def _counts(db: sqlite3.Connection, column: str, where: str, period: Period, top: int) -> tuple[Count, ...]:
    sql = f"SELECT {column}, count(*) FROM events WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :top"
    return tuple(Count(*row) for row in _rows(db, sql, period, top))


def _rows(db: sqlite3.Connection, sql: str, period: Period, top: int = -1) -> list[Any]:
    return db.execute(sql, {"since": period.since_ns, "until": period.until_ns, "top": top}).fetchall()
