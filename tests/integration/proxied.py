"""The proxy as a process of its own, before an upstream of the test."""

import sys
from pathlib import Path

import httpx

from tests.servers import Process, free_port


class ProxyProcess(Process):
    """`dial-analytics proxy` on a free port; more settings as keywords."""

    def __init__(self, folder: Path, redis_url: str = "redis://127.0.0.1:1/0", **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        env = {
            "REDIS_URL": redis_url,
            "DATA_DIR": str(folder),
            "HOST": "127.0.0.1",
            "PROXY_PORT": str(self.port),
            **settings,
        }
        super().__init__([sys.executable, "-m", "api.cli", "proxy"], folder / "proxy.log", env=env)

    def up(self) -> "ProxyProcess":
        self.start(self.answers)
        return self

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False
