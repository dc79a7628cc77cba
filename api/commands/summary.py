"""`dial-analytics summary`: what the embedded store holds, on one page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click
from redis import RedisError
from rich.console import Console
from rich.table import Table

from api import terminal
from workers import reports
from workers.parcels import make_store
from workers.reports import Count, ReportError, Summary, Totals, Use
from workers.settings import Settings

REMEDIES = {
    "no_store": "is not there yet: start the stack with `dial-analytics serve` and send it a log.",
    "locked": "is busy: try again in a moment.",
    "unreadable_store": "cannot be read: it is no store of dial-analytics, or it is damaged.",
}
# Counters of records that became no event, and how they are told; what was refused was also buried.
SET_ASIDE = {"refused": "refused", "dropped": "left out", "buried": "given up"}


@click.command()
def summary() -> None:
    """Show totals, models, topics, languages and what was refused."""
    show(terminal.settings(), terminal.console())


def show(settings: Settings, console: Console) -> None:
    """Print the summary; without the embedded store, say where the figures are."""
    if settings.sqlite_path is None:
        console.print("There is no embedded store (SQLITE_PATH is not set): the figures are in InfluxDB.")
        return
    try:
        found = reports.summary(settings.sqlite_path)
    except ReportError as error:
        remedy = REMEDIES.get(error.reason, error.reason)
        raise click.ClickException(f"The store {settings.sqlite_path} {remedy}") from None
    console.print()
    for table in tables(found):
        console.print(table)
    console.print(_set_aside(_counters(settings)))


def tables(found: Summary) -> list[Table]:
    return [
        _totals(found.totals, found.ratings),
        _uses("Models", "model", found.models),
        _uses("Projects", "project", found.projects),
        _counts("Topics", "topic", found.topics),
        _counts("Languages", "language", found.languages),
        _counts("Failed calls", "status", found.errors),
    ]


def _table(title: str, *columns: str) -> Table:
    """Names to the left, figures to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    return table


def _totals(totals: Totals, ratings: reports.Ratings) -> Table:
    table = _table("Totals", "", "count")
    rows = {
        "events": f"{totals.events:,}",
        "of which failed": f"{totals.errors:,}",
        "model calls": f"{totals.requests:,}",
        "prompt tokens": f"{totals.prompt_tokens:,}",
        "completion tokens": f"{totals.completion_tokens:,}",
        "cost, USD": f"{totals.cost:,.4f}",
        "users": f"{totals.users:,}",
        "projects": f"{totals.projects:,}",
        "likes / dislikes": f"{ratings.likes:,} / {ratings.dislikes:,}",
        "first": _day(totals.first_ns),
        "last": _day(totals.last_ns),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _uses(title: str, column: str, uses: Sequence[Use]) -> Table:
    table = _table(title, column, "requests", "prompt tokens", "completion tokens", "cost, USD")
    for use in uses:
        tokens = f"{use.prompt_tokens:,}", f"{use.completion_tokens:,}"
        table.add_row(use.name or "(unknown)", f"{use.requests:,}", *tokens, f"{use.cost:,.4f}")
    return table


def _counts(title: str, column: str, counts: Sequence[Count]) -> Table:
    table = _table(title, column, "events")
    for count in counts:
        table.add_row(count.name or "(unknown)", f"{count.events:,}")
    return table


def _set_aside(counters: Mapping[str, int]) -> Table:
    """Records that became no event: why, and how many since the broker was new."""
    table = _table("Records that became no event", "why", "records")
    for name, number in sorted(counters.items()):
        base, _, reason = name.partition(":")
        told_already = base == "buried" and f"refused:{reason}" in counters
        if base in SET_ASIDE and not told_already:
            table.add_row(f"{SET_ASIDE[base]}: {reason.replace('_', ' ')}", f"{number:,}")
    if not table.rows:
        table.add_row("none", "0")
    return table


def _counters(settings: Settings) -> Mapping[str, int]:
    """The store can be read while the stack is down; then nothing is known of what was refused."""
    try:
        return make_store(settings).stats().counters
    except RedisError:
        return {}


def _day(time_ns: int | None) -> str:
    if time_ns is None:
        return "-"
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).isoformat(sep=" ")
