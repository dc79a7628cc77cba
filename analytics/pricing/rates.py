"""MODEL_RATES: prices of one token or character, by the exact name of a deployment or model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from analytics.exchange import ZERO, Exchange, Message
from analytics.pricing.cost import Bill


class Unit(StrEnum):
    """What a rate counts."""

    TOKEN = "token"  # noqa: S105 - what people pay for, not what they pay with
    CHAR = "char_without_whitespace"


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit asked and of one unit answered."""

    unit: Unit
    prompt_price: Decimal = ZERO
    completion_price: Decimal = ZERO

    def __call__(self, asked: int, answered: int) -> Bill:
        return Bill(asked * self.prompt_price, answered * self.completion_price)

    def bill(self, exchange: Exchange) -> Bill | None:
        """Tell the cost of an exchange; None when nobody counted its tokens."""
        if self.unit is Unit.CHAR:
            return self(chars(exchange.messages), chars(exchange.reply or ()))
        usage = exchange.usage
        return None if usage is None else self(usage.prompt_tokens, usage.completion_tokens)


@dataclass(frozen=True, slots=True)
class Rates:
    """All rates, and a version that is another for other rates."""

    by_name: Mapping[str, Rate] = field(default_factory=dict)
    version: str = ""

    @classmethod
    def from_json(cls, json_text: str) -> Rates:
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


def chars(messages: tuple[Message, ...]) -> int:
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
    prices = [unit_price(where, value.get(key, 0), key) for key in ("prompt_price", "completion_price")]
    return Rate(unit, *prices)


def unit_price(where: str, value: Any, key: str) -> Decimal:
    """Read a price; raise ValueError that says where a wrong one is."""
    try:
        price = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation as error:
        raise ValueError(f"{where}: {key} must be a number") from error
    if not price.is_finite() or price < 0:
        raise ValueError(f"{where}: {key} must be a number of at least 0")
    return price
