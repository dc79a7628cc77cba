"""Dead letters: what gave up, kept in Redis with its reason until a person replays or drops it."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from redis import Redis

from workers.payload import pack
from workers.scripts import Scripts

PAGE = 200


@dataclass(frozen=True, slots=True)
class NewLetter:
    id: str
    task: str
    sink: str
    payload: bytes
    records: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A parcel, or some records of one, that gave up: what it holds and why. `error` is its last error."""

    id: str
    task: str
    sink: str
    reason: str
    attempts: int
    created: float
    buried: float
    records: int
    payload: bytes
    error: str = ""


def make_letter(task: str, sink: str, items: list[Any], reason: str) -> NewLetter:
    """A dead letter with an id made from what it holds, so that the same refusal twice is one letter."""
    payload = pack(items)
    digest = blake2b(f"{task}\n{sink}\n{reason}\n".encode() + payload, digest_size=16)
    return NewLetter(digest.hexdigest(), task, sink, payload, len(items), reason)


class LetterBox:
    """The dead letters in one Redis. Every method may raise redis.RedisError."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._run = Scripts(redis)

    def letters(self, *, reason: str | None = None, limit: int = 100) -> list[DeadLetter]:
        """The newest dead letters first, all or those of one reason."""
        found: list[DeadLetter] = []
        for ids in self._letter_pages():
            read = (self.letter(letter_id) for letter_id in ids)
            found += [letter for letter in read if letter and reason in (None, letter.reason)]
            if len(found) >= limit:
                break
        return found[:limit]

    def _letter_pages(self) -> Iterable[list[str]]:
        start = 0
        while ids := cast("list[bytes]", self.redis.zrevrange("dial:letters", start, start + PAGE - 1)):
            yield [letter_id.decode() for letter_id in ids]
            start += PAGE

    def letter(self, letter_id: str) -> DeadLetter | None:
        fields = cast("dict[bytes, bytes]", self.redis.hgetall(f"dial:letter:{letter_id}"))
        if not fields:
            return None
        payload = fields.pop(b"payload")
        text = {name.decode(): value.decode() for name, value in fields.items()}
        return DeadLetter(
            id=letter_id,
            task=text["task"],
            sink=text["sink"],
            reason=text["reason"],
            attempts=int(text["attempts"]),
            created=float(text["created"]),
            buried=float(text["buried"]),
            records=int(text["records"]),
            payload=payload,
            error=text["error"],
        )

    def replay(self, ids: Iterable[str]) -> int:
        """Make dead letters due again, with their attempts forgotten; how many there were."""
        return int(self._run("replay", *ids))

    def drop(self, ids: Iterable[str]) -> int:
        """Forget dead letters for good; how many there were."""
        return int(self._run("drop", *ids))
