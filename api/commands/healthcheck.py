"""`dial-analytics healthcheck`: for containers, whether the workers of a queue make progress."""

import click
from redis import RedisError

from api import terminal
from workers import vitals
from workers.parcels import TASKS, make_store


@click.command()
@click.argument("queue", type=click.Choice(TASKS))
@click.option(
    "--after",
    default=vitals.STALLED_AFTER_S,
    show_default=True,
    type=click.FloatRange(min=1),
    help="Seconds without progress, while something waits, that are too many.",
)
def healthcheck(queue: str, after: float) -> None:
    """Fail when something waits in QUEUE and nobody works on it.

    A Redis that is away is no fault of a worker: nothing would be won by starting it anew.
    """
    settings = terminal.settings()
    try:
        idle = vitals.read(make_store(settings)).idle_s[queue]
    except RedisError:
        click.echo(f"Redis at {terminal.address(settings.redis_url)} does not answer, so nobody can tell.")
        return
    if idle > after:
        raise click.ClickException(
            f"Parcels wait for {queue}, and there was no progress for {terminal.age(idle)}."
        )
    click.echo(f"Queue {queue} is empty, or making progress.")
