"""The figures beside the events: right after every way of writing, as if all events were counted anew."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exchange import Surface
from tests.events import NOON_NS, make_event, make_events
from workers.sinks.sqlite import SqliteSink, migrations, rollups
from workers.sinks.sqlite.migrations import MIGRATIONS

TABLES = (*(rollup.table for rollup in rollups.ROLLUPS), "chats")
HOUR_NS = rollups.HOUR_NS
# Where a table holds numbers of users and subjects, which may be given anew.
NAMES = {
    "users": "t.user_hash, t.events",
    "subjects": "t.topic, t.title, t.calls",
    "user_days": "t.day, u.user_hash, t.events",
    "user_groups": "t.day, u.user_hash, t.events",
    "subject_days": "t.day, s.topic, s.title, t.calls",
    "subject_groups": "t.day, s.topic, s.title, t.calls",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "analytics.sqlite"


@pytest.fixture
def sink(path: Path) -> Iterator[SqliteSink]:
    with closing(SqliteSink(path)) as opened:
        yield opened


def figures(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What the tables hold, with groups told by what they stand for."""
    with closing(sqlite3.connect(path)) as db:
        return {table: sorted(db.execute(_readable(table)), key=repr) for table in TABLES}


def _readable(table: str) -> str:
    """All columns, with what numbers stand for in place of the numbers."""
    columns = NAMES.get(table, "t.*")
    names = ", ".join(f"g.{name}" for name in rollups.GROUP_COLUMNS)
    joins = {
        "usage_hours": "JOIN groups g ON g.id = t.group_id",
        "usage_days": "JOIN groups g ON g.id = t.group_id",
        "user_days": "JOIN users u ON u.id = t.user_id",
        "user_groups": "JOIN users u ON u.id = t.user_id JOIN groups g ON g.id = t.group_id",
        "subject_days": "JOIN subjects s ON s.id = t.subject_id",
        "subject_groups": "JOIN subjects s ON s.id = t.subject_id JOIN groups g ON g.id = t.group_id",
        "chat_groups": "JOIN groups g ON g.id = t.group_id",
    }
    join = joins.get(table, "")
    grouped = f", {names}" if "groups g" in join else ""
    return f"SELECT {columns}{grouped} FROM {table} t {join}"


def counted_anew(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The same tables, emptied and filled from the events that are there."""
    with closing(sqlite3.connect(path)) as db, db:
        for rollup in rollups.ROLLUPS:
            db.execute(f"DELETE FROM {rollup.table}")
            db.execute(rollup.fill())
        db.execute("DELETE FROM chats")
        db.execute(rollups.COUNT_ALL_CHATS)
    return figures(path)


MANY = {
    "project_id": lambda n: ("", "A", "B")[n % 3],
    "topic": lambda n: ("", "cooking", "travel", "undefined")[n % 4],
    "user_hash": lambda n: ("", "anna", "bert")[n % 3],
    "chat_id": lambda n: ("", "c1", "c2")[n % 3],
    "ok": lambda n: n % 5 > 0,
    "time_ns": lambda n: NOON_NS + n * 7 * HOUR_NS,
    "operation_duration_ms": lambda n: None if n % 2 else n,
}


def test_writing_twice_is_counting_once(sink: SqliteSink, path: Path) -> None:
    events = make_events(30, **MANY)
    sink.write(events)
    once = figures(path)

    sink.write(events)
    sink.write([*events, *events])

    assert figures(path) == once
    assert once == counted_anew(path)


changes = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["1", "2", "3"]),
            "surface": st.sampled_from([Surface.CHAT, Surface.RATE, Surface.MCP]),
            "time_ns": st.sampled_from([NOON_NS, NOON_NS + HOUR_NS, NOON_NS + 30 * HOUR_NS]),
            "ok": st.booleans(),
            "model": st.sampled_from(["", "gpt", "claude"]),
            "topic": st.sampled_from(["", "cooking"]),
            "chat_id": st.sampled_from(["", "c1", "c2"]),
            "user_hash": st.sampled_from(["", "anna"]),
            "rate": st.sampled_from([None, True, False]),
            "prompt_tokens": st.integers(0, 9),
        }
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(changes)
def test_figures_follow_every_rewrite_and_every_deletion(
    tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("store") / "analytics.sqlite"
    with closing(SqliteSink(path)) as sink:
        sink.check()
        for values in written:
            sink.write([make_event(**values)])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM events WHERE id = '3'")

    kept = figures(path)

    assert kept == counted_anew(path)


def test_nothing_is_left_of_events_that_were_deleted(sink: SqliteSink, path: Path) -> None:
    sink.write(make_events(20, **MANY))

    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM events")

    assert figures(path) == {table: [] for table in TABLES}


def test_a_write_that_fails_leaves_the_figures_as_they_were(sink: SqliteSink, path: Path) -> None:
    sink.write(make_events(3, **MANY))
    before = figures(path)
    assert sink._db is not None

    with pytest.raises(sqlite3.IntegrityError):
        sink._db.execute("INSERT INTO events (id, surface) VALUES ('x', 'chat')")

    assert figures(path) == before


def test_a_store_of_an_older_version_gets_its_figures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = tuple(step for step in MIGRATIONS if step.statements is not rollups.STATEMENTS)
    monkeypatch.setattr(migrations, "MIGRATIONS", older)
    with closing(SqliteSink(path)) as old:
        old.write(make_events(30, **MANY))
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)

    with closing(SqliteSink(path)) as new:
        new.write(make_events(40, **MANY))

    assert figures(path)["usage_days"]
    assert figures(path) == counted_anew(path)
