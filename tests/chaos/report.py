"""What came of a run: a table for people, JSON for machines, and a picture."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.chaos import picture
from tests.chaos.run import Outcome
from tests.chaos.steady import Steady

AIM_S = 15.0


def write(outcome: Outcome, folder: Path) -> str:
    """Three files in the folder; the Markdown is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(markdown(outcome)) + "\n"
    (folder / "report.md").write_text(text)
    (folder / "report.json").write_text(json.dumps(as_json(outcome), indent=2) + "\n")
    (folder / "timeline.svg").write_text(picture.timeline(outcome))
    return text


def write_steady(calm: Steady, folder: Path) -> str:
    """Two files more, for the undisturbed flow."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(steady_markdown(calm)) + "\n"
    (folder / "steady.md").write_text(text)
    (folder / "steady.json").write_text(json.dumps(asdict(calm) | {"flat": calm.flat}, indent=2) + "\n")
    return text


def steady_markdown(calm: Steady) -> Iterator[str]:
    speed = calm.records / calm.seconds
    yield f"# Steady state: {'flat' if calm.flat else 'NOT FLAT'}"
    yield ""
    yield (
        f"{calm.records} records through one worker of each kind in {calm.seconds:.0f} s ({speed:.0f}/s); "
        f"{calm.delivered} in each sink; ended unasked: {', '.join(calm.ends) or 'none'}. "
        f"Left in Redis: {', '.join(calm.keys_left)}."
    )
    yield ""
    names = list(calm.readings[0].held)
    yield f"| records | {' | '.join(f'{name}: MiB, handles' for name in names)} | Redis: MiB, keys |"
    yield "|---:" * (len(names) + 2) + "|"
    for one in calm.readings:
        cells = [f"{held.mib:.1f}, {held.handles}" for held in one.held.values()]
        yield f"| {one.records} | {' | '.join(cells)} | {one.redis_mib:.1f}, {one.redis_keys} |"


def as_json(outcome: Outcome) -> dict[str, object]:
    """Everything but the samples, with times relative to the start."""
    start = outcome.samples[0].at
    faults = [
        {
            "name": one.episode.name,
            "began_s": round(one.episode.began - start, 1),
            "ended_s": round(one.episode.ended - start, 1),
            "fresh_s": _rounded(one.fresh),
            "drained_s": _rounded(one.drained),
        }
        for one in outcome.recoveries
    ]
    return {
        "plan": asdict(outcome.plan),
        "good": outcome.findings.good,
        "findings": asdict(outcome.findings),
        "faults": faults,
        "skipped": outcome.skipped,
        "kills": outcome.kills,
        "client": outcome.client,
        "latency_s": {
            f"p{share}": _rounded(_quantile(outcome.latencies_s, share)) for share in (50, 95, 99, 100)
        },
        "left_leased": outcome.left_leased,
        "stop_s": {name: round(seconds, 1) for name, seconds in outcome.stop_s.items()},
        "took_s": round(outcome.took_s),
    }


def markdown(outcome: Outcome) -> Iterator[str]:
    found = outcome.findings
    yield f"# Chaos, {'long' if outcome.plan.long else 'short'} form"
    yield ""
    yield (
        f"Seed {outcome.plan.seed}, {outcome.plan.rate:g} records a second, appendfsync "
        f"{outcome.plan.appendfsync}, {outcome.took_s:.0f} s. {'PASSED' if found.good else 'FAILED'}."
    )
    yield ""
    yield from _counts(outcome)
    yield ""
    yield from _faults(outcome)
    for name in outcome.skipped:
        yield f"\nNot run: {name} (libfaketime is not installed)."


def _counts(outcome: Outcome) -> Iterator[str]:
    found = outcome.findings
    rows = {
        "accepted": found.accepted,
        "refused by the door, with a reason": found.refused,
        "never answered, or dropped by the sender": found.never_answered + found.dropped_by_sender,
        "lost in InfluxDB": found.lost["influx"],
        "lost in SQLite": found.lost["sqlite"],
        "twice or unknown in InfluxDB": found.foreign["influx"] + found.altered,
        "twice or unknown in SQLite": found.foreign["sqlite"],
        "dead letters that should be none": found.wrongly_buried,
        "left in Redis: parcels": found.parcels_left,
    }
    rows |= {f"records in dead letters, {reason}": number for reason, number in found.dead_letters.items()}
    rows |= {f"SIGKILL: {name}": number for name, number in outcome.kills.items()}
    rows |= {f"sender: {name}": number for name, number in outcome.client.items()}
    rows["parcels that a graceful stop left to recovery"] = outcome.left_leased
    rows["written to InfluxDB again, to the same point"] = found.rewritten
    yield "| what | number |"
    yield "|---|---:|"
    for name, number in rows.items():
        yield f"| {name} | {number} |"
    yield f"| keys left in Redis | {', '.join(found.keys_left)} |"
    times = ", ".join(f"{_quantile(outcome.latencies_s, share):.1f} s" for share in (50, 95, 99, 100))
    stops = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(outcome.stop_s.items()))
    yield f"| longest graceful stop | {stops} |"
    yield f"| accepted until in InfluxDB: median, 95 %, 99 %, longest | {times} |"


def _faults(outcome: Outcome) -> Iterator[str]:
    start = outcome.samples[0].at
    yield "| fault | began | lasted | new records arrive after | all older ones have arrived after |"
    yield "|---|---:|---:|---:|---:|"
    for one in outcome.recoveries:
        episode = one.episode
        lasted = episode.ended - episode.began
        times = f"{_shown(one.fresh)} | {_shown(one.drained)}"
        yield f"| {episode.name} | {episode.began - start:.0f} s | {lasted:.1f} s | {times} |"


def _shown(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds:.1f} s" if seconds <= AIM_S else f"**{seconds:.1f} s**"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def _quantile(ordered: list[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0
