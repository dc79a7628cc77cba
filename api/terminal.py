"""What all commands share: one console, the settings, and errors that are one sentence with its remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
from redis import RedisError
from rich.console import Console

from api import auth
from workers.parcels import ParcelStore, make_store
from workers.settings import Settings, SettingsError

EVERYWHERE = ("0.0.0.0", "::", "[::]", "*")  # noqa: S104 - compared with, not listened on


def console() -> Console:
    """Standard output; made anew for each command, so that redirections are seen."""
    return Console(highlight=False)


def settings() -> Settings:
    """The settings, or the one line that names the wrong variable."""
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def store(of: Settings) -> Iterator[ParcelStore]:
    """The parcel store; that Redis does not answer is one sentence, whenever it happens."""
    try:
        yield make_store(of)
    except RedisError:
        raise click.ClickException(
            f"Redis at {address(of.redis_url)} does not answer: start the stack with `dial-analytics serve`, "
            "or set REDIS_URL."
        ) from None


def address(url: str) -> str:
    """Host and port of a Redis URL, without the password that it may hold."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"


def age(seconds: float) -> str:
    """A duration as people say it: its two largest units at most."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a clock
        return f"{seconds:.1f} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def guarded(of: Settings) -> Settings:
    """The same settings, if the API may start with them: nobody is let in from outside by accident."""
    try:
        auth.check(of)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return of


def ingest_token(of: Settings) -> str:
    """What this machine sends along to the API; "" where nothing is asked."""
    return of.ingest_tokens[0] if of.ingest_tokens else ""


def api_url(of: Settings) -> str:
    """The API on this machine: an address that means "listen everywhere" is reached by way of localhost."""
    host = "127.0.0.1" if of.host in EVERYWHERE else of.host
    return f"http://{host}:{of.port}"
