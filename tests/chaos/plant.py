"""The running system, as an operator would have it: four programs, each started again when it ends."""

import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import cast

import httpx
import redis

from tests.chaos.influx import Influx
from tests.servers import Process, free_port, wait_until
from workers.parcels import make_store
from workers.settings import Settings

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
BROKER, API, ANALYZE, DELIVER = "broker", "api", "worker-analyze", "worker-deliver"
DUE = ("dial:due:analyze", "dial:due:deliver")
COMMANDS = {
    BROKER: ("broker",),
    API: ("api",),
    ANALYZE: ("worker", "analyze", "--concurrency", "2"),
    DELIVER: ("worker", "deliver"),
}


class Plant:
    """Everything on loopback, in one folder. All but places, models and `env` are the default settings."""

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str] = MappingProxyType({}),
        commands: Mapping[str, tuple[str, ...]] = COMMANDS,
    ) -> None:
        self.folder = folder
        self.influx = Influx()
        self.port, self.redis_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "analytics.sqlite"
        self.env: dict[str, str | None] = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "DATA_DIR": str(folder),
            "SQLITE_PATH": str(self.database),
            "INFLUX_URL": self.influx.url,
            "INFLUX_ORG": "chaos",
            "INFLUX_BUCKET": "chaos",
            "INFLUX_API_TOKEN": "chaos",
            "TOPIC_MODEL": "",
            **env,
        }
        self.settings = Settings.from_env({name: value for name, value in self.env.items() if value})
        self.store = make_store(self.settings)
        self.redis = redis.Redis(port=self.redis_port, socket_timeout=2, socket_connect_timeout=1)
        self.chance = random.Random(7)
        self.kills: list[str] = []
        self.ends: list[str] = []  # programs that ended although nobody asked for it, with their exit status
        self.stop_s: dict[str, float] = {}  # the longest graceful stop of each
        self.left_leased = 0  # parcels that a graceful stop left for recovery
        self._processes = {name: self._process(name, arguments) for name, arguments in commands.items()}
        self._started: Counter[str] = Counter()
        self._wanted: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def _process(self, name: str, arguments: tuple[str, ...]) -> Process:
        env = dict(self.env)
        if name == BROKER and FAKETIME:
            self.set_clock(0)
            # Only what time it is changes, not how fast it goes by.
            env |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        command = [sys.executable, "-W", "ignore", "-m", "api.cli", *arguments]
        return Process(command, self.folder / f"{name}.log", env=env)

    def set_clock(self, offset_s: int) -> None:
        """Move the clock of Redis, which is the only one that anything here is measured by."""
        new = self.folder / "clock.new"
        new.write_text(f"{offset_s:+d}\n")
        new.replace(self.folder / "clock")

    def start(self) -> None:
        for name in self._processes:
            self.revive(name)
            if name == BROKER:
                wait_until(self.redis_answers, timeout_s=30, what="the start of the broker")
        self._supervisor.start()
        wait_until(self.ready, timeout_s=60, what="the start of the plant", every_s=0.2)

    def redis_answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.redis.ping())
        return False

    def ready(self) -> bool:
        with suppress(httpx.TransportError):
            workers = (name for name in self._processes if name.startswith("worker"))
            return all(map(self.starts, workers)) and httpx.get(f"{self.url}/ready").status_code == 200
        return False

    def starts(self, name: str) -> int:
        """How often it has begun to work so far, as far as one can tell from outside."""
        if name.startswith("worker"):
            return self._processes[name].output().count("worker_ready")
        answers = self.redis_answers() if name == BROKER else self._api_answers()
        return self._started[name] if answers else 0

    def _api_answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        return False

    def _supervise(self) -> None:
        """As systemd does it: when a main process ends, the rest of its group goes, and it starts again."""
        while not self._closed.wait(0.5):
            with self._lock:
                for name in [name for name in self._wanted if not self._processes[name].running]:
                    self.ends.append(f"{name}: {self._processes[name].wait(1)}")
                    self._start(name)

    def _start(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].start()
        self._started[name] += 1

    def revive(self, name: str) -> None:
        with self._lock:
            self._wanted.add(name)
            self._start(name)

    def terminate(self, name: str, timeout_s: float = 20.0) -> None:
        """SIGTERM; it is not started again until `revive`."""
        started = time.monotonic()
        with self._lock:
            self._wanted.discard(name)
        self._processes[name].stop(timeout_s)
        self.stop_s[name] = max(self.stop_s.get(name, 0.0), time.monotonic() - started)

    def kill(self, name: str) -> None:
        """SIGKILL to the main process alone."""
        self._processes[name].signal(signal.SIGKILL)
        self.kills.append(name)

    def kill_child(self, name: str) -> None:
        """SIGKILL to one of its children, in the middle of its work if it has any within a second."""
        deadline = time.monotonic() + 1.0
        children = self.children(name)
        while not (busy := list(filter(_computes, children))) and time.monotonic() < deadline:
            time.sleep(0.001)
        children = busy or children
        if children:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(children), signal.SIGKILL)
            self.kills.append(f"{name} child{', at work' if busy else ''}")

    def signal(self, name: str, number: signal.Signals) -> None:
        self._processes[name].signal(number)

    def running(self, name: str) -> bool:
        return self._processes[name].running

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def children(self, name: str) -> list[int]:
        parent = str(self.pid(name))
        stats = ((path, _stat(path)) for path in Path("/proc").glob("[0-9]*"))
        return [int(path.name) for path, stat in stats if stat[1:2] == [parent]]

    def backlog(self) -> int | None:
        """Parcels in Redis; None while it does not say."""
        with suppress(redis.RedisError):
            return sum(int(self.redis.zcard(key)) for key in DUE)
        return None

    def waiting(self) -> set[str] | None:
        """Ids of the parcels in Redis, each by the one it was made of; None while Redis does not say."""
        with suppress(redis.RedisError):
            names = [cast("bytes", name) for key in DUE for name in self.redis.zrange(key, 0, -1)]
            return {name.decode().split("-")[0] for name in names}
        return None

    def delivered(self) -> list[int] | None:
        """Events written so far to each sink, as the system itself counts; None while Redis does not say."""
        with suppress(redis.RedisError):
            counts = self.redis.hmget("dial:counters", ["delivered:influx", "delivered:sqlite"])
            return [int(count or 0) for count in counts]
        return None

    def leased(self) -> int:
        """Parcels that some worker holds, or held when it ended."""
        return sum(bool(self.redis.hget(key, "lease")) for key in self.redis.scan_iter("dial:parcel:*"))

    def rows(self, after: int = 0) -> list[tuple[int, str]]:
        """Number and event id of the rows that were stored after this one."""
        if not self.database.exists():
            return []
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            return db.execute("SELECT rowid, id FROM events WHERE rowid > ? ORDER BY 1", (after,)).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            db.close()

    def close(self) -> None:
        """Workers and API first, the broker last."""
        self._closed.set()
        for name in reversed(self._processes):
            self.terminate(name)
        self.influx.down()


def _computes(pid: int) -> bool:
    return _stat(Path(f"/proc/{pid}"))[:1] == ["R"]


def _stat(process: Path) -> list[str]:
    """State, parent and so on; empty once it has ended."""
    with suppress(OSError):
        return (process / "stat").read_text().rpartition(")")[2].split()
    return []
