"""One call, from its line in the log to all that telemetry tells of it: the span, its words, the metrics."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analytics.event import Event
from analytics.pipeline import Tools
from analytics.pricing import PriceBook
from analytics.pricing.file import read_prices
from analytics.telemetry.attributes import Attributes, Telling
from analytics.telemetry.content import Listening, SpokenEvent
from analytics.telemetry.meters import measure
from analytics.telemetry.metrics import Metric, metrics
from analytics.telemetry.spans import Span, span_of
from tests.golden.cases import HERE, log_line, read
from tests.unit.analytics.lines import analysis, english, line, no_topics

CHAT, LEGACY, EMBED, RESPONSES = (
    f"/v1/{path}" for path in ("chat/completions", "completions", "embeddings", "responses")
)
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
CHUNKS = (
    {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "It "}}]},
    {"choices": [{"index": 0, "delta": {"content": "depends."}, "finish_reason": "stop"}]},
)
GPT_4O = {"input": 2.5, "output": 10}
EVERYTHING = Listening(prompt=True, completion=True)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the call."""

    event: Event
    span: Span

    @property
    def attributes(self) -> Attributes:
        return self.span.attributes

    def words(self, name: str) -> Any:
        """What an attribute holds as JSON."""
        return json.loads(str(self.attributes[name]))

    @property
    def metrics(self) -> Mapping[str, Metric]:
        measured = measure(self.event)
        found = metrics({measured.labels: measured.additions}) if measured else ()
        return {metric.name: metric for metric in found}

    @property
    def tokens(self) -> dict[Any, Decimal]:
        """What the metric of tokens adds up, by its kind; {} where nobody counted."""
        usage = self.metrics.get("gen_ai.client.token.usage")
        return {point.attributes["gen_ai.token.type"]: point.sum for point in usage.points} if usage else {}


def tell(uri: str, prices: Mapping[str, Any] | None = None, **call: Any) -> Told:
    """Tell of a plain call, one that DIAL knows nothing of; `call` is as in `lines.document`."""
    return tell_line(line(uri, **{"deployment": None, "chat": None, **call}), prices)


def tell_golden(case: str) -> Told:
    """Tell of a golden case, by its folder."""
    return tell_line(log_line(read(HERE / case / "record.json")))


def tell_line(message: str, prices: Mapping[str, Any] | None = None) -> Told:
    book = PriceBook(file=read_prices({"prices": prices})) if prices else PriceBook()
    found = analysis(message, tools=Tools(english, no_topics, book, EVERYTHING))
    (event,) = found.events
    spoken = SpokenEvent.from_dict({**event.to_dict(), "said": found.said.get(event.id, {})})
    return Told(event, span_of(spoken, Telling()))
