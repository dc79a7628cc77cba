"""Figures beside the events, so that the dashboard adds up days and not a million events.

Triggers keep them within the very transaction that writes an event, whoever writes it: an event that is
written again is first taken out as it was, then put in as it is. Writing twice is writing once here too.

`groups` numbers each combination of what people filter and tell apart by, `users` and `subjects` number
users, and topics with job titles. Figures are kept by group, for filters, and without, for the whole. Money
is whole micro-dollars and a rest in 1e-12 USD, so that no sum overflows.
"""

# ruff: noqa: S608 - the statements are put together from our own words.

from dataclasses import dataclass

from analytics.exchange import MODEL_SURFACES

DAY_NS = 86_400 * 10**9
HOUR_NS = 3_600 * 10**9
FILTERS = ("project_id", "model", "deployment", "language")
GROUP_COLUMNS = ("surface", "ok", "status", *FILTERS, "price_source", "price_version")

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
_TEXTS = {"topic", "title", "user_hash", "chat_id", "model", "price_source"}
_SAME_GROUP = " AND ".join(f"g.{name} = {{e}}.{name}" for name in GROUP_COLUMNS)
_DAY, _HOUR = f"{{e}}.time_ns / {DAY_NS}", f"{{e}}.time_ns / {HOUR_NS}"


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums: `keys` and `figures` say how each follows from an event; the first figure counts."""

    table: str
    keys: dict[str, str]
    figures: dict[str, str]
    source: str = ""
    where: str = "true"
    numbered: bool = False

    @property
    def columns(self) -> str:
        return ", ".join((*self.keys, *self.figures))

    def create(self) -> str:
        columns = ", ".join(f"{name} {_kind(name)} NOT NULL" for name in (*self.keys, *self.figures))
        unique = ", ".join(self.keys)
        if self.numbered:
            return f"CREATE TABLE {self.table} (id INTEGER PRIMARY KEY, {columns}, UNIQUE ({unique}))"
        return f"CREATE TABLE {self.table} ({columns}, PRIMARY KEY ({unique})) WITHOUT ROWID"

    @property
    def _from(self) -> str:
        return f"FROM {self.source}" if self.source else ""

    def add(self, event: str, sign: str = "") -> str:
        """One event more, or with the sign "-" one less."""
        figures = ", ".join(f"{sign}{how}" for how in self.figures.values())
        summed = ", ".join(f"{name} = {name} + excluded.{name}" for name in self.figures)
        return (
            f"INSERT INTO {self.table} ({self.columns}) SELECT {', '.join(self.keys.values())}, {figures}"
            f" {self._from} WHERE {self.where} ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET {summed}"
        ).format(e=event)

    def prune(self, event: str) -> str:
        """Leave no row behind that counts nothing."""
        places = f"SELECT {', '.join(self.keys.values())} {self._from} WHERE {self.where}"
        count = next(iter(self.figures))
        return (
            f"DELETE FROM {self.table} WHERE ({', '.join(self.keys)}) IN ({places}) AND {count} = 0"
        ).format(e=event)

    def fill(self) -> str:
        """Everything that was there before the table."""
        figures = ", ".join(f"sum({how})" for how in self.figures.values())
        group = ", ".join(str(place) for place in range(1, len(self.keys) + 1))
        return (
            f"INSERT INTO {self.table} ({self.columns}) SELECT {', '.join(self.keys.values())}, {figures}"
            f" FROM {', '.join(filter(None, ('events', self.source)))} WHERE {self.where} GROUP BY {group}"
        ).format(e="events")


def _kind(column: str) -> str:
    return "TEXT" if column in _TEXTS else "INTEGER"


_USER = "u.user_hash = {e}.user_hash"
_SUBJECT = f"{_CALL} AND s.topic = {{e}}.topic AND s.title = {{e}}.title"
# Those that number what others refer to come first.
ROLLUPS = (
    Rollup(
        "users", {"user_hash": "{e}.user_hash"}, {"events": "1"}, where="{e}.user_hash != ''", numbered=True
    ),
    Rollup(
        "subjects",
        {"topic": "{e}.topic", "title": "{e}.title"},
        {"calls": "1"},
        where=f"{_CALL} AND {{e}}.topic != ''",
        numbered=True,
    ),
    Rollup("usage_hours", {"hour": _HOUR, "group_id": "g.id"}, _FIGURES, "groups g", _SAME_GROUP),
    Rollup("usage_days", {"group_id": "g.id", "day": _DAY}, _FIGURES, "groups g", _SAME_GROUP),
    # The whole over time, and by model: a few rows where the groups have thousands.
    Rollup(
        "model_days",
        {
            "day": _DAY,
            "model": "{e}.model",
            "ok": "{e}.ok",
            "call": _CALL,
            "price_source": "{e}.price_source",
        },
        _FIGURES,
    ),
    Rollup("user_days", {"day": _DAY, "user_id": "u.id"}, {"events": "1"}, "users u", _USER),
    Rollup(
        "user_groups",
        {"group_id": "g.id", "day": _DAY, "user_id": "u.id"},
        {"events": "1"},
        "groups g, users u",
        f"{_SAME_GROUP} AND {_USER}",
    ),
    Rollup("subject_days", {"day": _DAY, "subject_id": "s.id"}, {"calls": "1"}, "subjects s", _SUBJECT),
    Rollup(
        "subject_groups",
        {"group_id": "g.id", "day": _DAY, "subject_id": "s.id"},
        {"calls": "1"},
        "groups g, subjects s",
        f"{_SAME_GROUP} AND {_SUBJECT}",
    ),
    Rollup(
        "chat_groups",
        {"chat_id": "{e}.chat_id", "group_id": "g.id"},
        {"events": "1"},
        "groups g",
        f"{{e}}.chat_id != '' AND {_SAME_GROUP}",
    ),
)

_GROUPS = ", ".join(f"{name} {'INTEGER' if name == 'ok' else 'TEXT'} NOT NULL" for name in GROUP_COLUMNS)
_GROUP_LIST = ", ".join(GROUP_COLUMNS)
_GROUPS_TABLE = (
    f"CREATE TABLE groups (id INTEGER PRIMARY KEY, {_GROUPS},"
    f" call INTEGER NOT NULL AS ({_CALL.replace('{e}.', '')}) STORED, UNIQUE ({_GROUP_LIST}))"
)
_NEW_GROUP = (
    f"INSERT INTO groups ({_GROUP_LIST}) VALUES ({', '.join(f'NEW.{name}' for name in GROUP_COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
_CHATS = (
    "CREATE TABLE chats (chat_id TEXT NOT NULL PRIMARY KEY, first_ns INTEGER NOT NULL,"
    " last_ns INTEGER NOT NULL, calls INTEGER NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL)"
    " WITHOUT ROWID"
)
_CHAT_ORDERS = ("calls", "tokens", "cost")
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
    """What is referred to by number goes last."""
    back = ROLLUPS[::-1]
    return [rollup.add("OLD", "-") for rollup in back] + [rollup.prune("OLD") for rollup in back]


def _recount(chats: str) -> list[str]:
    return [
        f"DELETE FROM chats WHERE chat_id IN ({chats})",
        _RECOUNT_CHATS.format(which=f"AND chat_id IN ({chats})"),
    ]


def _trigger(moment: str, when: str, statements: list[str]) -> str:
    return (
        f"CREATE TRIGGER rollup_{moment} AFTER {moment} ON events {when} BEGIN {'; '.join(statements)}; END"
    )


_NEW_TABLES = (
    _GROUPS_TABLE,
    *(rollup.create() for rollup in ROLLUPS),
    _CHATS,
    "CREATE INDEX chats_by_time ON chats (last_ns, first_ns)",
    *(f"CREATE INDEX chats_by_{name} ON chats ({name}, last_ns, first_ns)" for name in _CHAT_ORDERS),
    "CREATE INDEX chat_groups_by_group ON chat_groups (group_id)",
    "CREATE INDEX events_by_chat ON events (chat_id, time_ns) WHERE chat_id != ''",
    "CREATE INDEX events_by_topic ON events (topic, time_ns) WHERE topic != ''",
)
_FILLED = (
    f"INSERT INTO groups ({_GROUP_LIST}) SELECT DISTINCT {_GROUP_LIST} FROM events",
    *(rollup.fill() for rollup in ROLLUPS),
    COUNT_ALL_CHATS,
)
_TRIGGERS = (
    _trigger("insert", "", [*_put_in(), _ADD_CHAT]),
    _trigger("delete", "", [*_take_out(), *_recount("OLD.chat_id")]),
    _trigger(
        "update",
        "WHEN " + " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COUNTED),
        [*_take_out(), *_put_in(), *_recount("OLD.chat_id, NEW.chat_id")],
    ),
)
STATEMENTS = (*_NEW_TABLES, *_FILLED, *_TRIGGERS)
