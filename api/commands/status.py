"""`dial-analytics status`: queues, oldest parcel, dead letters, sinks, and what to do about them."""

import json
from collections.abc import Mapping

import click
from rich.console import Console
from rich.table import Table

from api import terminal
from api.advice import advice
from api.health import closed_by, readiness
from workers import vitals
from workers.parcels import Stats
from workers.sinks import sink_names
from workers.vitals import Vitals


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(*, as_json: bool) -> None:
    """Show what is waiting, what was given up, and what to do."""
    settings = terminal.settings()
    with terminal.store(settings) as store:
        closed = tuple(closed_by(store))
        stats, signs = store.stats(), vitals.read(store)
    sinks = sink_names(settings)
    if as_json:
        report = readiness(stats, signs, closed) | {"sinks": list(sinks), "counters": dict(stats.counters)}
        report["advice"] = list(advice(stats, signs, closed))
        click.echo(json.dumps(report, indent=2))
        return
    console = terminal.console()
    console.print(_queues(stats, signs))
    console.print(_letters(stats))
    console.print(_sinks(sinks, stats.paused))
    _advise(console, list(advice(stats, signs, closed)))


def _queues(stats: Stats, signs: Vitals) -> Table:
    columns = ("queue", "parcels", "oldest", "last error", "workers")
    table = Table(*columns, title="Waiting", title_justify="left")
    for task, parcels in stats.backlog.items():
        oldest = terminal.age(stats.oldest_s[task]) if parcels else "-"
        table.add_row(task, str(parcels), oldest, signs.errors.get(task, "-"), str(signs.workers[task]))
    return table


def _letters(stats: Stats) -> Table:
    table = Table("reason", "letters", title="Dead letters", title_justify="left")
    for reason, count in sorted(stats.dead_letters.items()):
        table.add_row(reason, str(count))
    if not stats.dead_letters:
        table.add_row("none", "0")
    return table


def _sinks(names: tuple[str, ...], paused: Mapping[str, str]) -> Table:
    table = Table("sink", "state", title="Sinks", title_justify="left")
    for name in names:
        table.add_row(name, f"paused: {paused[name]}" if name in paused else "on")
    return table


def _advise(console: Console, lines: list[str]) -> None:
    for line in lines or ["Nothing to do: everything that was accepted has been delivered or is on its way."]:
        console.print(line, soft_wrap=True)
