"""The port that every store of events stands behind: three verbs and two ways to fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from analytics.event import Event


class SinkError(Exception):
    """A sink did not take events; `reason` is a short snake_case code without a word of the data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SinkUnavailable(SinkError):
    """Not now: the same write may succeed later.

    `retry_after` is what the store asked for, in seconds. `pause` means that a person has to act first (a
    wrong token, a missing bucket): nobody should count attempts meanwhile.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, pause: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Rejection:
    """Events that this store will never take, and why."""

    events: tuple[Event, ...]
    reason: str


class Sink(Protocol):
    """A store of events. Make it in the process that uses it; `write` and `check` may run in many threads.

    `write` returns once everything that it did not reject is stored for good. It is idempotent: an event has
    an id made from its content, and writing it twice leaves what writing it once leaves. Therefore a write
    that raised SinkUnavailable half-way is simply repeated. The neighbours of a rejected event are stored.

    `check` raises SinkUnavailable when a write would fail now. `close` ends it: nobody writes after that.
    """

    @property
    def name(self) -> str: ...

    def write(self, events: Sequence[Event]) -> list[Rejection]: ...

    def check(self) -> None: ...

    def close(self) -> None: ...
