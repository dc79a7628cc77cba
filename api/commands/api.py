"""`dial-analytics api`: gunicorn with our configuration."""

import os
import sys
from pathlib import Path

import click

from api import terminal

CONFIGURATION = Path(__file__).resolve().parents[1] / "gunicorn.conf.py"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def api(arguments: tuple[str, ...]) -> None:
    """Run the HTTP API on HOST and PORT (5001 unless set).

    Further ARGUMENTS go to gunicorn.
    """
    terminal.guarded(terminal.settings())
    command = [sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), *arguments, "api.wsgi:application"]
    os.execv(sys.executable, command)  # noqa: S606 - gunicorn takes this process over
