"""Which processes are alive: each says so every few seconds, and is forgotten when it does not.

The clock is that of Redis, as everywhere.
"""

from collections.abc import Sequence

from redis import Redis

BEAT_EVERY_S = 5.0
FORGOTTEN_AFTER_S = 20.0


def beat(redis: Redis, member: str, tasks: Sequence[str]) -> None:
    """Say that a process lives and takes these tasks."""
    seconds, _ = redis.time()
    with redis.pipeline(transaction=True) as steps:
        for task in tasks:
            steps.zadd(_key(task), {member: seconds})
            steps.zremrangebyscore(_key(task), "-inf", seconds - FORGOTTEN_AFTER_S)
            steps.expire(_key(task), int(FORGOTTEN_AFTER_S))
        steps.execute()


def alive(redis: Redis, tasks: Sequence[str]) -> dict[str, int]:
    """How many processes take each task now."""
    seconds, _ = redis.time()
    return {task: redis.zcount(_key(task), seconds - FORGOTTEN_AFTER_S, "+inf") for task in tasks}


def _key(task: str) -> str:
    return f"dial:workers:{task}"
