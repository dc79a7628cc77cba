"""What the usage report is made of: each successful call of a model, or sums of them, as Dev Proxy counts.

A call belongs to the model that answered it; where the reply does not say, to the one that was asked for.
"""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from analytics.exchange import MODEL_SURFACES
from workers.reports.store import usd
from workers.reports.summary import ALL_TIME, Period

_MODEL = "coalesce(nullif(response_model, ''), nullif(request_model, ''), nullif(model, ''), deployment)"
_NAMED = f"coalesce(nullif({_MODEL}, ''), 'unknown')"
_SURFACES = ", ".join(repr(str(name)) for name in sorted(MODEL_SURFACES))
_PERIOD = f"time_ns >= :since AND time_ns < :until AND surface IN ({_SURFACES})"
# What was used up is known, what it costs is not; images and minutes are paid without tokens.
_PIECES = """answered LIKE '%"image_count"%' OR answered LIKE '%"seconds"%'"""
_USED = f"(prompt_tokens + completion_tokens > 0 OR {_PIECES})"
_UNPRICED = f"ok AND price_source = 'none' AND {_USED}"
_SUMS = (
    "sum(ok), sum(ok * prompt_tokens), sum(ok * completion_tokens), sum(ok * cached_prompt_tokens),"
    " sum(ok * (deployment_price / 1000000)), sum(ok * (deployment_price % 1000000)),"
    f" sum({_UNPRICED}), sum(NOT ok)"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call, or many, used up."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    cost: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        """As the report has it: asked and answered."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Sums of one model, or of one project and model; `errors` are calls beside the `requests`."""

    model: str
    requests: int
    tokens: Tokens
    unpriced: int = 0
    errors: int = 0
    project: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `tokens` is None where nobody counted."""

    model: str
    time_ns: int
    status: str
    ok: bool
    tokens: Tokens | None
    price_source: str
    project: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The figures. Single calls are read when they are asked for: there may be many."""

    models: Sequence[ModelUse]
    projects: Sequence[ModelUse]
    calls_by_name: Callable[[], Iterable[Call]]
    calls_by_time: Callable[[], Iterable[Call]]

    @property
    def used(self) -> list[ModelUse]:
        """The models that answered at least once; the plugin knows no others."""
        return [use for use in self.models if use.requests]


def contents(db: sqlite3.Connection, period: Period = ALL_TIME) -> Contents:
    """All that is known of a period."""
    single = partial(calls, db, period)
    return Contents(by_model(db, period), by_project(db, period), partial(single, by_name=True), single)


def by_model(db: sqlite3.Connection, period: Period = ALL_TIME) -> list[ModelUse]:
    """The sums of each model, in the order of their names. One that only failed is there as well."""
    sql = f"SELECT {_NAMED}, '', {_SUMS} FROM events WHERE {_PERIOD} GROUP BY 1 ORDER BY 1"
    return [_use(row) for row in db.execute(sql, _values(period))]


def by_project(db: sqlite3.Connection, period: Period = ALL_TIME) -> list[ModelUse]:
    """The sums of each project and model; a call without a project belongs to "unknown"."""
    project = "coalesce(nullif(project_id, ''), 'unknown')"
    sql = f"SELECT {_NAMED}, {project}, {_SUMS} FROM events WHERE {_PERIOD} GROUP BY 2, 1 ORDER BY 2, 1"
    return [_use(row) for row in db.execute(sql, _values(period))]


def calls(db: sqlite3.Connection, period: Period = ALL_TIME, *, by_name: bool = False) -> Iterator[Call]:
    """Every call with its tokens, one after the other: there may be more than memory holds."""
    order = "1, time_ns, id" if by_name else "time_ns, id"
    sql = (
        f"SELECT {_NAMED}, time_ns, status, ok, has_usage, prompt_tokens, completion_tokens,"
        " cached_prompt_tokens, deployment_price, price_source, project_id, deployment"
        f" FROM events WHERE {_PERIOD} ORDER BY {order}"
    )
    for model, time_ns, status, ok, counted, prompt, completion, cached, price, *rest in db.execute(
        sql, _values(period)
    ):
        tokens = Tokens(prompt, completion, cached, usd(0, price)) if counted or price else None
        yield Call(model, time_ns, status, bool(ok), tokens, *rest)


def _use(row: tuple[str, str, int, int, int, int, int, int, int, int]) -> ModelUse:
    model, project, requests, prompt, completion, cached, micros, rest, unpriced, errors = row
    tokens = Tokens(prompt, completion, cached, usd(micros, rest))
    return ModelUse(model, requests, tokens, unpriced, errors, project)


def _values(period: Period) -> dict[str, int]:
    return {"since": period.since_ns, "until": period.until_ns}
