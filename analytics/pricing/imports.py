"""Price lists of others as a prices file: LiteLLM's (per token), OpenLIT's (per thousand), MODEL_RATES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from analytics.pricing.price import MILLION
from analytics.pricing.rates import Rates, unit_price

THOUSAND = Decimal(1000)
MINUTE = Decimal(60)

# Their key -> ours, and by how much a price grows.
_LITELLM = {
    "input_cost_per_token": ("input", MILLION),
    "output_cost_per_token": ("output", MILLION),
    "cache_read_input_token_cost": ("cached_input", MILLION),
    "cache_creation_input_token_cost": ("cache_write", MILLION),
    "output_cost_per_reasoning_token": ("reasoning_output", MILLION),
    "input_cost_per_audio_token": ("audio_input", MILLION),
    "output_cost_per_audio_token": ("audio_output", MILLION),
    "input_cost_per_request": ("per_request", Decimal(1)),
}
# Some models have these beside a price of tokens, as another way to say the same.
_LITELLM_WITHOUT_TOKENS = {
    "input_cost_per_character": ("per_1m_chars", MILLION),
    "input_cost_per_second": ("per_minute", MINUTE),
}
_OPENLIT_CHAT = {
    "promptPrice": ("input", THOUSAND),
    "completionPrice": ("output", THOUSAND),
    "cacheReadPrice": ("cached_input", THOUSAND),
    "cacheCreationPrice": ("cache_write", THOUSAND),
}
_HEARD = ("whisper", "transcribe")

Entry = dict[str, Any]


def from_litellm(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read `model_prices_and_context_window.json`; entries without any price we know are left out."""
    prices: dict[str, Entry] = {}
    for name, given in document.items():
        if name == "sample_spec" or not isinstance(given, dict):
            continue
        entry = _renamed(name, given, _LITELLM)
        if not entry.get("input"):
            entry |= _renamed(name, given, _LITELLM_WITHOUT_TOKENS)
        if given.get("output_cost_per_image") is not None and not entry.get("output"):
            entry["images"] = {"standard": {"default": _money(name, given["output_cost_per_image"])}}
        if entry:
            prices[name] = entry
    return _file(prices)


def from_openlit(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read OpenLIT's `pricing.json`. Its audio is paid by characters spoken, or by seconds heard."""
    prices: dict[str, Entry] = {}
    for name, given in _section(document, "chat").items():
        prices[name] = _renamed(name, given if isinstance(given, dict) else {}, _OPENLIT_CHAT)
    for name, given in _section(document, "embeddings").items():
        prices[name] = {"input": _money(name, given, THOUSAND)}
    for name, given in _section(document, "images").items():
        if isinstance(given, dict):
            prices[name] = {"images": _plain(given)}
    for name, given in _section(document, "audio").items():
        heard = any(word in name for word in _HEARD)
        key, factor = ("per_minute", MINUTE) if heard else ("per_1m_chars", THOUSAND)
        prices[name] = {key: _money(name, given, factor)}
    return _file({name: entry for name, entry in prices.items() if entry})


def from_rates(document: str) -> dict[str, Any]:
    """Read MODEL_RATES."""
    rates = Rates.from_json(document).by_name
    return _file(
        {
            name: {
                "input": _number(rate.prompt_price * MILLION),
                "output": _number(rate.completion_price * MILLION),
                "unit": rate.unit.value,
            }
            for name, rate in rates.items()
        }
    )


IMPORTERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "litellm": from_litellm,
    "openlit": from_openlit,
}


def _file(prices: Mapping[str, Entry]) -> dict[str, Any]:
    if not prices:
        raise ValueError("there is no price in it")
    return {"currency": "USD", "prices": dict(prices)}


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    return value if isinstance(value, dict) else {}


def _renamed(name: str, given: Mapping[str, Any], keys: Mapping[str, tuple[str, Decimal]]) -> Entry:
    return {
        ours: _money(name, given[theirs], factor)
        for theirs, (ours, factor) in keys.items()
        if given.get(theirs) is not None
    }


def _money(name: str, value: Any, factor: Decimal = Decimal(1)) -> int | float:
    return _number(unit_price(repr(name), value, "price") * factor)


def _number(value: Decimal) -> int | float:
    """As JSON has numbers; the shortest that says the same."""
    return int(value) if value == value.to_integral_value() else float(value)


def _plain(sizes: Any) -> Any:
    """Decimals as JSON has numbers, however deep."""
    if isinstance(sizes, dict):
        return {name: _plain(value) for name, value in sizes.items()}
    return _number(sizes) if isinstance(sizes, Decimal) else sizes
