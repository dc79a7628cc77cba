"""`dial-analytics proxy`: the recording proxy under gunicorn, in a process group of its own."""

import os
import signal
import sys

import click

from api import terminal
from api.auth import is_loopback
from api.proxy.routes import upstreams
from workers.settings import Settings

APP = "api.proxy.process:runner"
# Streams that are under way may end; the stack kills what is left after 14 seconds.
GRACE_S = 12


@click.command()
@click.option("--optional", is_flag=True, help="Without an upstream, wait instead of failing.")
def proxy(*, optional: bool) -> None:
    """Pass calls of OpenAI and Anthropic clients on, and record them.

    Listens on HOST and PROXY_PORT (5002 unless set); PROXY_UPSTREAM_URL says where calls go.
    """
    settings = terminal.settings()
    if upstreams(settings):
        check(settings)
        os.execv(sys.executable, command(settings))  # noqa: S606 - gunicorn takes this process over
    if not optional:
        raise click.ClickException("There is no upstream: set PROXY_UPSTREAM_URL or PROXY_UPSTREAMS.")
    click.echo("No PROXY_UPSTREAM_URL: the recording proxy is off.")
    signal.pause()


def check(settings: Settings) -> None:
    """A key of ours is for those who have a token, or for this machine alone."""
    open_door = not settings.proxy_tokens and not settings.allow_anonymous
    if open_door and not is_loopback(settings.host) and any(one.holds_a_key for one in upstreams(settings)):
        raise click.ClickException(
            f"HOST={settings.host!r} and a key for the upstream without PROXY_TOKENS: allowed with them, "
            "with HOST=127.0.0.1, or with ALLOW_ANONYMOUS=true"
        )


def command(settings: Settings) -> list[str]:
    options = {
        "bind": f"{settings.host}:{settings.proxy_port}",
        "workers": str(settings.proxy_workers),
        "worker-class": "aiohttp.GunicornWebWorker",
        "graceful-timeout": str(GRACE_S),
        "log-level": "warning",
    }
    said = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "gunicorn", *said, "--no-control-socket", APP]
