"""What a person should do now, most urgent first: each line names what is wrong and the remedy."""

from collections.abc import Iterator

from workers.letters import UNREADABLE_BATCH
from workers.parcels import Stats
from workers.vitals import Vitals

# Older than this, and nobody seems to be working on it.
STALE_S = 120.0

_STORE = {
    "no_append_only_file": "Redis keeps no append-only file: a stop loses what waits. Set `appendonly yes`.",
    "append_only_file_fails": "Redis cannot write its append-only file: look at its disk and its log.",
    "evicts": "Redis may throw away what waits when its memory is full. Set `maxmemory-policy noeviction`.",
    "nearly_full": "Redis is nearly full: give it more memory, or `/data` will answer 503.",
}
_DOOR = {
    "backlog_too_large": "The door is closed (429): more waits than MAX_BACKLOG_PARCELS allows.",
    "backlog_too_old": "The door is closed (429): something waits for longer than MAX_BACKLOG_AGE_SECONDS.",
    "store_unavailable": "The door is closed (503): Redis takes nothing. Look at its memory and its log.",
}
_LETTERS = {
    UNREADABLE_BATCH: "Most of a batch was unreadable: what has changed upstream? After the cure:"
    f" `dial-analytics deadletters replay --reason {UNREADABLE_BATCH}`.",
    "max_attempts": "Parcels that failed again and again were given up: see task_failed in the logs.",
    "unknown_sink": "Events are for a sink that is not configured: configure it and replay, or drop them.",
}
LOCKED = "parcel_locked"


def advice(stats: Stats, signs: Vitals, closed: tuple[str, ...] = ()) -> Iterator[str]:
    """Nothing, when all is well."""
    yield from (_DOOR[reason] for reason in closed)
    yield from (_STORE[wrong] for wrong in signs.store)
    for sink, cause in sorted(stats.paused.items()):
        yield f"Sink {sink} is paused ({cause}): correct its address or token; nothing is lost."
    for task, oldest in stats.oldest_s.items():
        if stats.backlog[task]:
            yield from _waiting(task, oldest, signs)
    if lost := sum(count for name, count in stats.counters.items() if name.startswith("lost:")):
        yield f"{lost} calls through the proxy were not recorded so far: PROXY_SPOOL_BYTES may be too small."
    yield from (_LETTERS[reason] for reason in stats.dead_letters if reason in _LETTERS)
    if stats.dead_letters:
        yield "See `dial-analytics deadletters list`; `replay` tries them again, `drop` forgets them."


def _waiting(task: str, oldest: float, signs: Vitals) -> Iterator[str]:
    """Why something waits, if it waits for too long."""
    error = signs.errors.get(task, "")
    if error == LOCKED:
        yield f"Queue {task} holds parcels that no key opens: add the one they need to PARCEL_KEYS."
    elif not signs.workers.get(task) and oldest > STALE_S:
        yield f"Queue {task} is not being emptied: is `dial-analytics worker {task}` running?"
    elif task in signs.stalled:
        yield f"Nobody makes progress on queue {task} although workers are alive: restart `worker {task}`."
    elif error and oldest > STALE_S:
        yield f"The oldest parcel of queue {task} waits because of {error}; it is tried again and again."
