"""What calls used up: requests, tokens, money, time, added up by anything that people tell apart.

Money is `deployment_price`, an event's own cost. It adds up over any grouping; `price` would count a nested
call once for every level above it.
"""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from workers.reports.scope import Scope
from workers.reports.store import usd

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
        *(f"coalesce(sum({name} * call), 0)" for name in _SUMS[:10]),
        "coalesce(sum(likes), 0), coalesce(sum(dislikes), 0)",
        "coalesce(sum(events * (call AND price_source = 'none')), 0)",
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

    def __add__(self, other: "Usage") -> "Usage":
        sums: list[Any] = [getattr(self, name) + getattr(other, name) for name in _NAMES]
        return Usage(*sums)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def mean_ms(self) -> float | None:
        """How long a request took on average, where the log says so."""
        return self.duration_ms / self.timed if self.timed else None


_NAMES = tuple(field.name for field in fields(Usage))
NOTHING = Usage(**dict.fromkeys(_NAMES, 0) | {"cost": Decimal(0)})  # type: ignore[arg-type]


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
        f"CREATE TEMP TABLE used AS SELECT g.*, u.* FROM (SELECT g.id AS group_id, {_SUMMED} FROM groups g"
        " JOIN usage_days u ON u.group_id = g.id AND u.day >= :since AND u.day < :until"
        f" WHERE {scope.matching('g')} GROUP BY 1) u JOIN groups g ON g.id = u.group_id",
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
    return _by(db, column, "call", top)


def failures_by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """What failed by one of COLUMNS, the most frequent first."""
    return _by(db, column, "NOT ok", top)


def unpriced_by(db: sqlite3.Connection, column: str, *, top: int = 100) -> tuple[Named, ...]:
    """Requests that nobody could tell a price of."""
    return _by(db, column, "call AND price_source = 'none'", top)


def versions(db: sqlite3.Connection, *, top: int = 100) -> tuple[tuple[str, Named], ...]:
    """The requests of each source of prices by the version of its prices."""
    sql = (
        f"SELECT price_source, price_version, {_MEASURES} FROM used WHERE call"
        " GROUP BY 1, 2 ORDER BY 5 DESC, 1, 2 LIMIT ?"
    )
    return tuple((row[0], Named(row[1], _usage(row[2:]))) for row in db.execute(sql, (top,)))


def over_time(db: sqlite3.Connection, scope: Scope, unit: str) -> tuple[Moment, ...]:
    """Every day, or every "hour", in which something happened."""
    return tuple(Moment(row[0], _usage(row[2:])) for row in _over_time(db, scope, unit, "''"))


def over_time_by(
    db: sqlite3.Connection, scope: Scope, unit: str, column: str
) -> tuple[tuple[str, Moment], ...]:
    """The same for every value of one of COLUMNS."""
    rows = _over_time(db, scope, unit, _known(column))
    return tuple((row[1], Moment(row[0], _usage(row[2:]))) for row in rows)


def together(named: Iterable[tuple[str, Moment]]) -> tuple[Moment, ...]:
    """What `over_time_by` gave, whatever its name."""
    sums: dict[int, Usage] = {}
    for _, moment in named:
        sums[moment.number] = sums.get(moment.number, NOTHING) + moment.usage
    return tuple(Moment(number, sums[number]) for number in sorted(sums))


def days(db: sqlite3.Connection) -> tuple[int, int] | None:
    """The first and the last day on which anything happened."""
    [(first, last)] = db.execute(
        "SELECT (SELECT min(day) FROM usage_days), (SELECT max(day) FROM usage_days)"
    )
    return None if first is None else (first, last)


def _over_time(db: sqlite3.Connection, scope: Scope, unit: str, name: str) -> list[tuple[Any, ...]]:
    """Without filters there are sums by model, which are few; everything else is added up from the groups."""
    length = {"day": 1, "hour": 24}[unit]
    grouped = f"usage_{unit}s u JOIN groups g ON g.id = u.group_id"
    source = "model_days g" if unit == "day" and not scope.filters and name in {"''", "model"} else grouped
    sql = (
        f"SELECT {unit}, {name}, {_MEASURES} FROM {source}"
        f" WHERE {unit} >= :since * {length} AND {unit} < :until * {length} AND {scope.matching('g')}"
        " GROUP BY 1, 2 ORDER BY 1"
    )
    return db.execute(sql, scope.values).fetchall()


def _known(column: str) -> str:
    """Names of columns come from our own code alone, and are checked all the same."""
    if column not in COLUMNS:
        raise KeyError(column)
    return column


def _by(db: sqlite3.Connection, column: str, where: str, top: int) -> tuple[Named, ...]:
    order = "ORDER BY 4 DESC, 2 DESC, 1 LIMIT ?"
    sql = f"SELECT {_known(column)}, {_MEASURES} FROM used WHERE {where} GROUP BY 1 {order}"
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
