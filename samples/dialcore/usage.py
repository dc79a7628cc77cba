"""Tokens and prices of the sample: one rule of thumb for every language, exact arithmetic for the money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MILLION = Decimal(1_000_000)
# UTF-8 bytes a token: about four letters of English, two of Russian, one and a half of Chinese.
BYTES_PER_TOKEN = 4.3


def count(text: str) -> int:
    """Estimate the tokens of a text."""
    return max(1, round(len(text.encode()) / BYTES_PER_TOKEN))


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars for a million tokens."""

    prompt: Decimal
    completion: Decimal
    cached: Decimal
    cache_write: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; cached and cache_write are parts of prompt, reasoning of completion."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def cost(self, rates: Rates | None) -> Decimal | None:
        """Price the tokens; a deployment without rates has no price at all, which is not the same as 0."""
        if rates is None:
            return None
        fresh = self.prompt - self.cached - self.cache_write
        dollars = (
            fresh * rates.prompt
            + self.cached * rates.cached
            + self.cache_write * rates.cache_write
            + self.completion * rates.completion
        )
        return dollars / MILLION

    def chat(self, *, details: bool = True) -> dict[str, Any]:
        """Return the shape of the Chat Completions API, which Core uses for every API in `token_usage`."""
        plain: dict[str, Any] = {
            "completion_tokens": self.completion,
            "prompt_tokens": self.prompt,
            "total_tokens": self.prompt + self.completion,
        }
        return plain | (self._details() if details else {})

    def _details(self) -> dict[str, Any]:
        prompt = {"cached_tokens": self.cached, "cache_write_tokens": self.cache_write}
        prompt = {key: value for key, value in prompt.items() if value}
        found: dict[str, Any] = {"prompt_tokens_details": prompt} if prompt else {}
        if self.reasoning:
            found["completion_tokens_details"] = {"reasoning_tokens": self.reasoning}
        return found


def token_usage(usage: Usage, own: Decimal | None, below: Decimal, *, details: bool) -> dict[str, Any]:
    """Return Core's `token_usage`: `deployment_price` is the own cost, `price` adds the spans below."""
    found = usage.chat(details=details)
    if own is not None:
        found |= {"deployment_price": own, "price": own + below}
    return found
