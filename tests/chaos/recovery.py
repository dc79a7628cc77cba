"""How long it took after each fault until everything was as before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.audit import Expected


@dataclass(frozen=True, slots=True)
class Episode:
    """One fault as it happened; both times are those of the harness."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the end of a fault until the first record that was sent since had arrived in all sinks
    (`fresh`), and until all that had been accepted before had arrived in all sinks (`drained`)."""

    episode: Episode
    fresh: float | None
    drained: float | None


@dataclass(frozen=True, slots=True)
class Journey:
    sent: float
    accepted: float
    arrived: float | None  # in the last of the sinks


def recoveries(
    episodes: Sequence[Episode],
    expected: Sequence[Expected],
    in_sqlite: Mapping[str, float],
    in_influx: Mapping[str, float],
) -> list[Recovery]:
    """`in_influx` is by line; poison arrives in SQLite only."""
    journeys: list[Journey] = []
    for one in expected:
        times = [in_sqlite.get(one.event_id)]
        if one.record.kind != "poison":
            times.append(in_influx.get(one.line))
        journeys.append(Journey(one.sent_at, one.accepted_at, _last(times)))
    return [_recovery(episode, journeys) for episode in episodes]


def _last(times: Sequence[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def _recovery(episode: Episode, journeys: Sequence[Journey]) -> Recovery:
    ended = episode.ended
    after = [one.arrived for one in journeys if one.sent > ended and one.arrived is not None]
    before = _last([one.arrived for one in journeys if one.accepted <= ended])
    fresh = min(after) - ended if after else None
    return Recovery(episode, fresh, None if before is None else max(0.0, before - ended))
