"""Find the items of a batch that a store refuses, by halving: few requests when few are bad."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

Send = Callable[[Sequence[T]], str | None]
"""Tries to store a batch. None: stored. A reason code: the store refused the batch for what is in it."""


def refused(batch: Sequence[T], send: Send[T]) -> Iterator[tuple[T, str]]:
    """Store what can be stored, and yield each item that was refused on its own, with the reason.

    Halves are sent in order, so the good neighbours of a bad item are stored too. Items of a refused batch
    may be sent more than once: `send` has to be idempotent. What it raises ends the search.
    """
    if not batch:
        return
    reason = send(batch)
    if reason is None:
        return
    if len(batch) == 1:
        yield batch[0], reason
        return
    middle = len(batch) // 2
    yield from refused(batch[:middle], send)
    yield from refused(batch[middle:], send)
