"""`dial-analytics deadletters`: look at what was given up, try it again, keep it as a file, or forget it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from rich.table import Table

from api import letterfile, terminal
from api.moment import MOMENT
from workers.keeping import FULL
from workers.letters import Choice, DeadLetter
from workers.parcels import ParcelStore
from workers.payload import unpack

LOCKED = "None of PARCEL_KEYS opens this dead letter: add the key that it was written with."

Command = Callable[..., None]


@click.group()
def deadletters() -> None:
    """Look at what was given up, try it again, or forget it.

    A dead letter holds log lines or events that could not be processed, and the reason.
    """


def _choosing(command: Command) -> Command:
    """The options --reason, --after and --before, handed on as one `choice`."""

    @click.option("--reason", help="Only those with this reason.")
    @click.option("--after", type=MOMENT, help="Buried since then: 2026-09-01T12:00, or 2h ago as 2h.")
    @click.option("--before", type=MOMENT, help="Buried before that.")
    @wraps(command)
    def chosen(*, reason: str | None, after: float | None, before: float | None, **others: Any) -> None:
        command(choice=Choice(reason, after, before), **others)

    return chosen


def _picking(command: Command) -> Command:
    """What `_choosing` offers, single ids, and a trial run."""
    command = click.option("--dry-run", is_flag=True, help="Only say what would be done.")(command)
    command = click.option("--all", "everything", is_flag=True, help="All dead letters.")(command)
    return click.argument("ids", nargs=-1, metavar="[ID]...")(_choosing(command))


@deadletters.command("list")
@_choosing
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=1), help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_(*, choice: Choice, limit: int, as_json: bool) -> None:
    """List dead letters, the newest first."""
    with terminal.store(terminal.settings()) as store:
        letters = store.letters(choice, limit=limit)
    if as_json:
        click.echo(json.dumps([_facts(letter) for letter in letters], indent=2))
        return
    table = Table("id", "reason", "task", "sink", "records", "attempts", "kept", "since")
    for letter in letters:
        facts = _facts(letter)
        table.add_row(*(str(facts[name]) for name in _COLUMNS))
    terminal.console().print(table if letters else "No dead letters.")


_COLUMNS = ("id", "reason", "task", "sink", "records", "attempts", "kept", "buried")


def _facts(letter: DeadLetter) -> dict[str, str | int]:
    return {
        "id": letter.id,
        "reason": letter.reason,
        "task": letter.task,
        "sink": letter.sink or "-",
        "records": letter.records,
        "attempts": letter.attempts,
        "kept": letter.kept,
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
    if payload and letter.locked:
        raise click.ClickException(LOCKED)
    if payload and letter.payload:
        for item in unpack(letter.payload):
            click.echo(item if isinstance(item, str) else json.dumps(item))


@deadletters.command()
@_picking
def replay(*, ids: tuple[str, ...], choice: Choice, everything: bool, dry_run: bool) -> None:
    """Try dead letters again: by ID, by reason and time, or --all.

    Only what was kept whole can be tried again; what was not stays.
    """
    with terminal.store(terminal.settings()) as store:
        chosen = _choose(store, ids, choice, everything=everything)
        whole = [letter.id for letter in chosen if letter.kept == FULL]
        done = len(whole) if dry_run else store.replay(whole)
    click.echo(f"{'Would replay' if dry_run else 'Replayed'} {_letters(done)}.")
    if len(whole) < len(chosen):
        click.echo(f"{_letters(len(chosen) - len(whole))} not kept whole, and left where it was.")


@deadletters.command()
@_picking
def drop(*, ids: tuple[str, ...], choice: Choice, everything: bool, dry_run: bool) -> None:
    """Forget dead letters for good: by ID, by reason and time, or --all."""
    with terminal.store(terminal.settings()) as store:
        chosen = _choose(store, ids, choice, everything=everything)
        done = len(chosen) if dry_run else store.drop(letter.id for letter in chosen)
    click.echo(f"{'Would drop' if dry_run else 'Dropped'} {_letters(done)}.")


@deadletters.command()
@_choosing
@click.argument("file", type=click.Path())
def export(*, file: str, choice: Choice) -> None:
    """Write dead letters to a new FILE (- is standard output); they stay here, too.

    The file holds what the letters hold: log lines, people's words.
    """
    done = 0
    try:
        with terminal.store(terminal.settings()) as store, letterfile.written(file) as stream:
            for letter in store.each(choice):
                if letter.locked:
                    raise click.ClickException(
                        f"{LOCKED} It is {letter.id}; what came before it is in the file."
                    )
                stream.write(letterfile.line(letter) + "\n")
                done += 1
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"Exported {_letters(done)}.", err=file == letterfile.STREAM)


@deadletters.command("import")
@click.argument("file", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def import_(*, file: str, dry_run: bool) -> None:
    """Put exported dead letters back from a FILE (- is standard input); those still here stay as they are."""
    try:
        letters = list(letterfile.read(file))
    except (OSError, UnicodeDecodeError):
        raise click.ClickException(f"{file} cannot be read.") from None
    except letterfile.LetterFileError as error:
        raise click.ClickException(f"{file}: {error}. Nothing was imported.") from None
    with terminal.store(terminal.settings()) as store:
        missing = [letter for letter in letters if store.letter(letter.id) is None]
        done = len(missing) if dry_run else store.restore(missing)
    click.echo(f"{'Would import' if dry_run else 'Imported'} {_letters(done)}.")


def _letters(number: int) -> str:
    return f"{number} dead letter{'' if number == 1 else 's'}"


def _choose(
    store: ParcelStore, ids: tuple[str, ...], choice: Choice, *, everything: bool
) -> list[DeadLetter]:
    if sum(map(bool, (ids, choice != Choice(), everything))) != 1:
        raise click.UsageError("Say which: IDs, or --reason, --after and --before, or --all.")
    if ids:
        return [_find(store, letter_id) for letter_id in ids]
    return list(store.each(choice))


def _find(store: ParcelStore, start: str) -> DeadLetter:
    exact = store.letter(start)
    if exact:
        return exact
    found = [letter for letter in store.each() if letter.id.startswith(start)]
    if len(found) == 1:
        return found[0]
    what = "No dead letter has" if not found else "Several dead letters have"
    raise click.ClickException(
        f"{what} an id that starts with {start}; see `dial-analytics deadletters list`."
    )
