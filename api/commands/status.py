"""`dial-analytics status`: queues, oldest parcel, dead letters, sinks, and what to do about them."""

import json
from collections.abc import Iterator, Mapping

import click
from rich.console import Console
from rich.table import Table

from api import terminal
from api.health import readiness
from workers.parcels import Stats
from workers.sinks import sink_names

# Older than this, and nobody seems to be working on it.
STALE_S = 120.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(*, as_json: bool) -> None:
    """Show what is waiting, what was given up, and what to do."""
    settings = terminal.settings()
    with terminal.store(settings) as store:
        stats = store.stats()
    sinks = sink_names(settings)
    if as_json:
        report = readiness(stats) | {"sinks": list(sinks), "counters": dict(stats.counters)}
        click.echo(json.dumps(report, indent=2))
        return
    console = terminal.console()
    console.print(_queues(stats))
    console.print(_letters(stats))
    console.print(_sinks(sinks, stats.paused))
    _advise(console, stats)


def _queues(stats: Stats) -> Table:
    table = Table("queue", "parcels", "oldest", title="Waiting", title_justify="left")
    for task, parcels in stats.backlog.items():
        table.add_row(task, str(parcels), terminal.age(stats.oldest_s[task]) if parcels else "-")
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


def _advise(console: Console, stats: Stats) -> None:
    lines = list(advice(stats))
    for line in lines or ["Nothing to do: everything that was accepted has been delivered or is on its way."]:
        console.print(line, soft_wrap=True)


def advice(stats: Stats) -> Iterator[str]:
    """What a person should do now, most urgent first."""
    for sink, cause in sorted(stats.paused.items()):
        yield f"Sink {sink} is paused ({cause}): correct its address or token; nothing is lost."
    for task, oldest in stats.oldest_s.items():
        if oldest > STALE_S and stats.backlog[task]:
            yield f"Queue {task} is not being emptied: is `dial-analytics worker {task}` running?"
    if lost := sum(count for name, count in stats.counters.items() if name.startswith("lost:")):
        yield f"{lost} calls through the proxy were not recorded so far: PROXY_SPOOL_BYTES may be too small."
    if stats.dead_letters:
        yield "See `dial-analytics deadletters list`; `replay` tries them again, `drop` forgets them."
