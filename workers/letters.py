"""Dead letters: what gave up, kept in Redis with its reason until a person replays or drops it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, cast

from redis import Redis

from workers.keeping import FULL, WHOLE, Keeping
from workers.payload import Locked, pack
from workers.scripts import Scripts

PAGE = 200
UNREADABLE_BATCH = "unreadable_batch"
# A few bad lines are no bad deploy, however small the batch.
BRAKE_FROM = 10


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
    """A parcel, or some records of one, that gave up: what it holds and why. `error` is its last error.

    `kept` says how much of it there is (workers/keeping.py); only what was kept whole can be replayed.
    `locked`: our keys do not open the payload.
    """

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
    kept: str = FULL
    locked: bool = False


def make_letter(task: str, sink: str, items: list[Any], reason: str) -> NewLetter:
    """A dead letter with an id made from what it holds, so that the same refusal twice is one letter."""
    payload = pack(items)
    digest = blake2b(f"{task}\n{sink}\n{reason}\n".encode() + payload, digest_size=16)
    return NewLetter(digest.hexdigest(), task, sink, payload, len(items), reason)


def letters_for(failures: Sequence[tuple[str, str]], of: int, brake: float) -> tuple[NewLetter, ...]:
    """Letters for the unreadable ones among `of` log lines, given as reason and line.

    One letter per reason; but once the share of the brake is reached, one letter for all of them, so that a
    bad deploy upstream is replayed with one command.
    """
    if brake and len(failures) >= max(BRAKE_FROM, brake * of):
        return (make_letter("analyze", "", [line for _, line in failures], UNREADABLE_BATCH),)
    lines: dict[str, list[Any]] = {}
    for reason, line in failures:
        lines.setdefault(reason, []).append(line)
    return tuple(make_letter("analyze", "", found, reason) for reason, found in lines.items())


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant: those of a reason, buried in a span of time (Unix seconds); by default all."""

    reason: str | None = None
    after: float | None = None
    before: float | None = None

    @property
    def span(self) -> tuple[str, str]:
        """The bounds as Redis writes them; `after` is included, `before` is not."""
        upper = "+inf" if self.before is None else f"({self.before}"
        return ("-inf" if self.after is None else str(self.after)), upper


ALL = Choice()


class LetterBox:
    """The dead letters in one Redis. Every method may raise redis.RedisError."""

    def __init__(self, redis: Redis, keeping: Keeping = WHOLE) -> None:
        self.redis = redis
        self.keeping = keeping
        self._run = Scripts(redis)

    def letters(
        self, choice: Choice = ALL, *, reason: str | None = None, limit: int = 100
    ) -> list[DeadLetter]:
        """The newest of the chosen letters first; `reason` alone is a choice, too."""
        return list(islice(self.each(Choice(reason) if reason else choice), limit))

    def each(self, choice: Choice = ALL) -> Iterator[DeadLetter]:
        """Read the chosen letters one by one, the newest first."""
        for letter_id in self._ids(choice):
            letter = self.letter(letter_id)
            if letter and choice.reason in (None, letter.reason):
                yield letter

    def _ids(self, choice: Choice) -> list[str]:
        lower, upper = choice.span
        found = cast("list[bytes]", self.redis.zrevrangebyscore("dial:letters", upper, lower))
        return [letter_id.decode() for letter_id in found]

    def letter(self, letter_id: str) -> DeadLetter | None:
        fields = cast("dict[bytes, bytes]", self.redis.hgetall(f"dial:letter:{letter_id}"))
        if not fields:
            return None
        payload, locked = self._opened(fields.pop(b"payload"))
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
            kept=text.get("kept", FULL),
            locked=locked,
        )

    def _opened(self, payload: bytes) -> tuple[bytes, bool]:
        try:
            return self.keeping.seal.open(payload), False
        except Locked:
            return b"", True

    def replay(self, ids: Iterable[str]) -> int:
        """Make letters that were kept whole due again, with their attempts forgotten; how many there were."""
        return sum(int(self._run("replay", *some)) for some in _pages(ids))

    def drop(self, ids: Iterable[str]) -> int:
        """Forget dead letters for good; how many there were."""
        return sum(int(self._run("drop", *some)) for some in _pages(ids))

    def restore(self, letters: Iterable[DeadLetter]) -> int:
        """Put exported letters back; how many were not here any more."""
        closed = (replace(letter, payload=self.keeping.seal.close(letter.payload)) for letter in letters)
        return sum(int(self._run("restore", *_texts(letter))) for letter in closed)

    def purge(self) -> int:
        """Forget the letters whose time is up; how many."""
        done = 0
        while self.keeping.lasting_s:
            some = int(self._run("purge", self.keeping.lasting_s, PAGE))
            done += some
            if some < PAGE:
                break
        return done


def _texts(letter: DeadLetter) -> tuple[bytes | str | float, ...]:
    """As the script `restore` reads a letter."""
    held = (letter.id, letter.task, letter.sink, letter.records, letter.payload, letter.reason, letter.kept)
    return (*held, letter.created, letter.attempts, letter.error, letter.buried)


def _pages(ids: Iterable[str]) -> Iterator[list[str]]:
    """So many at once that Redis is busy for a moment only."""
    rest = iter(ids)
    while page := list(islice(rest, PAGE)):
        yield page
