"""`dial-analytics ingest`: sends prompt logs through the HTTP door, in batches shaped like Vector's."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from api import terminal
from api.bookmarks import Bookmarks
from api.journey import Journey, Tally
from api.logfile import STDIN
from api.postman import DeliveryError, Postman


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--url", help="Where the API is.  [default: this machine, on PORT]")
@click.option("--from-start", is_flag=True, help="Send all of it, whatever was sent before.")
@click.option("--offset", type=click.IntRange(min=0), help="Start at this byte (of the unpacked log).")
@click.option("--patience", default=300.0, show_default=True, help="Seconds to try each batch.")
def ingest(
    *, files: tuple[str, ...], url: str | None, from_start: bool, offset: int | None, patience: float
) -> None:
    """Send prompt logs of DIAL Core to the API.

    A FILE may be plain or gzip; - is standard input.

    The first of INGEST_TOKENS, if there is one, is sent along.

    What has been accepted is remembered per log (in DATA_DIR/ingest), so the same command again sends
    only what is new.
    """
    _check(files, from_start=from_start, offset=offset)
    settings = terminal.settings()
    console = terminal.console()
    where, token = url or terminal.api_url(settings), terminal.ingest_token(settings)
    postman = Postman(where, patience, waiting=_Waiting(console), token=token)
    journey = Journey(postman, Bookmarks(settings.data_dir / "ingest"), console)
    try:
        for name in files:
            journey.send(name, 0 if from_start else offset)
    except DeliveryError as error:
        raise click.ClickException(
            f"{error}. Run the same command again to go on where it stopped."
        ) from None
    except (OSError, EOFError) as error:
        raise click.ClickException(f"{name} cannot be read: {error}") from None
    finally:
        postman.close()
        console.print(count(journey.tally))


def _check(files: tuple[str, ...], *, from_start: bool, offset: int | None) -> None:
    for name in files:
        if name != STDIN and not Path(name).is_file():
            raise click.UsageError(f"There is no file {name}.")
    if offset is not None and (from_start or len(files) > 1 or STDIN in files):
        raise click.UsageError("--offset is for one file, without --from-start.")


def count(tally: Tally) -> Table:
    """The final count."""
    table = Table("records", "count", title="Sent", title_justify="left")
    table.add_row("sent", str(tally.sent))
    table.add_row("accepted", str(tally.accepted))
    for reason, number in sorted(tally.refused.items()):
        table.add_row(f"refused: {reason}", str(number))
    return table


class _Waiting:
    """Says why we wait, once per reason."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = ""

    def __call__(self, why: str) -> None:
        if why != self._said:
            self._console.print(f"Waiting for the server: {why}", markup=False)
            self._said = why
