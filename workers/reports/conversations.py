"""Conversations: their turns, tokens, cost, duration and rating. A turn is one trace within one of them."""

# ruff: noqa: S608 - the queries are put together from our own words; every value is a parameter.

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from workers.reports.scope import Scope
from workers.reports.store import usd

# Name in the address -> column to sort by.
ORDERS = {"recent": "last_ns", "cost": "cost", "tokens": "tokens", "calls": "calls"}
# Up to so many matching events it is quicker to list their conversations than to try one after the other.
FEW = 50_000


@dataclass(frozen=True, slots=True)
class Conversation:
    """`duration_ms` adds up the longest call of each turn; None where the log does not tell durations."""

    chat_id: str
    first_ns: int
    last_ns: int
    calls: int
    tokens: int
    cost: Decimal
    turns: int
    duration_ms: int | None
    likes: int
    dislikes: int
    project_id: str
    models: str
    topic: str


@dataclass(frozen=True, slots=True)
class Turn:
    """`calls` are its events of every kind, of which `errors` failed."""

    trace_id: str
    time_ns: int
    calls: int
    errors: int
    tokens: int
    cost: Decimal
    duration_ms: int | None
    models: str
    topic: str
    likes: int
    dislikes: int


# A call without a trace is a turn by itself. A rating belongs to the turn whose answer it rates.
_TURN = "CASE WHEN {e}.trace_id = '' THEN {e}.id ELSE {e}.trace_id END"
_RATED = (
    "(SELECT a.trace_id FROM events a WHERE a.chat_id = e.chat_id AND a.chat_id != '' AND a.surface != 'rate'"
    " AND a.response_id = e.response_id AND a.response_id != '' LIMIT 1)"
)
_TURNS = (
    f"SELECT CASE surface WHEN 'rate' THEN coalesce({_RATED}, '') ELSE {_TURN.format(e='e')} END AS turn,"
    " min(time_ns), sum(surface != 'rate'), sum(NOT ok), sum(prompt_tokens + completion_tokens),"
    " sum(deployment_price / 1000000), sum(deployment_price % 1000000), max(operation_duration_ms),"
    " coalesce(group_concat(DISTINCT nullif(model, '')), ''),"
    " max(CASE WHEN topic NOT IN ('', 'undefined') THEN topic ELSE '' END),"
    " coalesce(sum(rate), 0), coalesce(sum(NOT rate), 0)"
    " FROM events e WHERE chat_id = :chat_id AND chat_id != '' GROUP BY turn ORDER BY 2"
)


def count(db: sqlite3.Connection, scope: Scope, *, most: int) -> int:
    """How many there are; `most` when there are as many or more."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM chats c WHERE {_within(db, scope, 'last_ns')} LIMIT :most)"
    [(number,)] = db.execute(sql, {**scope.values, "most": most})
    return int(number)


def conversations(
    db: sqlite3.Connection, scope: Scope, *, order: str = "recent", top: int = 50, skip: int = 0
) -> tuple[Conversation, ...]:
    """Those that went on within the scope, with everything that ever belonged to them; largest first."""
    column = ORDERS[order]
    sql = (
        f"SELECT chat_id, first_ns, last_ns, calls, tokens, cost FROM chats c"
        f" WHERE {_within(db, scope, column)} ORDER BY {column} DESC LIMIT :top OFFSET :skip"
    )
    found = db.execute(sql, {**scope.values, "top": top, "skip": skip}).fetchall()
    return tuple(_conversation(db, row) for row in found)


def turns(db: sqlite3.Connection, chat_id: str) -> tuple[Turn, ...]:
    """What happened in one conversation, turn by turn."""
    return tuple(
        Turn(trace, time_ns, calls, errors, tokens, usd(micros, rest), *others)
        for trace, time_ns, calls, errors, tokens, micros, rest, *others in db.execute(
            _TURNS, {"chat_id": chat_id}
        )
    )


def _within(db: sqlite3.Connection, scope: Scope, column: str) -> str:
    """The condition on conversations `c`: they touch the days, and one of their events matches.

    A plus keeps SQLite from the index of a column: it is to walk the one of the order, and to stop early.
    """
    walk = "" if column == "last_ns" else "+"
    period = f"{walk}last_ns >= :since_ns AND +first_ns < :until_ns"
    if not scope.filters:
        return period
    days = "day >= :since AND day < :until"
    sql = f"SELECT coalesce(sum(events), 0) FROM usage_days WHERE {days} AND {scope.groups}"
    [(events,)] = db.execute(sql, scope.values)
    if events <= FEW:
        return f"{period} AND chat_id IN (SELECT chat_id FROM chat_groups WHERE {scope.groups})"
    return (
        f"{period} AND EXISTS (SELECT 1 FROM chat_groups k WHERE k.chat_id = c.chat_id AND +k.{scope.groups})"
    )


def _conversation(db: sqlite3.Connection, row: tuple[str, int, int, int, int, int]) -> Conversation:
    chat_id, first_ns, last_ns, calls, tokens, cost = row
    sql = (
        "SELECT count(*), sum(longest) FROM (SELECT max(operation_duration_ms) AS longest FROM events"
        f" WHERE chat_id = :chat AND chat_id != '' AND surface != 'rate' GROUP BY {_TURN.format(e='events')})"
    )
    [(number, duration)] = db.execute(sql, {"chat": chat_id})
    sql = (
        "SELECT coalesce(sum(rate), 0), coalesce(sum(NOT rate), 0), max(project_id),"
        " coalesce(group_concat(DISTINCT nullif(model, '')), ''),"
        " max(CASE WHEN topic NOT IN ('', 'undefined') THEN topic ELSE '' END)"
        " FROM events WHERE chat_id = :chat AND chat_id != ''"
    )
    [(likes, dislikes, project, models, topic)] = db.execute(sql, {"chat": chat_id})
    return Conversation(
        chat_id=chat_id,
        first_ns=first_ns,
        last_ns=last_ns,
        calls=calls,
        tokens=tokens,
        cost=usd(0, cost),
        turns=number,
        duration_ms=duration,
        likes=likes,
        dislikes=dislikes,
        project_id=project,
        models=models,
        topic=topic,
    )
