"""What looks random in the sample: picks and ids made from names, so every run gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

SEED = "aidial-sample-2026-09"

T = TypeVar("T")


def digest(*parts: object) -> str:
    """Return 64 hex digits that depend on nothing but the seed and the parts."""
    return sha256("\x1f".join([SEED, *map(str, parts)]).encode()).hexdigest()


def number(low: int, high: int, *parts: object) -> int:
    """Return a number of the closed range."""
    return low + int(digest(*parts)[:12], 16) % (high - low + 1)


def pick(choices: Sequence[T], *parts: object) -> T:
    """Return one of the choices; name one twice to see it twice as often."""
    return choices[number(0, len(choices) - 1, *parts)]
