"""`dial-analytics demo`: the whole stack at work on a sample log, up to a readable summary."""

from pathlib import Path

import click
from redis import RedisError
from rich.console import Console

from api import terminal
from api.bookmarks import Bookmarks
from api.commands.ingest import count
from api.commands.serve import within
from api.commands.summary import show
from api.journey import Journey, Tally
from api.postman import DeliveryError, Postman
from api.stack import Stack
from workers.parcels import ParcelStore, make_store
from workers.settings import Settings

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "aidial.log"
# The workers may still be loading their models when the last record has been accepted.
DELIVERY_S = 600.0


@click.command()
@click.option("--sample", type=click.Path(path_type=Path), default=SAMPLE, help="Another prompt log.")
@click.option("--exit", "leave", is_flag=True, help="End after the summary.")
def demo(*, sample: Path, leave: bool) -> None:
    """Start everything, send a sample log through it, sum it up.

    The stack keeps running until Ctrl-C.
    """
    settings = terminal.guarded(terminal.settings())
    console = terminal.console()
    if not sample.is_file():
        raise click.ClickException(f"There is no {sample}: name a prompt log with --sample.")

    def play(stack: Stack) -> None:
        tally = _send(sample, settings, console)
        _await_delivery(stack, settings, console)
        console.print(count(tally))
        show(settings, console)
        if not leave:
            url = terminal.api_url(settings)
            console.print(f"\nThe stack keeps running at {url} until Ctrl-C.", soft_wrap=True)
            stack.run()

    within(settings, console, play)


def _send(sample: Path, settings: Settings, console: Console) -> Tally:
    postman = Postman(terminal.api_url(settings), token=terminal.ingest_token(settings))
    journey = Journey(postman, Bookmarks(settings.data_dir / "ingest"), console)
    try:
        journey.send(str(sample), 0)
    except DeliveryError as error:
        raise click.ClickException(f"{error}.") from None
    finally:
        postman.close()
    return journey.tally


def _await_delivery(stack: Stack, settings: Settings, console: Console) -> None:
    store = make_store(settings)
    with console.status("Waiting for the workers: models are loaded, then every record is analysed ..."):
        stack.wait_for(lambda: _delivered(store), DELIVERY_S, "the delivery of the sample")


def _delivered(store: ParcelStore) -> bool:
    try:
        return not any(store.stats().backlog.values())
    except RedisError:
        return False
