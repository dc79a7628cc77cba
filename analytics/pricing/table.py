"""Which price is meant by a name: exact, else in other letters, by an alias, without its provider, by prefix.

A prefix counts only when what follows looks like a version: `gpt-4o` is the price of `gpt-4o-2024-08-06`,
and never that of `gpt-4o-mini`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from analytics.pricing.price import Price

_DATE = r"\d{4}-\d{2}-\d{2}|\d{3,8}"
_STATE = r"latest|preview|exp|experimental|beta"
_VERSION = re.compile(
    rf"(?:-(?:{_DATE}|{_STATE})(?:[-@:](?:{_DATE}|{_STATE}|v?\d[\d.]*))*|[@:](?:{_STATE}|v?\d[\d.-]*))(?::\d+)?",
    re.IGNORECASE,
)


class PrefixMode(StrEnum):
    """BOUNDARY as above; LONGEST takes any prefix, as Dev Proxy's plugin does."""

    BOUNDARY = "boundary"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class Found:
    """A price, under which name and how it was found."""

    key: str
    match: str
    price: Price


@dataclass(frozen=True)
class PriceTable:
    """Prices by name, each a history from its earliest entry on; aliases are other names for the same."""

    prices: Mapping[str, tuple[Price, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    mode: PrefixMode = PrefixMode.BOUNDARY

    def find(self, names: Sequence[str], when: datetime) -> Found | None:
        """Give the price that was valid then, of the first name that has one."""
        for name in names:
            for key, match in self._keys(name) if name else ():
                if price := _valid(self.prices[key], when):
                    return Found(key, match, price)
        return None

    def _keys(self, name: str) -> Iterator[tuple[str, str]]:
        yield from self._named(name)
        bare = name.rpartition("/")[2]
        if bare and bare != name:
            for key, _match in self._named(bare):
                yield key, "provider"
        yield from self._prefixes(name)
        if bare and bare != name:
            yield from self._prefixes(bare)

    def _named(self, name: str) -> Iterator[tuple[str, str]]:
        if name in self.prices:
            yield name, "exact"
        folded = name.casefold()
        if folded in self._folded:
            yield self._folded[folded], "case"
        alias = self.aliases.get(name) or self._folded_aliases.get(folded, "")
        if alias in self.prices:
            yield alias, "alias"
        elif alias.casefold() in self._folded:
            yield self._folded[alias.casefold()], "alias"

    def _prefixes(self, name: str) -> Iterator[tuple[str, str]]:
        """Every key that the name begins with, the longest first."""
        folded = name.casefold()
        for end in range(len(folded) - 1, 0, -1):
            key = self._folded.get(folded[:end])
            if key is not None and self.mode is PrefixMode.LONGEST:
                yield key, "longest"
            elif key is not None and _VERSION.fullmatch(folded[end:]):
                yield key, "prefix"

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {name.casefold(): name for name in sorted(self.prices, reverse=True)}

    @cached_property
    def _folded_aliases(self) -> dict[str, str]:
        return {name.casefold(): target for name, target in self.aliases.items()}


def _valid(history: tuple[Price, ...], when: datetime) -> Price | None:
    """Give the last entry that had begun by then."""
    return next((price for price in reversed(history) if price.valid_from <= when), None)
