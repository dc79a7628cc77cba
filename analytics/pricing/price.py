"""The price of a model as a prices file has it: per million tokens, with whatever else is paid by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from analytics.exchange import ZERO, Exchange, Usage
from analytics.facts import Facts
from analytics.pricing.cost import Bill
from analytics.pricing.rates import Unit, chars

MILLION = Decimal(1_000_000)
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)

Images = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Price:
    """None is unknown, while 0 is free. A kind of token without a price of its own has that of its side."""

    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning_output: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    per_request: Decimal | None = None
    per_1m_chars: Decimal | None = None
    per_minute: Decimal | None = None
    images: Images = field(default_factory=dict, hash=False)
    """Quality, then size, then the price of one image."""
    unit: Unit = Unit.TOKEN
    valid_from: datetime = ALWAYS

    def bill(self, exchange: Exchange) -> Bill | None:
        """Tell the cost of an exchange; None when a price it needs, or the count, is not known."""
        asked, answered = self._tokens(exchange)
        by_piece = [
            self.per_request,
            self._sound(exchange.facts),
            _times(self.per_1m_chars, self._spoken(exchange)),
        ]
        pieces = [cost for cost in by_piece if cost is not None]
        drawn = self._images(exchange.facts)
        if (asked is None or answered is None) and not pieces and drawn is None:
            return None
        return Bill((asked or ZERO) + sum(pieces, ZERO), (answered or ZERO) if drawn is None else drawn)

    def _tokens(self, exchange: Exchange) -> tuple[Decimal | None, Decimal | None]:
        if self.unit is Unit.CHAR:
            texts = chars(exchange.messages), chars(exchange.reply or ())
            return _times(self.input, texts[0]), _times(self.output, texts[1])
        usage = exchange.usage
        return (None, None) if usage is None else (self.asked(usage), self.answered(usage))

    def asked(self, usage: Usage) -> Decimal | None:
        """Cached, written and audio tokens are some of those asked, whatever anybody reports."""
        kinds = (
            (usage.cached_prompt_tokens, self.cached_input),
            (usage.cache_write_prompt_tokens, self.cache_write),
            (usage.audio_prompt_tokens, self.audio_input),
        )
        return _side(usage.prompt_tokens, self.input, kinds)

    def answered(self, usage: Usage) -> Decimal | None:
        """The same for reasoning and audio among those answered."""
        kinds = (
            (usage.reasoning_completion_tokens, self.reasoning_output),
            (usage.audio_completion_tokens, self.audio_output),
        )
        return _side(usage.completion_tokens, self.output, kinds)

    def _spoken(self, exchange: Exchange) -> int | None:
        words = sum(len(message.text) for message in exchange.messages)
        return words or None

    def _sound(self, facts: Facts) -> Decimal | None:
        seconds = facts.answered.get("seconds")
        if self.per_minute is None or seconds is None:
            return None
        return self.per_minute * Decimal(str(seconds)) / 60

    def _images(self, facts: Facts) -> Decimal | None:
        count = facts.answered.get("image_count")
        quality = facts.parameters.get("image_quality", ""), "standard", "default"
        sizes = next((self.images[name] for name in map(str, quality) if name in self.images), {})
        size = facts.parameters.get("image_size", ""), "1024x1024", "default"
        price = next((sizes[name] for name in map(str, size) if name in sizes), None)
        return None if price is None or not isinstance(count, int) else price * count


def _side(total: int, price: Decimal | None, kinds: tuple[tuple[int, Decimal | None], ...]) -> Decimal | None:
    """Give each kind its share, no more than is left, and the rest the price of the side."""
    cost, left = ZERO, max(total, 0)
    for count, special in kinds:
        some = min(max(count, 0), left) if special is not None else 0
        cost += some * (special or ZERO)
        left -= some
    if left and price is None:
        return None
    return (cost + left * (price or ZERO)) / MILLION


def _times(price: Decimal | None, count: int | None) -> Decimal | None:
    return None if price is None or count is None else price * count / MILLION
