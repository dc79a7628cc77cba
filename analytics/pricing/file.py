"""The prices file: what Dev Proxy's plugin reads, and more. `schemas/prices.schema.json` describes it.

A mistake is an error that names the model and the key; nothing is passed over silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from analytics.pricing.price import ALWAYS, Images, Price
from analytics.pricing.rates import Unit, unit_price
from analytics.pricing.table import PrefixMode, PriceTable

MONEY = (
    "input",
    "output",
    "cached_input",
    "cache_write",
    "reasoning_output",
    "audio_input",
    "audio_output",
    "per_request",
    "per_1m_chars",
    "per_minute",
)
SPELLINGS = {"cachedInput": "cached_input", "cacheWrite": "cache_write"}
OTHERS = ("images", "unit", "valid_from", "currency")
TOP = ("$schema", "prices", "aliases", "currency", "allowEmpty")


def read_prices(
    document: Any, *, mode: PrefixMode = PrefixMode.BOUNDARY, currency: str = "USD"
) -> PriceTable:
    """Read an opened file; raise ValueError with one line that says what is wrong."""
    if not isinstance(document, dict) or not isinstance(document.get("prices"), dict):
        raise ValueError('there must be an object "prices" of models')  # noqa: TRY004 - it is what a file says
    if not document["prices"] and document.get("allowEmpty") is not True:
        raise ValueError('"prices" is empty: say "allowEmpty": true if that is meant')
    _check_currency("currency", document, currency)
    prices = {str(name): _history(str(name), entry, currency) for name, entry in document["prices"].items()}
    aliases = _aliases(document.get("aliases") or {}, prices)
    digest = hashlib.blake2b(repr((sorted(prices.items()), sorted(aliases.items()))).encode(), digest_size=4)
    return PriceTable(prices, aliases, digest.hexdigest(), mode)


def unknown_keys(document: Mapping[str, Any]) -> list[str]:
    """Give the keys that mean nothing here: plugins may, but they may also be misspelt."""
    found = [str(key) for key in document if key not in TOP]
    for name, entry in document.get("prices", {}).items():
        for one in entry if isinstance(entry, list) else [entry]:
            keys = one if isinstance(one, dict) else {}
            found += [f"{name}: {key}" for key in keys if key not in (*MONEY, *SPELLINGS, *OTHERS)]
    return found


def _history(name: str, entry: Any, currency: str) -> tuple[Price, ...]:
    """Read one price, or a list of them with their dates."""
    entries = entry if isinstance(entry, list) else [entry]
    prices = sorted((_price(repr(name), one, currency) for one in entries), key=lambda one: one.valid_from)
    dates = [price.valid_from for price in prices]
    if not prices or len(set(dates)) != len(dates):
        raise ValueError(f"{name!r}: each entry of a list needs a valid_from of its own")
    return tuple(prices)


def _price(where: str, entry: Any, currency: str) -> Price:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} must be an object of prices")  # noqa: TRY004 - the same
    given = {_spelling(key): value for key, value in entry.items() if value is not None}
    _check_currency(where, given, currency)
    money = {key: unit_price(where, given[key], key) for key in MONEY if key in given}
    images = _images(where, given.get("images", {}))
    if not money and not images:
        raise ValueError(f"{where} has no price: say 0 for what is free")
    unit = given.get("unit", Unit.TOKEN.value)
    if unit not in list(Unit):
        raise ValueError(f"{where}: unit must be token or char_without_whitespace")
    return Price(**money, images=images, unit=Unit(unit), valid_from=_moment(where, given))


def _spelling(key: Any) -> str:
    return SPELLINGS.get(str(key), str(key))


def _images(where: str, value: Any) -> Images:
    if not isinstance(value, dict) or not all(isinstance(sizes, dict) for sizes in value.values()):
        raise ValueError(f"{where}: images must be an object of qualities, each of sizes with prices")
    return {
        str(quality): {
            str(size): _image(where, price, f"images {quality} {size}") for size, price in sizes.items()
        }
        for quality, sizes in value.items()
    }


def _image(where: str, price: Any, key: str) -> Decimal:
    return unit_price(where, price, key)


def _moment(where: str, given: Mapping[str, Any]) -> datetime:
    """Read a date or a time, without a zone in UTC; YAML has opened it already."""
    value = given.get("valid_from")
    if value is None:
        return ALWAYS
    try:
        text = value.isoformat() if isinstance(value, date) else str(value)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{where}: valid_from must be a date such as 2026-01-31") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _aliases(value: Any, prices: Mapping[str, Any]) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("aliases must be an object of names")  # noqa: TRY004 - the same
    for name, target in value.items():
        if target not in prices:
            raise ValueError(f"aliases: {name!r} is another name of {target!r}, which has no price")
    return {str(name): str(target) for name, target in value.items()}


def _check_currency(where: str, given: Mapping[str, Any], currency: str) -> None:
    """Sums of several currencies mean nothing, and nobody here knows exchange rates."""
    if given.get("currency", currency) != currency:
        raise ValueError(f"{where}: the currency is not {currency}, and nothing is converted")
