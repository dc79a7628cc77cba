"""Events to an OTLP collector: each becomes a span with an id of its own, so that twice is once."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from analytics.event import Event
from analytics.telemetry.spans import Span
from workers.sinks.base import Rejection, SinkUnavailable
from workers.sinks.influx.retry_after import seconds_to_wait
from workers.sinks.isolate import refused
from workers.sinks.otel.collector import REJECTED, Collector
from workers.sinks.otel.session import NO_ANSWER, NOT_SENT, Answer

MOST_SPANS = 512
# OTLP counts in 64 bits, and collectors do so with a sign.
LARGEST = 2**63 - 1

# The fault is in the batch: halve it until the spans that cause it stand alone.
_LOOK_INSIDE = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
# The collector, or something before it, is busy or broken; it will pass.
_WAIT = {NO_ANSWER, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

_Item = tuple[Event, Span]


class OtelSink:
    """Writes the span that `to_span` makes of an event."""

    name = "otel"

    def __init__(self, collector: Collector, to_span: Callable[[Event], Span]) -> None:
        self._collector = collector
        self._to_span = to_span

    def write(self, events: Sequence[Event]) -> list[Rejection]:
        items: dict[str, _Item] = {}
        rejections: list[Rejection] = []
        for event in events:
            span = self._to_span(event)
            if _in_range(event, span):
                items[event.id] = event, span
            else:
                rejections.append(Rejection((event,), "number_out_of_range"))
        for batch in _batches(list(items.values())):
            rejections += [Rejection((event,), reason) for (event, _), reason in refused(batch, self._send)]
        return rejections

    def check(self) -> None:
        """Send no spans: that passes the same door as some."""
        _expect_taken(self._collector.take_spans(()))

    def close(self) -> None:
        self._collector.close()

    def _send(self, batch: Sequence[_Item]) -> str | None:
        answer = self._collector.take_spans([span for _, span in batch])
        if answer.status in _LOOK_INSIDE or answer.status == NOT_SENT or answer.reason == REJECTED:
            return answer.reason
        _expect_taken(answer)
        return None


def _expect_taken(answer: Answer) -> None:
    if not answer.reason:
        return
    may_pass = answer.status in _WAIT or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise SinkUnavailable(answer.reason, retry_after=seconds_to_wait(answer.retry_after), pause=not may_pass)


def _in_range(event: Event, span: Span) -> bool:
    tokens = event.prompt_tokens, event.completion_tokens, event.total_tokens
    numbers = [value for value in (*tokens, *span.attributes.values()) if isinstance(value, int)]
    times = 0 <= span.start_ns <= span.end_ns <= LARGEST
    return times and all(-LARGEST <= number <= LARGEST for number in numbers)


def _batches(items: Sequence[_Item]) -> list[Sequence[_Item]]:
    return [items[start : start + MOST_SPANS] for start in range(0, len(items), MOST_SPANS)]
