"""The proxy as a process of its own, before an upstream of the test."""

import json
import sys
from pathlib import Path
from typing import Any, Self

import httpx
import redis

from tests.servers import Process, free_port, wait_until
from workers.payload import unpack


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

    def up(self) -> Self:
        self.start(self.answers)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


def records(client: redis.Redis) -> list[dict[str, Any]]:
    """The log lines that wait in Redis, as documents, oldest first."""
    parcels = [client.hget(key, "payload") for key in client.scan_iter("dial:parcel:*")]
    lines = [json.loads(line) for payload in parcels if payload for line in unpack(payload)]  # type: ignore[arg-type]
    return sorted(lines, key=lambda line: str(line["request"]["time"]))


def recorded(client: redis.Redis, count: int = 1) -> list[dict[str, Any]]:
    """The records, once there are so many."""
    wait_until(lambda: len(records(client)) >= count, what=f"{count} records in Redis")
    return records(client)
