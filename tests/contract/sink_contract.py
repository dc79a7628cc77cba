"""What every sink promises, whatever is behind it: a test file for one subclasses this and has a `stand`."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from analytics.event import Event
from analytics.exchange import Surface
from tests.events import NOON_NS, make_event, make_events
from workers.sinks.base import Sink, SinkUnavailable

TEXTS = {
    "plain": "conversations/abc",
    "spaces_and_signs": "a b, c=d; e|f",
    "quotes": "she said \"no\" and 'yes'",
    "backslashes": "C:\\new\\table\\",
    "newlines": "first\nsecond\r\n\tthird",
    "scripts": "Привет, 世界, שלום, مرحبا, नमस्ते",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "looks_like_a_line": "analytics,model=x price=1 1\nanalytics price=2",
    "looks_like_sql": "'); DROP TABLE events; --",
    "long": "x" * 10_000,
}
# No sink has integers of this size.
POISON = 2**70


@dataclass(frozen=True)
class Stand:
    """A sink with its store, empty, and the means to look inside."""

    sink: Sink
    count: Callable[[], int]
    chat_id_of: Callable[[Event], str]
    unreachable: Callable[[], Sink]


class SinkContract:
    def test_every_event_is_stored(self, stand: Stand) -> None:
        assert stand.sink.write(make_events(25)) == []

        assert stand.count() == 25

    def test_no_events_are_no_work(self, stand: Stand) -> None:
        assert stand.sink.write([]) == []

        assert stand.count() == 0

    def test_writing_twice_leaves_what_writing_once_leaves(self, stand: Stand) -> None:
        events = make_events(10)
        stand.sink.write(events)

        assert stand.sink.write(events) == []

        assert stand.count() == 10

    def test_the_same_event_twice_in_one_write_is_stored_once(self, stand: Stand) -> None:
        assert stand.sink.write([make_event(), make_event()]) == []

        assert stand.count() == 1

    def test_a_batch_that_overlaps_with_an_earlier_one_adds_only_what_is_new(self, stand: Stand) -> None:
        events = make_events(12)
        stand.sink.write(events[:8])

        stand.sink.write(events[4:])

        assert stand.count() == 12

    def test_every_surface_and_errors_are_stored(self, stand: Stand) -> None:
        surfaces = tuple(Surface)
        events = make_events(len(surfaces), surface=lambda n: surfaces[n], rate=lambda _: True)
        events.append(make_event(status="429", ok=False))

        assert stand.sink.write(events) == []

        assert stand.count() == len(events)

    def test_two_calls_in_the_same_millisecond_are_both_there(self, stand: Stand) -> None:
        calls = [
            make_event(surface=Surface.MCP, mcp_method="tools/call", mcp_tool_call_name=tool, time_ns=NOON_NS)
            for tool in ("get_forecast", "get_map")
        ]

        stand.sink.write(calls)

        assert stand.count() == 2

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_any_text_comes_back_as_it_was(self, stand: Stand, text: str) -> None:
        event = make_event(chat_id=text)

        assert stand.sink.write([event]) == []

        assert stand.chat_id_of(event) == text

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_any_text_may_stand_where_a_store_has_names(self, stand: Stand, text: str) -> None:
        names = dict.fromkeys(("title", "deployment", "model", "project_id", "topic", "language"), text)
        event = make_event(execution_path=(text, text), **names)

        assert stand.sink.write([event, make_event()]) == []

        assert stand.count() == 2

    def test_a_lone_surrogate_spoils_nothing(self, stand: Stand) -> None:
        event = make_event(chat_id="half \ud83d of a pair", title="\udc00", execution_path=("\ud800",))

        assert stand.sink.write([event]) == []

        assert stand.chat_id_of(event) == "half ? of a pair"

    def test_many_threads_write_at_once(self, stand: Stand) -> None:
        events = make_events(160)
        parts = [events[start : start + 30] for start in range(0, 160, 20)]  # Neighbours overlap.

        with ThreadPoolExecutor(len(parts)) as pool:
            results = list(pool.map(stand.sink.write, parts))

        assert results == [[]] * len(parts)
        assert stand.count() == 160

    def test_an_event_that_cannot_be_stored_is_rejected_and_its_neighbours_are_stored(
        self, stand: Stand
    ) -> None:
        events = make_events(20)
        poison = replace(events[7], prompt_tokens=POISON)

        rejections = stand.sink.write([*events[:7], poison, *events[8:]])

        assert [rejection.events for rejection in rejections] == [(poison,)]
        assert re.fullmatch(r"[a-z0-9_]+", rejections[0].reason)
        assert stand.count() == 19

    def test_a_batch_of_nothing_but_poison_is_rejected_event_by_event(self, stand: Stand) -> None:
        poison = [replace(event, prompt_tokens=POISON) for event in make_events(5)]

        rejections = stand.sink.write(poison)

        assert [rejection.events for rejection in rejections] == [(event,) for event in poison]
        assert stand.count() == 0

    def test_a_store_that_works_passes_the_check_and_stays_empty(self, stand: Stand) -> None:
        stand.sink.check()

        assert stand.count() == 0

    def test_a_store_that_cannot_be_reached_is_unavailable(self, stand: Stand) -> None:
        sink = stand.unreachable()

        with pytest.raises(SinkUnavailable) as writing:
            sink.write([make_event(chat_id="do not tell anybody")])
        with pytest.raises(SinkUnavailable) as checking:
            sink.check()

        assert re.fullmatch(r"[a-z0-9_]+", writing.value.reason)
        assert checking.value.reason == writing.value.reason
        assert "tell" not in str(writing.value)

    def test_closing_twice_does_no_harm(self, stand: Stand) -> None:
        stand.sink.close()
        stand.sink.close()

    def test_a_sink_has_a_name_to_be_configured_and_counted_by(self, stand: Stand) -> None:
        assert stand.sink.name in {"influx", "sqlite", "otel"}
