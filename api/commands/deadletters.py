"""`dial-analytics deadletters`: look at what was given up, try it again, or forget it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import click
from rich.table import Table

from api import terminal
from workers.letters import DeadLetter
from workers.parcels import ParcelStore
from workers.payload import unpack

# How many letters one command looks at; more of them are a matter of running it again.
MOST = 100_000

Command = Callable[..., None]


@click.group()
def deadletters() -> None:
    """Look at what was given up, try it again, or forget it.

    A dead letter holds log lines or events that could not be processed, whole and with the reason.
    """


def _chosen(command: Command) -> Command:
    """The options that say which letters are meant."""
    command = click.option("--dry-run", is_flag=True, help="Only say what would be done.")(command)
    command = click.option("--all", "everything", is_flag=True, help="All dead letters.")(command)
    command = click.option("--reason", help="All of this reason.")(command)
    return click.argument("ids", nargs=-1, metavar="[ID]...")(command)


@deadletters.command("list")
@click.option("--reason", help="Only those with this reason.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=1), help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_(*, reason: str | None, limit: int, as_json: bool) -> None:
    """List dead letters, the newest first."""
    with terminal.store(terminal.settings()) as store:
        letters = store.letters(reason=reason, limit=limit)
    if as_json:
        click.echo(json.dumps([_facts(letter) for letter in letters], indent=2))
        return
    table = Table("id", "reason", "task", "sink", "records", "attempts", "since")
    for letter in letters:
        facts = _facts(letter)
        table.add_row(*(str(facts[name]) for name in _COLUMNS))
    terminal.console().print(table if letters else "No dead letters.")


_COLUMNS = ("id", "reason", "task", "sink", "records", "attempts", "buried")


def _facts(letter: DeadLetter) -> dict[str, str | int]:
    return {
        "id": letter.id,
        "reason": letter.reason,
        "task": letter.task,
        "sink": letter.sink or "-",
        "records": letter.records,
        "attempts": letter.attempts,
        "error": letter.error,
        "buried": datetime.fromtimestamp(letter.buried, UTC).isoformat(sep=" ", timespec="seconds"),
    }


@deadletters.command()
@click.argument("letter_id", metavar="ID")
@click.option("--payload", is_flag=True, help="Also print what it holds: people's words, mind who looks on.")
def show(letter_id: str, *, payload: bool) -> None:
    """Show one dead letter; ID may be shortened."""
    with terminal.store(terminal.settings()) as store:
        letter = _find(store, letter_id)
    for name, value in _facts(letter).items():
        click.echo(f"{name + ':':<10} {value}")
    if payload:
        for item in unpack(letter.payload):
            click.echo(item if isinstance(item, str) else json.dumps(item))


@deadletters.command()
@_chosen
def replay(*, ids: tuple[str, ...], reason: str | None, everything: bool, dry_run: bool) -> None:
    """Try dead letters again: by ID, by --reason, or --all."""
    with terminal.store(terminal.settings()) as store:
        chosen = _choose(store, ids, reason, everything=everything)
        done = len(chosen) if dry_run else store.replay(chosen)
    click.echo(f"{'Would replay' if dry_run else 'Replayed'} {done} dead letter{'' if done == 1 else 's'}.")


@deadletters.command()
@_chosen
def drop(*, ids: tuple[str, ...], reason: str | None, everything: bool, dry_run: bool) -> None:
    """Forget dead letters for good: by ID, by --reason, or --all."""
    with terminal.store(terminal.settings()) as store:
        chosen = _choose(store, ids, reason, everything=everything)
        done = len(chosen) if dry_run else store.drop(chosen)
    click.echo(f"{'Would drop' if dry_run else 'Dropped'} {done} dead letter{'' if done == 1 else 's'}.")


def _choose(store: ParcelStore, ids: tuple[str, ...], reason: str | None, *, everything: bool) -> list[str]:
    if sum(map(bool, (ids, reason, everything))) != 1:
        raise click.UsageError("Say which: IDs, or --reason REASON, or --all.")
    if ids:
        return [_find(store, letter_id).id for letter_id in ids]
    return [letter.id for letter in store.letters(reason=reason, limit=MOST)]


def _find(store: ParcelStore, start: str) -> DeadLetter:
    exact = store.letter(start)
    if exact:
        return exact
    found = [letter for letter in store.letters(limit=MOST) if letter.id.startswith(start)]
    if len(found) == 1:
        return found[0]
    what = "No dead letter has" if not found else "Several dead letters have"
    raise click.ClickException(
        f"{what} an id that starts with {start}; see `dial-analytics deadletters list`."
    )
