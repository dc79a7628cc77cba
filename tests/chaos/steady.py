"""Steady state: many records through one worker of each kind, and what the processes hold meanwhile."""

import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.chaos.plant import ANALYZE, API, COMMANDS, DELIVER, Plant
from tests.chaos.records import Stream, envelope
from tests.chaos.run import Plan, Say

BATCH = 200
# Feed no faster than it is worked off, so that what is measured is the flow and not a heap.
MOST_WAITING = 20
MOST_TRIES = 30
DRAIN_S = 60.0
# What counts as flat: allocators and garbage collectors come and go by this much.
MOST_GROWTH, MOST_HANDLES = 1.1, 5
ONE_WORKER = COMMANDS | {ANALYZE: ("worker", "analyze", "--concurrency", "1")}


@dataclass(frozen=True, slots=True)
class Held:
    """What one program, with its children, holds."""

    mib: float
    handles: int


@dataclass(frozen=True, slots=True)
class Reading:
    records: int
    held: dict[str, Held]
    redis_mib: float
    redis_keys: int


@dataclass(frozen=True, slots=True)
class Steady:
    records: int
    delivered: int  # to the sink that got fewer
    seconds: float
    readings: list[Reading]  # after each twentieth of the records
    keys_left: list[str]
    ends: list[str]  # programs that ended although nobody asked for it, with their exit status

    @property
    def flat(self) -> bool:
        """Nothing lost; from a quarter of the way on no program grows, and Redis keeps no parcel."""
        start, end = self.readings[len(self.readings) // 4], self.readings[-1]
        grown = [
            end.held[name].mib > was.mib * MOST_GROWTH or end.held[name].handles > was.handles + MOST_HANDLES
            for name, was in start.held.items()
        ]
        return not (any(grown) or self.ends or self.waste) and self.delivered == self.records

    @property
    def waste(self) -> list[str]:
        """What Redis keeps besides figures about the service itself, and the names of Celery's queues."""
        constant = (
            *("dial:counters", "dial:progress", "dial:workers", "dial:unpriced_models"),
            *("dial:probe", "dial:genai", "dial:celery:_kombu.binding"),
        )
        return [key for key in self.keys_left if not key.startswith(constant)]


def steady(plan: Plan, records: int, folder: Path, say: Say) -> Steady:
    plant = Plant(folder, commands=ONE_WORKER)
    try:
        plant.start()
        plant.redis.config_set("appendfsync", plan.appendfsync)
        return _flow(plant, records, Stream(plan.seed, clean=True), say)
    finally:
        plant.close()


def _flow(plant: Plant, records: int, stream: Stream, say: Say) -> Steady:
    connection = HTTPConnection("127.0.0.1", plant.port, timeout=60)
    began = time.monotonic()
    readings = []
    step = max(BATCH, records // 20)
    for sent in range(BATCH, records + BATCH, BATCH):
        while (plant.backlog() or 0) > MOST_WAITING:
            time.sleep(0.02)
        _post(connection, envelope(stream.batch(BATCH)))
        if sent % step < BATCH:
            readings.append(_reading(plant, sent))
            say(f"{sent} records: {readings[-1].held}")
    _drain(plant)
    seconds = time.monotonic() - began
    # The caretakers, which sweep every second, find nothing left to do.
    time.sleep(3.0)
    readings.append(_reading(plant, records))
    keys = sorted(key.decode() for key in plant.redis.scan_iter("*", count=1000))
    delivered = min(len(plant.rows()), len(plant.influx.points))
    return Steady(records, delivered, seconds, readings, keys, plant.ends)


def _post(connection: HTTPConnection, body: bytes) -> None:
    """Until it is taken: all of them have to be there in the end."""
    for _ in range(MOST_TRIES):
        with suppress(OSError, HTTPException):
            connection.request("POST", "/data", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return
        connection.close()
        time.sleep(1.0)
    raise AssertionError("the API takes nothing any more")


def _drain(plant: Plant) -> None:
    deadline = time.monotonic() + DRAIN_S
    while plant.backlog() != 0 and time.monotonic() < deadline:
        time.sleep(0.1)


def _reading(plant: Plant, records: int) -> Reading:
    info = plant.redis.info("memory")
    held = {name: _held(plant, name) for name in (API, ANALYZE, DELIVER)}
    keys = plant.redis.dbsize()
    return Reading(records, held, info["used_memory"] / 2**20, int(keys))


def _held(plant: Plant, name: str) -> Held:
    pids = [plant.pid(name), *plant.children(name)]
    return Held(round(sum(map(_mib, pids)), 1), sum(map(_handles, pids)))


def _mib(pid: int) -> float:
    """Resident memory, with shared pages by their share: children share much with their parent."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _handles(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
