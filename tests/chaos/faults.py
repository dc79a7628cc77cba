"""What goes wrong, one function each: break something, wait, mend it. The fault ends as it returns."""

import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import redis

from tests.chaos.influx import Mood
from tests.chaos.plant import ANALYZE, API, BROKER, DELIVER, FAKETIME, Plant
from tests.chaos.records import Stream
from tests.servers import wait_until

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stage:
    plant: Plant
    stream: Stream


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    happen: Callable[[Stage], None]
    possible: bool = True


def kill_children(stage: Stage, name: str, times: int) -> None:
    for _ in range(times):
        stage.plant.kill_child(name)
        time.sleep(1.0)


def kill_main(stage: Stage, name: str, times: int) -> None:
    """Each time when it is back at work after the one before; the fault ends with the last kill."""
    for left in reversed(range(times)):
        starts = stage.plant.starts(name)
        stage.plant.kill(name)
        if left:
            _await_start(stage.plant, name, starts)


def kill_deliveries(stage: Stage, times: int) -> None:
    """The worker that delivers, while InfluxDB takes its time: each kill hits deliveries under way."""
    with stage.plant.influx.feeling(Mood(delay_s=0.3)):
        kill_main(stage, DELIVER, times)


def _await_start(plant: Plant, name: str, starts: int) -> None:
    wait_until(
        lambda: plant.starts(name) > starts, timeout_s=60, what=f"the new start of {name}", every_s=0.2
    )
    time.sleep(1.0)


def fill_redis(stage: Stage, seconds: float) -> None:
    """Out of memory, with noeviction: nothing more is taken, and what is there can still be worked off."""
    stage.plant.redis.config_set("maxmemory", 1 * MIB)
    time.sleep(seconds)
    stage.plant.redis.config_set("maxmemory", 0)


def pause_redis(stage: Stage, seconds: float, times: int) -> None:
    """Redis takes requests and does not answer for a while."""
    for _ in range(times):
        with suppress(redis.RedisError):
            stage.plant.redis.client_pause(round(seconds * 1000), all=True)
        time.sleep(seconds + 0.5)


def freeze_redis(stage: Stage, seconds: float) -> None:
    """The kernel still accepts connections; the process stands still."""
    stage.plant.signal(BROKER, signal.SIGSTOP)
    time.sleep(seconds)
    stage.plant.signal(BROKER, signal.SIGCONT)


def take_influx_away(stage: Stage, seconds: float) -> None:
    stage.plant.influx.down()
    time.sleep(seconds)
    stage.plant.influx.up()


def upset_influx(stage: Stage, mood: Mood, seconds: float) -> None:
    with stage.plant.influx.feeling(mood):
        time.sleep(seconds)


def send_poison(stage: Stage, seconds: float) -> None:
    """Every twentieth record makes a point that InfluxDB refuses, and with it its whole batch."""
    stage.stream.poison_every = 20
    time.sleep(seconds)
    stage.stream.poison_every = 0


def fill_disk(stage: Stage, seconds: float) -> None:
    """The kernel lets no file of the deliver worker grow: SQLite gets an error for every write to its log."""
    plant = stage.plant
    hard = resource.prlimit(plant.pid(DELIVER), resource.RLIMIT_FSIZE)[1]
    resource.prlimit(plant.pid(DELIVER), resource.RLIMIT_FSIZE, (4096, hard))
    time.sleep(seconds)
    resource.prlimit(plant.pid(DELIVER), resource.RLIMIT_FSIZE, (hard, hard))


def step_clock(stage: Stage, to_s: int, seconds: float) -> None:
    """The clock of Redis jumps while deliveries hang, and their worker dies: its leases now run for long."""
    with stage.plant.influx.feeling(Mood(hangs=True)):
        time.sleep(2.0)
        stage.plant.kill(DELIVER)
        stage.plant.set_clock(to_s)
    time.sleep(seconds)


def terminate_all(stage: Stage) -> None:
    """SIGTERM to everything at once, as a machine that shuts down; then everything starts again."""
    plant = stage.plant
    for name in (API, ANALYZE, DELIVER):
        plant.terminate(name)
    plant.left_leased += plant.leased()
    plant.terminate(BROKER)
    for name in (BROKER, API, ANALYZE, DELIVER):
        plant.revive(name)


def schedule(*, long: bool) -> list[Fault]:
    """All faults in both forms; the long one repeats the kills and stretches the outages."""
    times, wait = (10, 1.0) if long else (2, 0.25)
    return [
        Fault("analyze processes killed", partial(kill_children, name=ANALYZE, times=times)),
        Fault("InfluxDB away", partial(take_influx_away, seconds=60 if long else 4)),
        Fault("deliver workers killed", partial(kill_deliveries, times=times)),
        Fault("InfluxDB: 503, Retry-After", partial(upset_influx, mood=Mood(503, 2), seconds=15 * wait)),
        Fault("Redis killed", partial(kill_main, name=BROKER, times=3 if long else 1)),
        Fault(
            "InfluxDB: resets in mid-reply", partial(upset_influx, mood=Mood(cuts=True), seconds=10 * wait)
        ),
        Fault("gunicorn workers killed", partial(kill_children, name=API, times=times // 2)),
        Fault("Redis out of memory", partial(fill_redis, seconds=15 * wait)),
        Fault(
            "InfluxDB: hanging connections", partial(upset_influx, mood=Mood(hangs=True), seconds=20 * wait)
        ),
        Fault("analyze main process killed", partial(kill_main, name=ANALYZE, times=3 if long else 1)),
        Fault("disk full for SQLite", partial(fill_disk, seconds=15 * wait)),
        Fault("InfluxDB: 401", partial(upset_influx, mood=Mood(401), seconds=12 * wait)),
        Fault("Redis frozen", partial(freeze_redis, seconds=8 * wait)),
        Fault("poison lines for InfluxDB", partial(send_poison, seconds=10 * wait)),
        Fault("gunicorn master killed", partial(kill_main, name=API, times=2 if long else 1)),
        Fault("InfluxDB: 413", partial(upset_influx, mood=Mood(most_lines=4), seconds=10 * wait)),
        Fault("clock steps back an hour", partial(step_clock, to_s=-3600, seconds=1), FAKETIME is not None),
        Fault("InfluxDB: 429, Retry-After", partial(upset_influx, mood=Mood(429, 2), seconds=15 * wait)),
        Fault("Redis slow", partial(pause_redis, seconds=4.0 if long else 2.0, times=3 if long else 1)),
        Fault("SIGTERM of everything", terminate_all),
    ]
