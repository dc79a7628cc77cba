"""The maintained catalogue of `genai-prices`, which its wheel brings along: the last place to ask."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import genai_prices

from analytics.exchange import Usage
from analytics.pricing.cost import Bill

# Models that the catalogue finds only beside the name of their provider.
PROVIDERS = (None, "openai", "azure", "anthropic", "google")


class GenaiPrices:
    """Asked with the very tokens that were counted; cached ones are among those asked, as with us."""

    def __init__(self) -> None:
        self.version = f"genai-prices {version('genai-prices')}"

    def find(self, names: Sequence[str], usage: Usage, when: datetime) -> tuple[str, Bill] | None:
        counted = genai_prices.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cache_read_tokens=min(usage.cached_prompt_tokens, usage.prompt_tokens),
            cache_write_tokens=usage.cache_write_prompt_tokens or None,
        )
        for name in dict.fromkeys(each for full in names for each in (full, full.rpartition("/")[2])):
            for provider in PROVIDERS:
                try:
                    found = genai_prices.calc_price(
                        counted, name, provider_id=provider, genai_request_timestamp=when
                    )
                except (LookupError, ValueError):
                    continue
                return f"{found.provider.id}/{found.model.id}", Bill(found.input_price, found.output_price)
        return None
