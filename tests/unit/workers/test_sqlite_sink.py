"""What the embedded store does beyond the contract of every sink: its file, schema, numbers and failures."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.event import Event
from analytics.exchange import ModelUsage
from tests.events import make_event, make_events
from tests.servers import ROOT
from workers.sinks.base import SinkUnavailable
from workers.sinks.sqlite import SqliteSink, migrations
from workers.sinks.sqlite.migrations import MIGRATIONS, Migration


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "analytics.sqlite"


@pytest.fixture
def sink(path: Path) -> Iterator[SqliteSink]:
    with closing(SqliteSink(path, busy_timeout_s=0.1)) as sink:
        yield sink


def ask(path: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql)]


def test_every_field_of_an_event_has_its_column(sink: SqliteSink, path: Path) -> None:
    sink.check()

    columns = {row["name"] for row in ask(path, "PRAGMA table_info(events)")}

    assert columns == {field.name for field in fields(Event)} - {"per_model"}


def test_every_field_of_a_model_usage_has_its_column(sink: SqliteSink, path: Path) -> None:
    sink.check()

    columns = {row["name"] for row in ask(path, "PRAGMA table_info(model_usage)")}

    assert columns == {field.name for field in fields(ModelUsage)} | {"event_id", "position"}


def test_values_keep_their_types(sink: SqliteSink, path: Path) -> None:
    event = make_event(
        rate=False, operation_duration_ms=None, execution_path=("a/b", "ç"), notes=("invalid_rate",)
    )
    sink.write([event])

    [row] = ask(path, "SELECT * FROM events")

    assert row["id"] == event.id
    assert row["surface"] == "chat"
    assert row["time_ns"] == event.time_ns
    assert (row["ok"], row["stream"], row["rate"]) == (1, 1, 0)
    assert row["operation_duration_ms"] is None
    assert json.loads(row["execution_path"]) == ["a/b", "ç"]
    assert json.loads(row["notes"]) == ["invalid_rate"]


def test_prices_are_exact_to_a_millionth_of_a_millionth(sink: SqliteSink, path: Path) -> None:
    sink.write([make_event(price=Decimal(42), deployment_price=Decimal("0.000000000001"))])

    [row] = ask(path, "SELECT price, deployment_price FROM events")

    assert row == {"price": 42 * 10**12, "deployment_price": 1}


@pytest.mark.parametrize("price", ["9000001", "1e30", "NaN", "Infinity"])
def test_a_price_that_no_column_holds_is_rejected(sink: SqliteSink, price: str) -> None:
    event = make_event(price=Decimal(price))

    [rejection] = sink.write([event])

    assert rejection.events == (event,)
    assert rejection.reason == "number_out_of_range"


def test_models_behind_an_event_are_rows_of_their_own(sink: SqliteSink, path: Path) -> None:
    usage = (
        ModelUsage("gpt-4o", prompt_tokens=3, price=Decimal("0.5")),
        ModelUsage("claude", completion_tokens=4),
    )
    event = make_event(per_model=usage)

    sink.write([event])
    sink.write([event, event])

    rows = ask(path, "SELECT position, model, prompt_tokens, completion_tokens, price FROM model_usage")
    assert [tuple(row.values()) for row in rows] == [(0, "gpt-4o", 3, 0, 5 * 10**11), (1, "claude", 0, 4, 0)]


def test_an_event_written_again_with_other_labels_replaces_them(sink: SqliteSink, path: Path) -> None:
    sink.write([make_event(id="1" * 32, topic="old", per_model=(ModelUsage("gpt-4o"), ModelUsage("claude")))])

    sink.write([make_event(id="1" * 32, topic="new", per_model=(ModelUsage("gpt-4o"),))])

    assert ask(path, "SELECT topic FROM events") == [{"topic": "new"}]
    assert ask(path, "SELECT model FROM model_usage") == [{"model": "gpt-4o"}]


def test_a_commit_is_on_the_disk_before_write_returns(sink: SqliteSink, path: Path) -> None:
    sink.check()

    assert sink._db is not None
    assert sink._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sink._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_second_start_finds_the_schema_in_place(sink: SqliteSink, path: Path) -> None:
    sink.write([make_event()])
    sink.close()

    with closing(SqliteSink(path)) as again:
        again.write([make_event(response_id="another")])

    assert ask(path, "SELECT count(*) AS n FROM events") == [{"n": 2}]
    assert [row["name"] for row in ask(path, "SELECT name FROM migrations")] == [
        one.name for one in MIGRATIONS
    ]


def test_a_later_migration_is_applied_to_an_old_file(
    sink: SqliteSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.write([make_event()])
    sink.close()
    step = Migration("9999_colour", ("ALTER TABLE events ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",))
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, step))

    sink.check()

    assert ask(path, "SELECT colour FROM events") == [{"colour": "blue"}]


def test_a_migration_that_fails_leaves_no_half_of_itself(
    sink: SqliteSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.check()
    sink.close()
    step = Migration("9999_broken", ("CREATE TABLE half (a)", "CREATE NONSENSE"))
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, step))

    with pytest.raises(SinkUnavailable):
        sink.check()

    assert ask(path, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
    assert [row["name"] for row in ask(path, "SELECT name FROM migrations")] == [
        one.name for one in MIGRATIONS
    ]


def test_a_file_of_a_newer_version_is_left_alone(sink: SqliteSink, path: Path) -> None:
    sink.check()
    sink.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO migrations VALUES ('9999_from_the_future', '2030-01-01')")

    with pytest.raises(SinkUnavailable) as refused:
        sink.write([make_event()])

    assert (refused.value.reason, refused.value.pause) == ("newer_schema", True)


def test_a_file_that_somebody_else_holds_is_waited_for_and_then_unavailable(
    sink: SqliteSink, path: Path
) -> None:
    sink.check()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SinkUnavailable) as held:
            sink.write([make_event()])

    assert (held.value.reason, held.value.pause) == ("locked", False)
    assert sink.write([make_event()]) == []


def test_a_full_disk_is_unavailable_and_stores_nothing(sink: SqliteSink, path: Path) -> None:
    sink.check()
    assert sink._db is not None
    [pages] = sink._db.execute("PRAGMA page_count").fetchone()
    sink._db.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(SinkUnavailable) as full:
        sink.write(make_events(500))

    assert (full.value.reason, full.value.pause) == ("disk_full", False)
    assert ask(path, "SELECT count(*) AS n FROM events") == [{"n": 0}]
    sink._db.execute("PRAGMA max_page_count = 1000000")
    assert sink.write(make_events(500)) == []


def test_a_file_that_is_no_database_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary, " * 1000)

    with pytest.raises(SinkUnavailable) as refused:
        SqliteSink(tmp_path / "notes.txt").check()

    assert (refused.value.reason, refused.value.pause) == ("not_a_database", True)


def test_a_folder_that_cannot_be_made_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SinkUnavailable) as refused:
        SqliteSink(tmp_path / "file" / "analytics.sqlite").check()

    assert (refused.value.reason, refused.value.pause) == ("cannot_open", True)


WRITER = """
import sys
from tests.events import make_events
from workers.sinks.sqlite import SqliteSink

sink = SqliteSink(sys.argv[1])
mine = make_events(300, response_id=lambda n: f"{sys.argv[2]}-{n}")
for start in range(0, 300, 10):
    assert sink.write(mine[start : start + 10]) == []
"""


def test_several_processes_start_together_and_write_the_same_file(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, str(n)], cwd=ROOT) for n in range(3)]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    assert ask(path, "SELECT count(*) AS n FROM events") == [{"n": 900}]


def test_the_embedded_store_needs_no_foreign_library() -> None:
    code = "import sys, workers.sinks, workers.sinks.sqlite, workers.reports; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    foreign = {"numpy", "pandas", "torch", "influxdb_client", "celery", "flask"}
    assert not foreign & set(process.stdout.split())
