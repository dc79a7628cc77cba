"""A cost, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class PriceSource(StrEnum):
    """Who says so."""

    CORE = "core"
    PROVIDER = "provider"
    RATES = "rates"
    PRICES_FILE = "prices_file"
    CATALOG = "catalog"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cost:
    """A price, where it is from, and by which entry of which version of the prices it was computed."""

    price: Decimal | None = None
    deployment_price: Decimal | None = None
    source: PriceSource = PriceSource.NONE
    price_version: str = ""
    price_key: str = ""
    price_match: str = ""
    input_cost: Decimal | None = None
    output_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What was paid for what was asked, and for what was answered."""

    asked: Decimal
    answered: Decimal

    def cost(self, source: PriceSource, version: str, key: str, match: str) -> Cost:
        """Make it the cost of a call that called nothing else."""
        own = self.asked + self.answered
        return Cost(own, own, source, version, key, match, self.asked, self.answered)
