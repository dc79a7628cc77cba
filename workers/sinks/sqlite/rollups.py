"""Figures beside the events, so that the dashboard adds up days and not a million events.

Triggers keep them within the very transaction that writes an event, whoever writes it: an event that is
written again is first taken out as it was, then put in as it is. Writing twice is writing once here too.

`groups` numbers each combination of what people filter and tell apart by. Topics and users are kept for
everybody (facet '') and for each value of a filter. Money is whole micro-dollars and a rest in 1e-12 USD, so
that no sum overflows.
"""

# ruff: noqa: S608 - the statements are put together from our own words.

from dataclasses import dataclass

from analytics.exchange import MODEL_SURFACES

DAY_NS = 86_400 * 10**9
HOUR_NS = 3_600 * 10**9
FACETS = ("project_id", "model", "deployment", "language")
GROUP_COLUMNS = ("surface", "ok", "status", *FACETS, "price_source", "price_version")

# In the expressions below {e} is an event: OLD and NEW in a trigger, the whole table in the first fill.
_CALL = f"{{e}}.ok AND {{e}}.surface IN ({', '.join(repr(str(name)) for name in sorted(MODEL_SURFACES))})"
_TOKENS = ("prompt", "completion", "cached_prompt", "cache_write_prompt", "reasoning_completion")
_FIGURES = {
    "events": "1",
    **{f"{name}_tokens": f"{{e}}.{name}_tokens" for name in _TOKENS},
    "cost_micros": "{e}.deployment_price / 1000000",
    "cost_rest": "{e}.deployment_price % 1000000",
    "duration_ms": "coalesce({e}.operation_duration_ms, 0)",
    "timed": "({e}.operation_duration_ms IS NOT NULL)",
    "likes": "coalesce({e}.rate, 0)",
    "dislikes": "coalesce(NOT {e}.rate, 0)",
}
_TEXTS = {"facet", "value", "topic", "title", "user_hash", "chat_id"}
_SAME_GROUP = " AND ".join(f"g.{name} = {{e}}.{name}" for name in GROUP_COLUMNS)
_EACH_FACET = "(SELECT '' AS facet" + "".join(f" UNION ALL SELECT '{name}'" for name in FACETS) + ") f"
_VALUE = "CASE f.facet" + "".join(f" WHEN '{name}' THEN {{e}}.{name}" for name in FACETS) + " ELSE '' END"
_HAS_VALUE = f"(f.facet = '' OR {_VALUE} != '')"
_FACET_KEYS = {"facet": "f.facet", "value": _VALUE, "day": f"{{e}}.time_ns / {DAY_NS}"}


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums: `keys` and `figures` say how each follows from an event; the first figure counts."""

    table: str
    keys: dict[str, str]
    figures: dict[str, str]
    source: str
    where: str

    def create(self) -> str:
        columns = ", ".join(f"{name} {_kind(name)} NOT NULL" for name in (*self.keys, *self.figures))
        return f"CREATE TABLE {self.table} ({columns}, PRIMARY KEY ({', '.join(self.keys)})) WITHOUT ROWID"

    def add(self, event: str, sign: str = "") -> str:
        """One event more, or with the sign "-" one less."""
        figures = ", ".join(f"{sign}{how}" for how in self.figures.values())
        summed = ", ".join(f"{name} = {name} + excluded.{name}" for name in self.figures)
        return (
            f"INSERT INTO {self.table} SELECT {', '.join(self.keys.values())}, {figures} FROM {self.source}"
            f" WHERE {self.where} ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET {summed}"
        ).format(e=event)

    def prune(self, event: str) -> str:
        """Leave no row behind that counts nothing."""
        places = f"SELECT {', '.join(self.keys.values())} FROM {self.source} WHERE {self.where}"
        count = next(iter(self.figures))
        return (
            f"DELETE FROM {self.table} WHERE ({', '.join(self.keys)}) IN ({places}) AND {count} = 0"
        ).format(e=event)

    def fill(self) -> str:
        """Everything that was there before the table."""
        figures = ", ".join(f"sum({how})" for how in self.figures.values())
        group = ", ".join(str(place) for place in range(1, len(self.keys) + 1))
        return (
            f"INSERT INTO {self.table} SELECT {', '.join(self.keys.values())}, {figures}"
            f" FROM events, {self.source} WHERE {self.where} GROUP BY {group}"
        ).format(e="events")


def _kind(column: str) -> str:
    return "TEXT" if column in _TEXTS else "INTEGER"


def _usage(unit: str, length_ns: int) -> Rollup:
    keys = {unit: f"{{e}}.time_ns / {length_ns}", "group_id": "g.id"}
    return Rollup(f"usage_{unit}s", keys, _FIGURES, "groups g", _SAME_GROUP)


ROLLUPS = (
    _usage("hour", HOUR_NS),
    _usage("day", DAY_NS),
    Rollup(
        "topic_days",
        {**_FACET_KEYS, "topic": "{e}.topic", "title": "{e}.title"},
        {"calls": "1"},
        _EACH_FACET,
        f"{_CALL} AND {{e}}.topic != '' AND {_HAS_VALUE}",
    ),
    Rollup(
        "user_days",
        {**_FACET_KEYS, "user_hash": "{e}.user_hash"},
        {"events": "1"},
        _EACH_FACET,
        f"{{e}}.user_hash != '' AND {_HAS_VALUE}",
    ),
    Rollup(
        "chat_groups",
        {"group_id": "g.id", "chat_id": "{e}.chat_id"},
        {"events": "1"},
        "groups g",
        f"{{e}}.chat_id != '' AND {_SAME_GROUP}",
    ),
)

_GROUPS = ", ".join(f"{name} {'INTEGER' if name == 'ok' else 'TEXT'} NOT NULL" for name in GROUP_COLUMNS)
_GROUP_LIST = ", ".join(GROUP_COLUMNS)
_NEW_GROUP = (
    f"INSERT INTO groups ({_GROUP_LIST}) VALUES ({', '.join(f'NEW.{name}' for name in GROUP_COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
_CHATS = (
    "CREATE TABLE chats (chat_id TEXT NOT NULL PRIMARY KEY, first_ns INTEGER NOT NULL,"
    " last_ns INTEGER NOT NULL, calls INTEGER NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL)"
    " WITHOUT ROWID"
)
_CHAT_CALLS = (
    f"{_CALL}",
    f"({_CALL}) * ({{e}}.prompt_tokens + {{e}}.completion_tokens)",
    f"({_CALL}) * {{e}}.deployment_price",
)
_ADD_CHAT = (
    f"INSERT INTO chats SELECT NEW.chat_id, NEW.time_ns, NEW.time_ns, {', '.join(_CHAT_CALLS)}"
    " WHERE NEW.chat_id != '' ON CONFLICT (chat_id) DO UPDATE SET"
    " first_ns = min(first_ns, excluded.first_ns), last_ns = max(last_ns, excluded.last_ns),"
    " calls = calls + excluded.calls, tokens = tokens + excluded.tokens, cost = cost + excluded.cost"
).format(e="NEW")
# An end of a conversation that moves cannot be told from the change alone: count its events anew.
_CHAT_SUMS = ", ".join(f"sum({how})" for how in _CHAT_CALLS).format(e="events")
_RECOUNT_CHATS = (
    f"INSERT INTO chats SELECT chat_id, min(time_ns), max(time_ns), {_CHAT_SUMS}"
    " FROM events WHERE chat_id != '' {which} GROUP BY chat_id"
)
COUNT_ALL_CHATS = _RECOUNT_CHATS.format(which="")

# A rewrite that changes none of these is none to the figures.
_COUNTED = (
    *(*GROUP_COLUMNS, "time_ns", "topic", "title", "user_hash", "chat_id"),
    *(f"{name}_tokens" for name in _TOKENS),
    *("deployment_price", "operation_duration_ms", "rate"),
)


def _put_in() -> list[str]:
    return [_NEW_GROUP, *(rollup.add("NEW") for rollup in ROLLUPS)]


def _take_out() -> list[str]:
    return [rollup.add("OLD", "-") for rollup in ROLLUPS] + [rollup.prune("OLD") for rollup in ROLLUPS]


def _recount(chats: str) -> list[str]:
    return [
        f"DELETE FROM chats WHERE chat_id IN ({chats})",
        _RECOUNT_CHATS.format(which=f"AND chat_id IN ({chats})"),
    ]


def _trigger(moment: str, when: str, statements: list[str]) -> str:
    return (
        f"CREATE TRIGGER rollup_{moment} AFTER {moment} ON events {when} BEGIN {'; '.join(statements)}; END"
    )


STATEMENTS = (
    f"CREATE TABLE groups (id INTEGER PRIMARY KEY, {_GROUPS}, UNIQUE ({_GROUP_LIST}))",
    *(rollup.create() for rollup in ROLLUPS),
    _CHATS,
    "CREATE INDEX chats_by_time ON chats (last_ns, calls, tokens, cost)",
    "CREATE INDEX events_by_chat ON events (chat_id, time_ns) WHERE chat_id != ''",
    "CREATE INDEX events_by_topic ON events (topic, time_ns) WHERE topic != ''",
    f"INSERT INTO groups ({_GROUP_LIST}) SELECT DISTINCT {_GROUP_LIST} FROM events",
    *(rollup.fill() for rollup in ROLLUPS),
    COUNT_ALL_CHATS,
    _trigger("insert", "", [*_put_in(), _ADD_CHAT]),
    _trigger("delete", "", [*_take_out(), *_recount("OLD.chat_id")]),
    _trigger(
        "update",
        "WHEN " + " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COUNTED),
        [*_take_out(), *_put_in(), *_recount("OLD.chat_id, NEW.chat_id")],
    ),
)
