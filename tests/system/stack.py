"""The embedded stack as somebody at a terminal has it: commands, ports, what is printed."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.servers import ROOT, Process, free_port

COMMAND = [sys.executable, "-m", "api.cli"]


class Stack:
    """One stack on ports and in a folder of its own."""

    def __init__(self, folder: Path, *, topic_model: str | None = "") -> None:
        self.port, self.broker_port = free_port(), free_port()
        self.env: dict[str, str | None] = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "REDIS_URL": f"redis://127.0.0.1:{self.broker_port}/0",
            "DATA_DIR": str(folder / "data"),
            "TOPIC_MODEL": topic_model,
            "HF_HUB_OFFLINE": "1",
            "COLUMNS": "200",
        }
        self.log = folder / "stack.log"
        self.url = f"http://127.0.0.1:{self.port}"

    def process(self, *arguments: str) -> Process:
        return Process([*COMMAND, *arguments], self.log, env=self.env)

    def call(self, *arguments: str) -> str:
        """What one of our commands prints; it has to end well."""
        return self._run([*COMMAND, *arguments])

    def _run(self, command: list[str]) -> str:
        env = {name: value for name, value in {**os.environ, **self.env}.items() if value is not None}
        done = subprocess.run(
            command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, command: str) -> str:
        """What a line for the shell prints; it has to end well."""
        return self._run(["bash", "-c", command])

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready").status_code == 200
        except httpx.TransportError:
            return False

    def empty(self) -> bool:
        return not any(httpx.get(f"{self.url}/ready").json()["backlog"].values())
