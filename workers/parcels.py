"""Parcels: the work that we said yes to, kept in Redis until it is done. Every verb is one atomic step.

The only clock is that of Redis. A Celery message is no more than a wake-up for a parcel: it may be lost,
doubled or late, and nothing else is.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import uuid4

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from workers import ledger
from workers.keeping import WHOLE, Keeping
from workers.letters import LetterBox, NewLetter
from workers.payload import Locked, Seal
from workers.settings import Settings

logger = logging.getLogger(__name__)

TASKS = ("analyze", "deliver")
# What Celery's transport puts before each of its keys: with ours, everything lives under "dial:".
CELERY_PREFIX = "dial:celery:"
# A parcel whose wake-ups are lost again and again is still woken this often.
LONGEST_PATIENCE_S = 60.0
DAY_S = 86_400.0
# How long a parcel waits that our keys do not open.
LOCKED_S = 30.0


class Crowded(Exception):
    """Too much waits already, or has waited for too long; `reason` says which. Nothing was written."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be waiting when more comes in: parcels, and seconds since the oldest one came. 0: any."""

    parcels: int = 0
    age_s: float = 0.0


ANY = Limits()


@dataclass(frozen=True, slots=True)
class NewParcel:
    id: str
    task: str
    sink: str
    payload: bytes
    records: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel that this process has leased. `waits` counts the postponements that were not its fault."""

    id: str
    task: str
    sink: str
    payload: bytes
    records: int
    attempts: int
    created: float
    lease: str = ""
    error: str = ""
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """How things stand: parcels and oldest age per task, letters per reason, paused sinks and why."""

    backlog: Mapping[str, int]
    oldest_s: Mapping[str, float]
    dead_letters: Mapping[str, int]
    paused: Mapping[str, str]
    counters: Mapping[str, int]


def connect(settings: Settings) -> Redis:
    """A client that tells within seconds when Redis is away, instead of waiting for it."""
    trusted = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file else {}
    return Redis.from_url(
        settings.redis_url,
        **trusted,
        socket_connect_timeout=1,
        socket_timeout=3,
        retry=Retry(NoBackoff(), 1, (RedisConnectionError, RedisTimeoutError)),
    )


def make_store(settings: Settings) -> "ParcelStore":
    return ParcelStore(
        connect(settings),
        patience_s=settings.patience_seconds,
        lease_s=settings.lease_seconds,
        max_attempts=settings.max_attempts,
        limits=Limits(settings.max_backlog_parcels, settings.max_backlog_age_s),
        keeping=Keeping(
            settings.dead_letter_payload, settings.dead_letter_ttl_days * DAY_S, Seal(settings.parcel_keys)
        ),
    )


class ParcelStore(LetterBox):
    """The parcels and dead letters in one Redis. Every method may raise redis.RedisError."""

    def __init__(
        self,
        redis: Redis,
        *,
        patience_s: float,
        lease_s: float,
        max_attempts: int,
        limits: Limits = ANY,
        keeping: Keeping = WHOLE,
    ) -> None:
        super().__init__(redis, keeping)
        self.lease_s = lease_s
        self._patience_s = patience_s
        self._max_attempts = max_attempts
        self._limits = limits

    def put(
        self,
        parcels: Sequence[NewParcel],
        *,
        letters: Sequence[NewLetter] = (),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """All or nothing. The caller wakes a worker at once; the sweeper steps in after the patience.

        Raises Crowded when the limits are reached; nothing else that is written asks for them.
        """
        limits = self._limits
        rest = self._rest(parcels, letters, counts)
        refusal = self._run("put", limits.parcels, limits.age_s, self._patience_s, *rest)
        if refusal:
            raise Crowded(refusal.decode())

    def probe(self) -> None:
        """Find out whether a batch would be taken now; raises Crowded or redis.RedisError when not."""
        self.put([])
        self.redis.set("dial:probe", 1, ex=60)

    def take(self, parcel_id: str) -> Parcel | None:
        """Lease it. None: gone, leased by another, not due yet, or just buried after too many attempts."""
        lease = uuid4().hex
        limits = self.lease_s, self._max_attempts, self.keeping.payload
        found = self._run("take", parcel_id, lease, *limits)
        if not found:
            return None
        parcel = self._unsealed(_parcel(parcel_id, lease, found))
        if parcel and parcel.attempts > self._max_attempts:
            self.bury(parcel, "max_attempts")
            return None
        return parcel

    def _unsealed(self, parcel: Parcel) -> Parcel | None:
        """A parcel that our keys do not open is not at fault: it waits for somebody with the right one."""
        try:
            return replace(parcel, payload=self.keeping.seal.open(parcel.payload))
        except Locked:
            logger.error("parcel_locked", extra={"parcel": parcel.id, "remedy": "see PARCEL_KEYS"})  # noqa: TRY400
            self.postpone(parcel, LOCKED_S, "parcel_locked", count_attempt=False)
            return None

    def renew(self, parcel: Parcel) -> bool:
        """Hold the lease for another while. False: it has been lost."""
        return bool(self._run("renew", parcel.id, parcel.lease, self.lease_s))

    def finish(
        self,
        parcel: Parcel,
        *,
        parcels: Sequence[NewParcel] = (),
        letters: Sequence[NewLetter] = (),
        counts: Mapping[str, int] | None = None,
    ) -> bool:
        """Remove it and write what follows, in one step. A delivered parcel ends the pause of its sink."""
        rest = self._rest(parcels, letters, counts)
        return bool(self._run("finish", parcel.id, parcel.lease, self._patience_s, *rest))

    def postpone(
        self,
        parcel: Parcel,
        delay_s: float,
        error: str,
        *,
        count_attempt: bool = True,
        pause: bool = False,
    ) -> bool:
        """Give it back, not to be taken before the delay. `pause` marks its sink as needing a person."""
        counts = {f"retries:{parcel.sink}": 1} if parcel.sink and not count_attempt else {}
        marks = (int(count_attempt), error if pause else "")
        rest = self._rest((), (), counts)
        return bool(self._run("postpone", parcel.id, parcel.lease, delay_s, error, *marks, *rest))

    def bury(self, parcel: Parcel, reason: str) -> bool:
        """Give it up: the same parcel becomes a dead letter, kept as letters are."""
        kept, payload = self.keeping.of(parcel.task, parcel.payload)
        # What is kept as it is is in Redis already, and sealed.
        rest = b"" if payload is parcel.payload else self.keeping.seal.close(payload)
        return bool(self._run("bury", parcel.id, parcel.lease, reason, kept, rest))

    def wake_due(self, task: str, limit: int) -> list[str]:
        """Claim parcels that nobody seems to know of. Each goes to one caller, and less often each time."""
        queue = CELERY_PREFIX + task
        ids = self._run("wake_due", task, queue, limit, self._patience_s, LONGEST_PATIENCE_S)
        return [parcel_id.decode() for parcel_id in ids]

    def age_s(self, parcel: Parcel) -> float:
        """How long ago the parcel was made, in seconds."""
        return max(0.0, float(self._run("now")) - parcel.created)

    def stats(self) -> Stats:
        backlog = {task: self.redis.zcard(f"dial:due:{task}") for task in TASKS}
        oldest = {
            task: cast("Any", self.redis.zrange(f"dial:born:{task}", 0, 0, withscores=True)) for task in TASKS
        }
        now = float(self._run("now"))
        return Stats(
            backlog=backlog,
            oldest_s={task: max(0.0, now - first[0][1]) if first else 0.0 for task, first in oldest.items()},
            dead_letters={name: int(n) for name, n in self._hash("dial:letter_reasons").items()},
            paused=self._hash("dial:paused"),
            counters=ledger.read(self.redis),
        )

    def _rest(
        self,
        parcels: Sequence[NewParcel],
        letters: Sequence[NewLetter],
        counts: Mapping[str, int] | None,
    ) -> list[bytes | str | float]:
        """What is written along, as the scripts read it: three lists, each led by its length."""
        seal = self.keeping.seal
        args: list[bytes | str | float] = [len(parcels)]
        for new in parcels:
            args += [new.id, new.task, new.sink, new.records, seal.close(new.payload)]
        args.append(len(letters))
        for letter in letters:
            kept, payload = self.keeping.of(letter.task, letter.payload)
            args += [letter.id, letter.task, letter.sink, letter.records, seal.close(payload)]
            args += [letter.reason, kept]
        named = ledger.checked(counts or {})
        args.append(len(named))
        for name, by in named.items():
            args += [name, by]
        return args

    def _hash(self, key: str) -> dict[str, str]:
        found = cast("dict[bytes, bytes]", self.redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in found.items()}


def _parcel(parcel_id: str, lease: str, found: Sequence[bytes]) -> Parcel:
    task, sink, payload, records, attempts, created, error, waits = found
    return Parcel(
        id=parcel_id,
        task=task.decode(),
        sink=sink.decode(),
        payload=payload,
        records=int(records),
        attempts=int(attempts),
        created=float(created),
        lease=lease,
        error=error.decode(),
        waits=int(waits),
    )
