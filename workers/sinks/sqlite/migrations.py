"""The schema of the embedded store, as the ordered list of steps that led to it. Add steps; never edit one.

Prices are whole numbers of 1e-12 USD: SQLite adds integers exactly and fast, where text could not be added at
all and floats would drift. Lists are JSON text. Times are nanoseconds since 1970 in UTC.
"""

import sqlite3
from dataclasses import dataclass

from workers.sinks.sqlite import rollups, telemetry


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    statements: tuple[str, ...]


class NewerSchema(Exception):
    """The file was written by a newer version, which may mean something else by a column."""


_EVENTS = """
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    surface TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    status TEXT NOT NULL,
    ok INTEGER NOT NULL,
    project_id TEXT NOT NULL,
    user_hash TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    title TEXT NOT NULL,
    deployment TEXT NOT NULL,
    model TEXT NOT NULL,
    parent_deployment TEXT NOT NULL,
    execution_path TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    core_span_id TEXT NOT NULL,
    core_parent_span_id TEXT NOT NULL,
    upstream TEXT NOT NULL,
    response_id TEXT NOT NULL,
    language TEXT NOT NULL,
    topic TEXT NOT NULL,
    number_request_messages INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_prompt_tokens INTEGER NOT NULL,
    cache_write_prompt_tokens INTEGER NOT NULL,
    reasoning_completion_tokens INTEGER NOT NULL,
    price INTEGER NOT NULL,
    deployment_price INTEGER NOT NULL,
    price_source TEXT NOT NULL,
    price_version TEXT NOT NULL,
    operation_duration_ms INTEGER,
    rate INTEGER,
    mcp_method TEXT NOT NULL,
    mcp_tool_call_name TEXT NOT NULL,
    route_path TEXT NOT NULL,
    http_method TEXT NOT NULL,
    notes TEXT NOT NULL
)
"""

_MODEL_USAGE = """
CREATE TABLE model_usage (
    event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_prompt_tokens INTEGER NOT NULL,
    cache_write_prompt_tokens INTEGER NOT NULL,
    reasoning_completion_tokens INTEGER NOT NULL,
    price INTEGER NOT NULL,
    PRIMARY KEY (event_id, position)
) WITHOUT ROWID
"""

# Holds every column that the reports add up or group by, so that they need not read the wide rows.
_EVENTS_BY_TIME = """
CREATE INDEX events_by_time ON events (
    time_ns, surface, ok, model, language, topic, project_id, user_hash,
    prompt_tokens, completion_tokens, deployment_price
)
"""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001_events",
        (
            _EVENTS,
            _MODEL_USAGE,
            _EVENTS_BY_TIME,
            "CREATE INDEX events_by_trace ON events (trace_id)",
        ),
    ),
    Migration("0002_facts", telemetry.STATEMENTS),
    Migration("0003_rollups", rollups.STATEMENTS),
    Migration("0004_model_prices", telemetry.MODEL_PRICES),
)


def migrate(db: sqlite3.Connection) -> None:
    """Apply what is missing, within a transaction of the caller: a step is there wholly or not at all."""
    applied = _applied(db)
    for migration in MIGRATIONS:
        if migration.name not in applied:
            _apply(db, migration)


def _applied(db: sqlite3.Connection) -> set[str]:
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, applied TEXT NOT NULL)"
    )
    applied = {name for (name,) in db.execute("SELECT name FROM migrations")}
    if applied - {migration.name for migration in MIGRATIONS}:
        raise NewerSchema
    return applied


def _apply(db: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements:
        db.execute(statement)
    db.execute("INSERT INTO migrations VALUES (?, datetime('now'))", (migration.name,))
