"""Operations: what was taken, analysed and delivered, what still waits, and what was given up."""

from collections.abc import Mapping, Sequence

from api.dashboard.view import Card, Column, Table, View
from workers.letters import DeadLetter
from workers.parcels import Stats

MOST_LETTERS = 100
# Somebody should look when a record has waited this long.
LATE_S = 300.0
TASKS = {"analyze": "Waiting for analysis", "deliver": "Waiting for delivery"}
SET_ASIDE = {"refused": "Refused at the door", "dropped": "None of our business", "buried": "Given up"}


def make(
    stats: Stats, letters: Sequence[DeadLetter], sinks: Sequence[str], workers: Mapping[str, int]
) -> View:
    return View(
        cards=_cards(stats),
        blocks=[_queues(stats, workers), _sinks(stats, sinks), _aside(stats.counters)],
        notice=_paused(stats),
        extra={"letters": letters_table(letters), "ids": [letter.id for letter in letters]},
    )


def _cards(stats: Stats) -> list[Card]:
    counters = stats.counters
    accepted, letters = counters.get("accepted", 0), sum(stats.dead_letters.values())
    oldest = max(stats.oldest_s.values(), default=0.0)
    refused = sum(_by_label(counters, "refused").values())
    delivered = sum(_by_label(counters, "delivered").values())
    return [
        Card("Accepted", accepted, detail=f"{refused:,} refused"),
        Card("Analysed", counters.get("analysed", 0), detail="records that became events"),
        Card("Delivered", delivered, detail="events, in every sink"),
        Card("Backlog", sum(stats.backlog.values()), detail="parcels not finished yet"),
        Card("Oldest parcel", _ms(oldest), "duration", "since it was accepted", alarm=oldest > LATE_S),
        Card("Dead letters", letters, detail="each of one or more records", alarm=letters > 0),
    ]


def _paused(stats: Stats) -> str:
    named = "; ".join(f"{sink} ({reason.replace('_', ' ')})" for sink, reason in sorted(stats.paused.items()))
    return f"Paused, and waiting for a person: {named}. Nothing is lost meanwhile." if named else ""


def _ms(seconds: float) -> float | None:
    """Without a parcel there is no oldest one."""
    return 1000 * seconds or None


def _queues(stats: Stats, workers: Mapping[str, int]) -> Table:
    rows = [
        (told, stats.backlog.get(task, 0), _ms(stats.oldest_s.get(task, 0.0)), workers.get(task, 0))
        for task, told in TASKS.items()
    ]
    columns = (
        Column("queue", "Queue"),
        Column("parcels", "Parcels", "count"),
        Column("oldest_ms", "Oldest", "duration"),
        Column("workers", "Workers alive", "count"),
    )
    return Table("queues", "Queues", columns, rows)


def _sinks(stats: Stats, sinks: Sequence[str]) -> Table:
    delivered, retries = (_by_label(stats.counters, name) for name in ("delivered", "retries"))
    rows = [
        (
            sink,
            delivered.get(sink, 0),
            retries.get(sink, 0),
            stats.paused.get(sink, "working").replace("_", " "),
        )
        for sink in sorted({*sinks, *delivered, *retries, *stats.paused})
    ]
    columns = (
        Column("sink", "Sink"),
        Column("delivered", "Events", "count"),
        Column("retries", "Put off", "count"),
        Column("state", "State"),
    )
    return Table("sinks", "Sinks", columns, rows)


def _aside(counters: Mapping[str, int]) -> Table:
    rows = [
        (told, reason.replace("_", " "), number)
        for kind, told in SET_ASIDE.items()
        for reason, number in sorted(_by_label(counters, kind).items())
    ]
    columns = (Column("what", "What"), Column("reason", "Reason"), Column("records", "Records", "count"))
    return Table(
        "set_aside",
        "Records that became no event",
        columns,
        rows,
        empty="Every record became an event.",
        note="Counted since the broker was new; a refused record is given up as well.",
    )


def letters_table(letters: Sequence[DeadLetter]) -> Table:
    """Facts only: what a letter holds are people's words, and those are shown on the command line alone."""
    rows = [
        (
            letter.id,
            letter.reason.replace("_", " "),
            letter.task,
            letter.sink,
            letter.records,
            letter.attempts,
            letter.error,
            int(letter.buried * 10**9),
        )
        for letter in letters
    ]
    columns = (
        Column("id", "Id", "id"),
        Column("reason", "Reason"),
        Column("task", "Task"),
        Column("sink", "Sink"),
        Column("records", "Records", "count"),
        Column("attempts", "Attempts", "count"),
        Column("error", "Last error"),
        Column("since", "Since (UTC)", "moment"),
    )
    return Table("dead_letters", "Dead letters", columns, rows, empty="Nothing was given up.")


def _by_label(counters: Mapping[str, int], name: str) -> dict[str, int]:
    start = f"{name}:"
    return {key.removeprefix(start): number for key, number in counters.items() if key.startswith(start)}
