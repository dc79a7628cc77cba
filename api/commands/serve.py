"""`dial-analytics serve`: broker, API and workers in one terminal, until Ctrl-C."""

import errno
import signal
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from types import FrameType
from urllib.parse import urlsplit

import click
from redis import AuthenticationError, RedisError
from rich.console import Console
from rich.text import Text

from api import terminal
from api.commands.broker import is_local
from api.proxy.routes import upstreams
from api.stack import BROKER, PROCESSES, PROXY, Stack, StackError
from workers.parcels import connect
from workers.settings import Settings

BROKER_START_S = 60.0
API_START_S = 60.0
# Ctrl-C too: a shell script lets its background jobs ignore it, and `kill -INT` would do nothing.
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COLOURS = ("cyan", "yellow", "blue", "green", "magenta")


@click.command()
def serve() -> None:
    """Start broker, API and workers, until Ctrl-C.

    The embedded broker is left out when something answers at REDIS_URL already.
    """
    settings = terminal.guarded(terminal.settings())
    console = terminal.console()
    within(settings, console, Stack.run)


def within(settings: Settings, console: Console, work: Callable[[Stack], None]) -> None:
    """Do the work in the running stack; it is stopped in order however the work ends."""
    _check_port(settings)
    stack = Stack(_printer(console))
    interrupts = {number: signal.signal(number, _interrupt) for number in INTERRUPTS}
    try:
        _start(stack, settings, console)
        work(stack)
    except StackError as error:
        raise click.ClickException(f"{error}; its lines above say why.") from None
    except KeyboardInterrupt:
        console.print("\nStopping: batches at hand are finished first; Ctrl-C once more stops at once.")
    finally:
        _stop(stack, console)
        for number, before in interrupts.items():
            signal.signal(number, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A plain kill, and a terminal that closes, stop the stack as Ctrl-C does."""
    raise KeyboardInterrupt


def _start(stack: Stack, settings: Settings, console: Console) -> None:
    """The broker first: the others want to reach it."""
    where = terminal.address(settings.redis_url)
    if _needs_broker(settings):
        stack.start(BROKER)
        stack.wait_for(lambda: _answers(settings), BROKER_START_S, "the start of the broker")
    else:
        console.print(f"Using the Redis that already runs at {where}.")
    for name in PROCESSES:
        if name != BROKER and (name != PROXY or upstreams(settings)):
            stack.start(name)
    url = terminal.api_url(settings)
    stack.wait_for(lambda: _is_up(url), API_START_S, "the start of the API")
    console.print(f"[bold]dial-analytics is ready at {url}[/bold]  (Ctrl-C stops it)", soft_wrap=True)
    if upstreams(settings):
        place = f"http://{settings.host}:{settings.proxy_port}"
        console.print(f"The recording proxy is at {place}", soft_wrap=True)


def _stop(stack: Stack, console: Console) -> None:
    try:
        stack.stop()
    except KeyboardInterrupt:
        console.print("Stopped at once: what was at hand is done again after the next start.")
    else:
        console.print("Stopped.")


def _check_port(settings: Settings) -> None:
    """Ask before anything is started; gunicorn would only try again and again."""
    try:
        with socket.create_server((settings.host, settings.port)):
            return
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"Port {settings.port} is already in use: stop what uses it, or set PORT to another one."
        else:
            text = f"HOST={settings.host} PORT={settings.port} cannot be used: {error.strerror}."
        raise click.ClickException(text) from None


def _needs_broker(settings: Settings) -> bool:
    where = terminal.address(settings.redis_url)
    try:
        with connect(settings) as client:
            client.ping()
    except AuthenticationError:
        raise click.ClickException(f"Redis at {where} refuses the password in REDIS_URL.") from None
    except RedisError:
        _check_broker_place(settings, where)
        return True
    return False


def _check_broker_place(settings: Settings, where: str) -> None:
    if not is_local(settings.redis_url):
        raise click.ClickException(f"Redis at {where} does not answer: start it, or set REDIS_URL.")
    host, _, port = where.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, int(port))) == 0:
            raise click.ClickException(
                f"What listens at {where} is no Redis: set REDIS_URL to a free port, "
                "such as redis://127.0.0.1:6380/0."
            )


def _answers(settings: Settings) -> bool:
    try:
        with connect(settings) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _is_up(url: str) -> bool:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _printer(console: Console) -> Callable[[str, str], None]:
    """Each line behind the name of its process, as honcho prints the Procfile."""
    width = max(map(len, PROCESSES))
    colours = dict(zip(PROCESSES, COLOURS, strict=True))

    def say(name: str, line: str) -> None:
        console.print(Text.assemble((f"{name:<{width}} | ", colours[name]), line), soft_wrap=True)

    return say
