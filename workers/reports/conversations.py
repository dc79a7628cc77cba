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
    rating: int | None


_TURNS = (
    "SELECT {key} AS trace_id, min(time_ns) AS time_ns, count(*) AS calls, sum(NOT ok) AS errors,"
    " sum(prompt_tokens + completion_tokens) AS tokens, sum(deployment_price / 1000000) AS micros,"
    " sum(deployment_price % 1000000) AS rest, max(operation_duration_ms) AS duration,"
    " coalesce(group_concat(DISTINCT nullif(model, '')), '') AS models,"
    " max(CASE WHEN topic NOT IN ('', 'undefined') THEN topic ELSE '' END) AS topic,"
    " sum(CASE rate WHEN 1 THEN 1 WHEN 0 THEN -1 END) AS rating"
    " FROM events WHERE chat_id = :chat_id GROUP BY 1 ORDER BY 2"
)
# A call without a trace is a turn by itself; a rating belongs to the conversation, and is no turn.
_TURN_KEY = "CASE WHEN trace_id = '' THEN id ELSE trace_id END"


def count(db: sqlite3.Connection, scope: Scope) -> int:
    [(number,)] = db.execute(f"SELECT count(*) FROM chats c WHERE {_within(db, scope)}", scope.values)
    return int(number)


def conversations(
    db: sqlite3.Connection, scope: Scope, *, order: str = "recent", top: int = 50, skip: int = 0
) -> tuple[Conversation, ...]:
    """Those that went on within the scope, with everything that ever belonged to them; largest first."""
    sql = (
        f"SELECT chat_id, first_ns, last_ns, calls, tokens, cost FROM chats c WHERE {_within(db, scope)}"
        f" ORDER BY {ORDERS[order]} DESC, chat_id LIMIT :top OFFSET :skip"
    )
    found = db.execute(sql, {**scope.values, "top": top, "skip": skip}).fetchall()
    return tuple(_conversation(db, row) for row in found)


def turns(db: sqlite3.Connection, chat_id: str) -> tuple[Turn, ...]:
    """What happened in one conversation, turn by turn."""
    rows = db.execute(_TURNS.format(key=_TURN_KEY), {"chat_id": chat_id})
    return tuple(
        Turn(trace, time_ns, calls, errors, tokens, usd(micros, rest), duration, models, topic, rating)
        for trace, time_ns, calls, errors, tokens, micros, rest, duration, models, topic, rating in rows
    )


def _within(db: sqlite3.Connection, scope: Scope) -> str:
    """The condition on conversations `c`: their last event is within, and one of their events matches."""
    period = "last_ns >= :since_ns AND first_ns < :until_ns"
    if not scope.filters:
        return period
    groups = f"SELECT id FROM groups g WHERE {scope.matching('g')}"
    [(events,)] = db.execute(
        f"SELECT coalesce(sum(events), 0) FROM usage_days WHERE group_id IN ({groups})", scope.values
    )
    if events <= FEW:
        return f"{period} AND chat_id IN (SELECT chat_id FROM chat_groups WHERE group_id IN ({groups}))"
    return (
        f"{period} AND EXISTS (SELECT 1 FROM events e WHERE e.chat_id = c.chat_id AND e.chat_id != ''"
        f" AND {scope.matching('e')})"
    )


def _conversation(db: sqlite3.Connection, row: tuple[str, int, int, int, int, int]) -> Conversation:
    chat_id, first_ns, last_ns, calls, tokens, cost = row
    sql = (
        "SELECT count(*), sum(longest) FROM (SELECT max(operation_duration_ms) AS longest FROM events"
        f" WHERE chat_id = :chat AND surface != 'rate' GROUP BY {_TURN_KEY})"
    )
    [(number, duration)] = db.execute(sql, {"chat": chat_id})
    sql = (
        "SELECT coalesce(sum(rate), 0), coalesce(sum(NOT rate), 0), max(project_id),"
        " coalesce(group_concat(DISTINCT nullif(model, '')), ''),"
        " max(CASE WHEN topic NOT IN ('', 'undefined') THEN topic ELSE '' END)"
        " FROM events WHERE chat_id = :chat"
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
