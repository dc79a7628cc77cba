"""One run: the plant starts, the stream flows, one fault follows the other, the books are checked."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.audit import Expected, Findings, audit, expected_of
from tests.chaos.client import Journal, Sender
from tests.chaos.faults import Fault, Stage, schedule
from tests.chaos.plant import Plant
from tests.chaos.records import Stream
from tests.chaos.recovery import Episode, Recovery, recoveries
from tests.chaos.watch import Sample, Watch

# The next fault waits until the last one is over, but not for ever: what takes longer shows in the report.
LONGEST_RECOVERY_S = 40.0
DRAIN_S = 60.0
# The short form does not wait as long for what a dead worker held; the long one has all defaults.
IN_A_HURRY = {"LEASE_SECONDS": "3", "PATIENCE_SECONDS": "2"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    rate: float
    long: bool
    appendfsync: str = "everysec"
    only: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    plan: Plan
    findings: Findings
    recoveries: list[Recovery]
    samples: list[Sample]
    latencies_s: list[float]
    kills: dict[str, int]
    client: dict[str, int]
    skipped: list[str]
    stop_s: dict[str, float]
    left_leased: int
    took_s: float


def run(plan: Plan, folder: Path, say: Say) -> Outcome:
    began = time.time()
    plant = Plant(folder, {} if plan.long else IN_A_HURRY)
    try:
        plant.start()
        plant.redis.config_set("appendfsync", plan.appendfsync)
        stage = Stage(plant, Stream(plan.seed))
        sender = Sender(plant.url, stage.stream, rate=plan.rate)
        watch = Watch(plant, sender.journal)
        sender.start()
        watch.start()
        time.sleep(2.0)
        faults = [fault for fault in schedule(long=plan.long) if plan.only in fault.name]
        episodes = [_happen(fault, stage, say) for fault in faults if fault.possible]
        _drain(plant, sender, watch, say)
        skipped = [fault.name for fault in faults if not fault.possible]
        return _outcome(plan, watch, sender.journal, episodes, skipped, began)
    finally:
        plant.close()


def _happen(fault: Fault, stage: Stage, say: Say) -> Episode:
    began = time.time()
    fault.happen(stage)
    episode = Episode(fault.name, began, time.time())
    _await_recovery(stage.plant)
    say(f"{fault.name}: {episode.ended - began:.1f} s, recovered within {time.time() - episode.ended:.1f} s")
    time.sleep(1.0)
    return episode


def _await_recovery(plant: Plant) -> None:
    """Until no parcel is left of those that there were, and then something newer has come to each sink."""
    deadline = time.monotonic() + LONGEST_RECOVERY_S
    old: set[str] | None = None
    before: list[int] | None = None
    while time.monotonic() < deadline:
        waiting, delivered = plant.waiting(), plant.delivered()
        if waiting is not None and delivered is not None:
            old = waiting if old is None else old & waiting
            if before and all(map(int.__gt__, delivered, before)):
                return
            before = before or (None if old else delivered)
        time.sleep(0.1)


def _drain(plant: Plant, sender: Sender, watch: Watch, say: Say) -> None:
    if not sender.close(DRAIN_S):
        say("the sender still has batches that nobody took")
    deadline = time.monotonic() + DRAIN_S
    while plant.backlog() != 0 and time.monotonic() < deadline:
        time.sleep(0.5)
    watch.close()


def _outcome(
    plan: Plan, watch: Watch, journal: Journal, episodes: list[Episode], skipped: list[str], began: float
) -> Outcome:
    plant = watch.plant
    expected = expected_of(journal)
    in_influx = {line: first for first, line in plant.influx.points.values()}
    findings = audit(plant, journal, expected, set(watch.in_sqlite))
    plant.close()
    return Outcome(
        plan=plan,
        findings=findings,
        recoveries=recoveries(episodes, expected, watch.in_sqlite, in_influx),
        samples=watch.samples,
        latencies_s=_latencies(expected, in_influx),
        kills={name: plant.kills.count(name) for name in sorted(set(plant.kills))},
        client=dict(journal.events),
        skipped=skipped,
        stop_s=plant.stop_s,
        left_leased=plant.left_leased,
        took_s=time.time() - began,
    )


def _latencies(expected: list[Expected], in_influx: dict[str, float]) -> list[float]:
    """Sorted seconds from the API's yes to the first writing in InfluxDB."""
    return sorted(
        max(0.0, in_influx[one.line] - one.accepted_at) for one in expected if one.line in in_influx
    )
