"""`dial-analytics worker analyze|deliver`: a Celery worker, set up for its kind of work."""

import os
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass

import click

from api import terminal

APP = "workers.celery"
# Analysis takes whatever is left of the machine: the API answers first.
ANALYZE_NICENESS = 10
# Celery warns of pickled messages, which nobody here accepts.
SUPERUSER = "You're running the worker with superuser privileges"


@dataclass(frozen=True, slots=True)
class Kind:
    pool: str
    concurrency: int
    niceness: int


KINDS = {
    "analyze": Kind("prefork", max(1, os.cpu_count() or 1), ANALYZE_NICENESS),
    "deliver": Kind("threads", 4, 0),
}


def prepare(environ: MutableMapping[str, str]) -> None:
    """One thread per process: more of them fight over the same cores. No download unless it is asked for."""
    environ.setdefault("OMP_NUM_THREADS", "1")
    environ.setdefault("MKL_NUM_THREADS", "1")
    environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    environ.setdefault("HF_HUB_OFFLINE", "1")


def command(queue: str, pool: str, concurrency: int, arguments: tuple[str, ...]) -> list[str]:
    program = [sys.executable, "-W", f"ignore:{SUPERUSER}", "-m", "celery", "--quiet", "-A", APP, "worker"]
    name = f"{queue}-{os.getpid()}@%h"
    return [*program, "-Q", queue, "-P", pool, "-c", str(concurrency), "-n", name, *arguments]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("queue", type=click.Choice(sorted(KINDS)))
@click.option("--pool", help="Celery's pool; `solo` for a GPU.  [default: prefork, threads]")
@click.option("--concurrency", type=click.IntRange(min=1), help="Batches at a time.  [default: cores, 4]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(queue: str, pool: str | None, concurrency: int | None, arguments: tuple[str, ...]) -> None:
    """Run a worker that analyses, or one that delivers.

    `analyze` makes events out of log lines, `deliver` writes them to the sinks.

    Further ARGUMENTS go to `celery worker`.
    """
    terminal.settings()
    kind = KINDS[queue]
    prepare(os.environ)
    if kind.niceness:
        os.nice(kind.niceness)
    run = command(queue, pool or kind.pool, concurrency or kind.concurrency, arguments)
    os.execv(sys.executable, run)  # noqa: S606 - celery takes this process over
