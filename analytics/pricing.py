"""What an exchange cost: the price that DIAL Core reported, else one from MODEL_RATES. Decimal throughout.

A price is the cost of a span with everything it called; a deployment price is its own cost alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from analytics.exchange import MODEL_SURFACES, ZERO, Exchange, Message, ModelUsage, Surface, Usage


class PriceSource(StrEnum):
    """Who says so."""

    CORE = "core"
    PROVIDER = "provider"
    RATES = "rates"
    NONE = "none"


class Unit(StrEnum):
    """What a rate counts."""

    TOKEN = "token"  # noqa: S105 - what people pay for, not what they pay with
    CHAR = "char_without_whitespace"


@dataclass(frozen=True, slots=True)
class Cost:
    """A price, where it is from, and by which version of the rates it was computed."""

    price: Decimal | None = None
    deployment_price: Decimal | None = None
    source: PriceSource = PriceSource.NONE
    price_version: str = ""
    price_key: str = ""
    price_match: str = ""
    input_cost: Decimal | None = None
    output_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit asked and of one unit answered."""

    unit: Unit
    prompt_price: Decimal = ZERO
    completion_price: Decimal = ZERO

    def __call__(self, asked: int, answered: int) -> Decimal:
        return asked * self.prompt_price + answered * self.completion_price


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Rates by deployment or model. Immutable: other prices are another book with another version."""

    rates: Mapping[str, Rate] = field(default_factory=dict)
    version: str = ""

    @classmethod
    def from_model_rates(cls, json_text: str) -> PriceBook:
        """Read MODEL_RATES; raise ValueError with one line that says what is wrong."""
        try:
            data = json.loads(json_text or "{}", parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise ValueError("MODEL_RATES is not JSON") from error
        if not isinstance(data, dict):
            raise ValueError("MODEL_RATES must be an object of rates by model name")  # noqa: TRY004 - it is text
        if not data:
            return cls()
        rates = {name: _rate(name, value) for name, value in data.items()}
        version = hashlib.blake2b(repr(sorted(rates.items())).encode("utf-8", "replace"), digest_size=4)
        return cls(rates, version.hexdigest())

    def price(self, exchange: Exchange) -> Cost:
        """Tell the cost; of a call that failed, or has no price, none."""
        if exchange.surface not in MODEL_SURFACES or not exchange.ok:
            return Cost()
        reported = _reported(exchange)
        return reported if reported is not None else self._computed(exchange)

    def price_models(self, exchange: Exchange) -> tuple[ModelUsage, ...]:
        """Tell the cost of each model behind an application, where a rate for it counts tokens."""
        return tuple(replace(used, price=self._of_model(used)) for used in exchange.per_model)

    def _computed(self, exchange: Exchange) -> Cost:
        rate = self.rates.get(exchange.deployment) or self.rates.get(exchange.model)
        if rate is None:
            return Cost()
        if rate.unit is Unit.CHAR:
            own = rate(_chars(exchange.messages), _chars(exchange.reply or ()))
        elif exchange.usage is not None:
            own = rate(exchange.usage.prompt_tokens, exchange.usage.completion_tokens)
        else:
            return Cost()
        return Cost(own, own, PriceSource.RATES, self.version)

    def _of_model(self, used: ModelUsage) -> Decimal:
        rate = self.rates.get(used.model)
        counts_tokens = rate is not None and rate.unit is Unit.TOKEN
        return rate(used.prompt_tokens, used.completion_tokens) if rate and counts_tokens else ZERO


def _reported(exchange: Exchange) -> Cost | None:
    """In `analytics` a deployment price without a price is none; newer measurements take each by itself."""
    usage = exchange.usage or Usage()
    together = exchange.surface in (Surface.CHAT, Surface.EMBEDDINGS, Surface.COMPLETIONS)
    if usage.price is None and (together or usage.deployment_price is None):
        return None
    source = PriceSource.PROVIDER if usage.priced_by_provider else PriceSource.CORE
    return Cost(usage.price or ZERO, usage.deployment_price or ZERO, source)


def _chars(messages: tuple[Message, ...]) -> int:
    """Count every character but the space itself; the line ends between messages count, too."""
    text = "\n".join(message.text for message in messages)
    return len(text) - text.count(" ")


def _rate(name: str, value: Any) -> Rate:
    where = f"MODEL_RATES: {name!r}"
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object with a unit and prices")  # noqa: TRY004 - the same
    try:
        unit = Unit(str(value.get("unit")))
    except ValueError as error:
        raise ValueError(f"{where}: unit must be token or char_without_whitespace") from error
    prices = [_unit_price(where, value, key) for key in ("prompt_price", "completion_price")]
    return Rate(unit, *prices)


def _unit_price(where: str, rate: Mapping[str, Any], key: str) -> Decimal:
    value = rate.get(key, 0)
    try:
        price = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation as error:
        raise ValueError(f"{where}: {key} must be a number") from error
    if not price.is_finite() or price < 0:
        raise ValueError(f"{where}: {key} must be a number of at least 0")
    return price
