"""What all forms of the usage report share: its head, its sums, and how money and shares are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from workers.reports.llm_usage import Contents, ModelUse, Tokens

_SMALLEST = Decimal("1e-10")

__all__ = ["Contents", "Head", "cached_share", "money", "totals"]


@dataclass(frozen=True, slots=True)
class Head:
    """Whose report it is, and what is to be in it."""

    application: str = "default"
    environment: str = "development"
    currency: str = "USD"
    costs: bool = True
    extended: bool = False


def totals(uses: Iterable[ModelUse]) -> ModelUse:
    """The sum of several."""
    listed = list(uses)
    tokens = Tokens(
        sum(use.tokens.prompt for use in listed),
        sum(use.tokens.completion for use in listed),
        sum(use.tokens.cached for use in listed),
        sum((use.tokens.cost for use in listed), Decimal(0)),
    )
    return ModelUse(
        "Total",
        sum(use.requests for use in listed),
        tokens,
        sum(use.unpriced for use in listed),
        sum(use.errors for use in listed),
    )


def money(value: Decimal, currency: str) -> str:
    """As .NET's `#,##0.00########` writes it: at least two decimals, at most ten."""
    text = f"{value.quantize(_SMALLEST, ROUND_HALF_UP):,f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')} {currency}"


def cached_share(tokens: Tokens) -> str:
    """Which part of what was asked came from a cache."""
    return f"{100 * tokens.cached / tokens.prompt:.1f}%" if tokens.prompt else "0.0%"
