"""Runs the embedded stack: starts its processes, hands on what they print, stops them in order.

The processes are those of the Procfile; a test compares the two.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

Say = Callable[[str, str], None]

BROKER = "broker"
PROXY = "proxy"
# Arguments of `dial-analytics`, by process name and in the order in which they start.
PROCESSES: dict[str, tuple[str, ...]] = {
    BROKER: ("broker",),
    "api": ("api",),
    PROXY: ("proxy", "--optional"),
    "worker-analyze": ("worker", "analyze"),
    "worker-deliver": ("worker", "deliver"),
}
# A worker finishes the batch at hand; the broker goes last, because they still write to it.
STOP_S = 14.0
BROKER_STOP_S = 4.0


class StackError(Exception):
    """A process ended that should run; the text says which one."""


@dataclass(slots=True)
class Stack:
    """Started processes by name. `say(name, line)` gets every line that they print."""

    say: Say
    env: Mapping[str, str] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _readers: list[threading.Thread] = field(default_factory=list, init=False)

    def start(self, name: str) -> None:
        # A session of its own: Ctrl-C in the terminal reaches us alone, and we stop them in order.
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "api.cli", *PROCESSES[name]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.env, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self._running[name] = process
        reader = threading.Thread(target=self._relay, args=(name, process.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    def _relay(self, name: str, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self.say(name, line.decode("utf-8", "replace").rstrip())

    def check(self) -> None:
        """Raises StackError when one of the processes has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise StackError(f"{name} ended with status {process.returncode}")

    def wait_for(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until the condition holds; a process that ends meanwhile, or the timeout, is a StackError."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{what} took more than {timeout_s:g} s")
            time.sleep(0.1)

    def run(self) -> None:
        """Stay until a process ends (StackError) or the terminal interrupts (KeyboardInterrupt)."""
        while True:
            self.check()
            time.sleep(0.2)

    def stop(self) -> None:
        """SIGTERM to all but the broker, then to the broker; SIGKILL to the groups of those that stay."""
        others = [name for name in self._running if name != BROKER]
        try:
            self._stop(others, STOP_S)
        finally:
            self._stop(list(self._running), BROKER_STOP_S)
            for reader in self._readers:
                reader.join(timeout=1.0)

    def _stop(self, names: Sequence[str], timeout_s: float) -> None:
        processes = [self._running.pop(name) for name in names]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + timeout_s
        try:
            for process in processes:
                _wait(process, deadline)
        finally:
            # Also after a second Ctrl-C, and for children of a parent that was killed.
            for process in processes:
                _kill_group(process)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
