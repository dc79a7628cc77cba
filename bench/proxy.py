"""What the recording proxy costs: calls through it beside direct ones, at 1, 50 and 500 streams at once.

Also through mitmproxy's reverse mode, if `mitmdump` is in PATH or named by MITMDUMP, and through whatever
`--also NAME=URL@PID` names (LiteLLM, for instance). All take turns within one run against one upstream.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import aiohttp
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.integration.proxied import ProxyProcess, records
from tests.servers import Process, Valkey, free_port, listens
from tests.upstream import LOAD_PAUSE_S

CHAT = "/chat/completions"
MESSAGES = [{"role": "user", "content": "Which language is best for a proxy? " * 20}]
TICKS = os.sysconf("SC_CLK_TCK")
# Streams at once, rounds, the model that answers, and the seconds over which the streams of a round begin:
# those of `load` are about as long, so that nearly all of them are open together.
LOADS = ((1, 200, "gpt-4o", 0.0), (50, 1, "load", 6 * LOAD_PAUSE_S), (500, 1, "load", 6 * LOAD_PAUSE_S))


@dataclass(slots=True)
class Target:
    """A base URL, the process group behind it (0: not known), and what was measured.

    `first` and `whole` are seconds to the first chunk and to the last.
    """

    name: str
    url: str
    leader: int = 0
    first: dict[int, list[float]] = field(default_factory=dict)
    whole: dict[int, list[float]] = field(default_factory=dict)
    cpu_s: float = 0.0
    calls: int = 0

    def cpu(self) -> float:
        """Processor time of its process group so far."""
        return sum(map(_ticks, _group(self.leader))) / TICKS if self.leader else 0.0


def _group(leader: int) -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == leader:
                yield path
        except ProcessLookupError:
            continue


def _ticks(process: Path) -> int:
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def call(session: aiohttp.ClientSession, target: Target, model: str, load: int) -> None:
    body = {"model": model, "stream": True, "messages": MESSAGES}
    begun = time.perf_counter()
    async with session.post(target.url + CHAT, json=body) as reply:
        assert reply.status == 200, f"{target.name}: {reply.status}"
        chunk = await reply.content.readany()
        target.first.setdefault(load, []).append(time.perf_counter() - begun)
        while chunk:
            ended = chunk.endswith(b"[DONE]\n\n")
            chunk = await reply.content.readany()
        assert ended, f"{target.name}: a stream was cut"
    target.whole.setdefault(load, []).append(time.perf_counter() - begun)


async def measure(targets: list[Target]) -> None:
    """All targets take turns in each round, so that a busy machine is busy for all of them."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": "Bearer sk-bench"}
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        for target in targets:
            await asyncio.gather(*(call(session, target, "gpt-4o", 0) for _ in range(20)))
        for load, rounds, model, over_s in LOADS:
            for _ in range(rounds):
                for target in targets:
                    before = target.cpu()
                    await asyncio.gather(
                        *(later(n * over_s / load, call(session, target, model, load)) for n in range(load))
                    )
                    target.cpu_s += target.cpu() - before
                    target.calls += load


async def later(wait_s: float, work: Coroutine[None, None, None]) -> None:
    await asyncio.sleep(wait_s)
    await work


def table(targets: list[Target]) -> Table:
    direct = targets[0]
    columns = ("streams", "by way of", "first chunk p50", "p99", "whole p50", "p99", "added p50", "added p99")
    shown = Table(*columns, title="milliseconds; added: first chunk, beside direct", title_justify="left")
    for load, *_ in LOADS:
        base = (median(direct.first[load]), p99(direct.first[load]))
        for target in targets:
            first, whole = target.first[load], target.whole[load]
            mine = (median(first), p99(first))
            added = [ms(now - then) for now, then in zip(mine, base, strict=True)]
            rest = ["-", "-"] if target is direct else added
            shown.add_row(str(load), target.name, *map(ms, (*mine, median(whole), p99(whole))), *rest)
    return shown


def p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


@contextmanager
def running(process: Process, port: int) -> Iterator[Process]:
    process.start(lambda: listens(port))
    try:
        yield process
    finally:
        process.kill()


def start(stack: ExitStack, folder: Path, also: list[str], port: int) -> tuple[list[Target], Valkey]:
    """Upstream, Valkey and all that stands before it."""
    server = Process([sys.executable, "-m", "tests.upstream", str(port)], folder / "upstream.log")
    stack.enter_context(running(server, port))
    valkey = Valkey(folder / "valkey").up()
    stack.callback(valkey.kill)
    upstream = f"http://127.0.0.1:{port}"
    proxy = stack.enter_context(ProxyProcess(folder, valkey.url, PROXY_UPSTREAM_URL=upstream)).up()
    targets = [Target("direct", f"{upstream}/v1"), Target("this proxy", f"{proxy.url}/openai/v1", proxy.pid)]
    if mitmdump := os.environ.get("MITMDUMP") or shutil.which("mitmdump"):
        targets.append(_mitmproxy(stack, folder, mitmdump, upstream))
    return targets + list(map(named, also)), valkey


def named(also: str) -> Target:
    """NAME=URL, or NAME=URL@PID where PID leads a process group whose processor time is to be measured."""
    name, _, place = also.partition("=")
    url, _, pid = place.partition("@")
    return Target(name, url, int(pid or 0))


def _mitmproxy(stack: ExitStack, folder: Path, program: str, upstream: str) -> Target:
    """Streaming bodies, as the proxy does; without that it would gather each answer first."""
    port = free_port()
    options = ["--mode", f"reverse:{upstream}", "-p", str(port), "-q", "--set", "stream_large_bodies=1"]
    process = Process([program, *options, "--set", f"confdir={folder / 'mitm'}"], folder / "mitm.log")
    stack.enter_context(running(process, port))
    return Target("mitmproxy", f"http://127.0.0.1:{port}/v1", process.pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--also", action="append", default=[], metavar="NAME=URL[@PID]")
    parser.add_argument("--port", type=int, default=0, help="of the upstream, for those named by --also")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        targets, valkey = start(stack, Path(name), arguments.also, arguments.port or free_port())
        asyncio.run(measure(targets))
        console.print(table(targets))
        for target in targets:
            if target.cpu_s:
                console.print(
                    f"{target.name}: {target.calls / target.cpu_s:.0f} streams per second of processor"
                )
        time.sleep(1)
        with valkey.client() as client:
            console.print(f"recorded: {len(records(client))} of {targets[1].calls + 20} calls")


if __name__ == "__main__":
    main()
