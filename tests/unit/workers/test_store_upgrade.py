"""A store of an older version is brought up to date, with what can be said of its events today."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.events import make_event
from workers.reports import reading
from workers.reports.llm_usage import by_model
from workers.sinks.sqlite import SqliteSink, migrations


def test_events_from_before_telemetry_are_in_the_usage_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "analytics.sqlite"
    old = make_event(response_id="old")
    with monkeypatch.context() as patched, closing(sqlite3.connect(path, isolation_level=None)) as db:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        migrations.migrate(db)
        columns = [name for _, name, *_ in db.execute("PRAGMA table_info(events)")]
        values = {name: getattr(old, name) for name in columns} | {
            "surface": "chat",
            "execution_path": "[]",
            "notes": "[]",
            "price": 42 * 10**8,
            "deployment_price": 42 * 10**8,
        }
        marks = ", ".join("?" * len(columns))
        db.execute(f"INSERT INTO events VALUES ({marks})", [values[name] for name in columns])

    with closing(SqliteSink(path)) as sink:
        sink.write([make_event(response_id="new", response_model="gpt-4o-2024", has_usage=True)])

    with reading(path) as db:
        [use] = by_model(db)
        [told] = db.execute("SELECT has_usage, total_tokens FROM events WHERE response_id = 'old'")
    assert (use.model, use.requests, use.tokens.total) == ("gpt-4o-2024", 2, 140)
    assert use.tokens.cost == Decimal("0.0084")
    assert told == (1, 70)
