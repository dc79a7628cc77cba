"""The price book: who is asked for a price, and in which order. Other prices are another book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from analytics.exchange import MODEL_SURFACES, ZERO, Exchange, ModelUsage, Surface, Usage
from analytics.pricing.cost import Bill, Cost, PriceSource
from analytics.pricing.rates import Rates, Unit
from analytics.pricing.table import PriceTable

_TOGETHER = frozenset({Surface.CHAT, Surface.EMBEDDINGS, Surface.COMPLETIONS})


class Catalog(Protocol):
    """A list of prices that others maintain."""

    version: str

    def find(self, names: Sequence[str], usage: Usage, when: datetime) -> tuple[str, Bill] | None:
        """Give what this usage cost then, and under which key, of the first name that it knows."""
        ...


class Pricer(Protocol):
    """Whoever tells prices: a book, or something that knows the book of the moment."""

    def price(self, exchange: Exchange, /) -> Cost:
        """Tell the cost of an exchange."""
        ...

    def price_models(self, exchange: Exchange, /) -> tuple[ModelUsage, ...]:
        """Tell the cost of each model behind an application."""
        ...


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Immutable. What was reported comes first, then MODEL_RATES, the prices file and the catalogue."""

    rates: Rates = field(default_factory=Rates)
    file: PriceTable = field(default_factory=PriceTable)
    catalog: Catalog | None = None

    @classmethod
    def from_model_rates(cls, json_text: str) -> PriceBook:
        """Read MODEL_RATES; raise ValueError with one line that says what is wrong."""
        return cls(Rates.from_json(json_text))

    @property
    def version(self) -> str:
        """Of the rates."""
        return self.rates.version

    def price(self, exchange: Exchange) -> Cost:
        """Tell the cost; of a call that failed, or has no price, none."""
        if exchange.surface not in MODEL_SURFACES or not exchange.ok:
            return Cost()
        reported = _reported(exchange)
        return reported if reported is not None else self._computed(exchange)

    def price_models(self, exchange: Exchange) -> tuple[ModelUsage, ...]:
        """Tell the cost of each model behind an application, where tokens have a price."""
        return tuple(self._model(used, exchange.record.time) for used in exchange.per_model)

    def _computed(self, exchange: Exchange) -> Cost:
        for name in (exchange.deployment, exchange.model):
            if rate := self.rates.by_name.get(name):
                bill = rate.bill(exchange)
                return (
                    Cost()
                    if bill is None
                    else bill.cost(PriceSource.RATES, self.rates.version, name, "exact")
                )
        names, when = candidates(exchange), exchange.record.time
        if found := self.file.find(names, when):
            bill = found.price.bill(exchange)
            if bill is not None:
                return bill.cost(PriceSource.PRICES_FILE, self.file.version, found.key, found.match)
        return self._listed(names, exchange)

    def _listed(self, names: Sequence[str], exchange: Exchange) -> Cost:
        if self.catalog is None or exchange.usage is None:
            return Cost()
        listed = self.catalog.find(names, exchange.usage, exchange.record.time)
        if listed is None:
            return Cost()
        key, bill = listed
        return bill.cost(PriceSource.CATALOG, self.catalog.version, key, "catalog")

    def _model(self, used: ModelUsage, when: datetime) -> ModelUsage:
        """Put the price to the tokens; a rate that counts characters has none, nor has what is not listed."""
        rate = self.rates.by_name.get(used.model)
        if rate is not None:
            bill = rate(used.prompt_tokens, used.completion_tokens) if rate.unit is Unit.TOKEN else None
            return _with_price(used, PriceSource.RATES, bill)
        found = self.file.find((used.model,), when)
        if found is None or found.price.unit is not Unit.TOKEN:
            return used
        usage = Usage(
            used.prompt_tokens,
            used.completion_tokens,
            used.cached_prompt_tokens,
            used.cache_write_prompt_tokens,
            used.reasoning_completion_tokens,
        )
        asked, answered = found.price.asked(usage), found.price.answered(usage)
        if asked is None or answered is None:
            return used
        return _with_price(used, PriceSource.PRICES_FILE, Bill(asked, answered))


def _with_price(used: ModelUsage, source: PriceSource, bill: Bill | None) -> ModelUsage:
    if bill is None:
        return used
    return replace(used, price=bill.asked + bill.answered, price_source=source.value)


def candidates(exchange: Exchange) -> tuple[str, ...]:
    """Names under which a price may be listed: what answered, what was asked for, what was called."""
    facts = exchange.facts
    names = (facts.response_model, facts.request_model, exchange.model, exchange.deployment)
    return tuple(dict.fromkeys(name for name in names if name))


def _reported(exchange: Exchange) -> Cost | None:
    """In `analytics` a deployment price without a price is none; newer measurements take each by itself."""
    usage = exchange.usage or Usage()
    if usage.price is None and (exchange.surface in _TOGETHER or usage.deployment_price is None):
        return None
    source = PriceSource.PROVIDER if usage.priced_by_provider else PriceSource.CORE
    return Cost(usage.price or ZERO, usage.deployment_price or ZERO, source)
