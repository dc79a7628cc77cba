"""Reads token counts and prices in the shape of Chat Completions, which DIAL Core writes for every API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from analytics.document import get_object, get_objects, get_str
from analytics.exchange import ModelUsage, Usage
from analytics.text import printable

_MOST_TOKENS = 2**53
"""Far above any call, far below what overflows a sum of 64 bits."""

_DEAREST = Decimal(10) ** 12


def read_usage(data: Mapping[str, Any] | None) -> tuple[Usage | None, tuple[str, ...]]:
    """Give what was counted, or None, and a note for each value that cannot be right."""
    if not data:
        return None, ()
    notes: list[str] = []
    counted: dict[str, Any] = {**_tokens(data, notes), **_details(data)}
    usage = Usage(
        **counted,
        price=_price(data, "price" if data.get("price") is not None else "agg_cost", notes),
        deployment_price=_price(data, "deployment_price", notes),
    )
    return usage, tuple(notes)


def read_reply_usage(
    token_usage: Mapping[str, Any] | None, reply: Mapping[str, Any] | None
) -> tuple[Usage | None, tuple[str, ...]]:
    """Give what DIAL Core counted, else what the reply itself says, under any of its names."""
    if token_usage:
        return read_usage(token_usage)
    told = get_object(reply, "usage")
    if told.get("type") == "duration":
        return None, ()
    usage, notes = read_usage(_one_spelling(told))
    if usage is None or usage.price is not None or told.get("cost") is None:
        return usage, notes
    doubts = list(notes)
    cost = _price(told, "cost", doubts)
    priced = replace(usage, price=cost, deployment_price=cost, priced_by_provider=cost is not None)
    return priced, tuple(doubts)


def _one_spelling(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer APIs of OpenAI say input and output, and say the details in singular or plural."""
    renamed = dict(usage)
    for new, old in (("input", "prompt"), ("output", "completion")):
        for name, target in (
            (f"{new}_tokens", f"{old}_tokens"),
            (f"{new}_tokens_details", f"{old}_tokens_details"),
            (f"{new}_token_details", f"{old}_tokens_details"),
        ):
            if usage.get(name) is not None:
                renamed.setdefault(target, usage[name])
    return renamed


def read_usage_per_model(statistics: Mapping[str, Any]) -> tuple[ModelUsage, ...]:
    """Give the usage of each model; equal models are added up, as their points would overwrite each other."""
    found: dict[str, ModelUsage] = {}
    for entry in get_objects(statistics, "usage_per_model"):
        model = printable(get_str(entry, "model"))
        tokens: dict[str, Any] = {**_tokens(get_object(entry, "usage") or entry, [])}
        counted = ModelUsage(model=model, **tokens)
        found[model] = _sum(found[model], counted) if model in found else counted
    return tuple(found.values())


def _sum(one: ModelUsage, other: ModelUsage) -> ModelUsage:
    return replace(
        one,
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_prompt_tokens=one.cached_prompt_tokens + other.cached_prompt_tokens,
        cache_write_prompt_tokens=one.cache_write_prompt_tokens + other.cache_write_prompt_tokens,
        reasoning_completion_tokens=one.reasoning_completion_tokens + other.reasoning_completion_tokens,
    )


def _tokens(data: Mapping[str, Any], notes: list[str]) -> dict[str, int]:
    # One short-lived version of DIAL Core wrote prompt_token_details.
    prompt = get_object(data, "prompt_tokens_details") or get_object(data, "prompt_token_details")
    completion = get_object(data, "completion_tokens_details")
    return {
        "prompt_tokens": _count(data, "prompt_tokens", notes),
        "completion_tokens": _count(data, "completion_tokens", notes),
        "cached_prompt_tokens": _count(prompt, "cached_tokens", notes),
        "cache_write_prompt_tokens": _count(prompt, "cache_write_tokens", notes),
        "reasoning_completion_tokens": _count(completion, "reasoning_tokens", notes),
    }


def _details(data: Mapping[str, Any]) -> dict[str, int]:
    """What only telemetry tells: a value that cannot be right is none, without a note."""
    return {
        "audio_prompt_tokens": _count(get_object(data, "prompt_tokens_details"), "audio_tokens", []),
        "audio_completion_tokens": _count(get_object(data, "completion_tokens_details"), "audio_tokens", []),
        "total_tokens": _count(data, "total_tokens", []),
    }


def _count(data: Mapping[str, Any], key: str, notes: list[str]) -> int:
    value = data.get(key)
    if value is None:
        return 0
    if type(value) in (int, float, Decimal) and 0 <= value <= _MOST_TOKENS:
        return int(value)
    notes.append(f"invalid_{key}")
    return 0


def _price(data: Mapping[str, Any], key: str, notes: list[str]) -> Decimal | None:
    value = data.get(key)
    if value is None:
        return None
    if type(value) in (int, float, Decimal) and 0 <= value < _DEAREST:
        return abs(Decimal(str(value)))
    notes.append(f"invalid_{key}")
    return None
