"""The words on spans: valid JSON however much is cut, redacted before that, and only the sides asked for."""

import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analytics.event import Event
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import Facts
from analytics.record import LogRecord, parse
from analytics.telemetry.attributes import Telling
from analytics.telemetry.content import CUT, Listening, SpokenEvent
from analytics.telemetry.spans import span_of
from tests.events import make_event
from tests.integration.lines import chat_line

# Without bodies: then the texts of the exchange are all there is.
RECORD: LogRecord = replace(
    parse(chat_line()), request_body=None, response_body=None, assembled_response=None
)
BOTH = Listening(prompt=True, completion=True)
ASKED = (Message("system", "Be brief."), Message("user", "Where is Paris?"))


def exchange(*messages: Message, surface: Surface = Surface.CHAT, **overrides: Any) -> Exchange:
    reply = (Message("assistant", "In France."),)
    facts = Facts(finish_reasons=("stop",))
    return Exchange(
        RECORD, surface, **{"messages": messages or ASKED, "reply": reply, "facts": facts, **overrides}
    )


def test_both_families_of_names_hold_the_conversation() -> None:
    said = BOTH(exchange())

    assert json.loads(said["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Where is Paris?"}]},
    ]
    assert json.loads(said["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "In France."}], "finish_reason": "stop"}
    ]
    assert said["gen_ai.content.prompt"] == "system: Be brief.\nuser: Where is Paris?"
    assert said["gen_ai.completion"] == "In France."


def test_a_text_that_is_no_conversation_has_no_roles() -> None:
    said = BOTH(exchange(Message("user", "A cat"), surface=Surface.IMAGES))

    assert said["gen_ai.content.prompt"] == "A cat"


def test_only_the_sides_asked_for_are_told() -> None:
    assert set(Listening(prompt=True)(exchange())) == {"gen_ai.input.messages", "gen_ai.content.prompt"}
    assert set(Listening(completion=True)(exchange())) == {"gen_ai.output.messages", "gen_ai.completion"}
    assert Listening()(exchange()) == {}
    assert Listening(completion=True)(exchange(reply=None)) == {}


def test_every_choice_has_its_end() -> None:
    reply = (Message("assistant", "a"), Message("assistant", "b"), Message("assistant", "c"))
    said = BOTH(exchange(reply=reply, facts=Facts(finish_reasons=("tool_calls", "length"))))

    ends = [message["finish_reason"] for message in json.loads(said["gen_ai.output.messages"])]
    assert ends == ["tool_call", "length", "length"]


def test_what_must_not_be_told_is_replaced_before_it_is_cut() -> None:
    secret = Message("user", "x" * 15 + " 4111111111111111")
    said = Listening(prompt=True, most_chars=22, redact=(re.compile(r"\d{16}"),))(exchange(secret))

    assert said["gen_ai.content.prompt"] == "user: " + "x" * 15 + " [reda" + CUT


def test_the_last_message_is_the_last_to_be_cut() -> None:
    said = Listening(prompt=True, most_chars=20)(
        exchange(Message("user", "a" * 50), Message("user", "b" * 15))
    )

    texts = [message["parts"][0]["content"] for message in json.loads(said["gen_ai.input.messages"])]
    assert texts == ["aaaa" + CUT, "b" * 15]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.integers(1, 60))
def test_however_it_is_cut_it_is_json_and_no_longer_than_allowed(texts: list[str], most: int) -> None:
    said = Listening(prompt=True, most_chars=most)(exchange(*(Message("user", text) for text in texts)))

    told = json.loads(said["gen_ai.input.messages"])
    assert sum(len(message["parts"][0]["content"]) for message in told) <= most


def test_a_spoken_event_is_the_event_with_words_beside_it() -> None:
    event = make_event()
    spoken = SpokenEvent.from_dict({**event.to_dict(), "said": {"gen_ai.completion": "In France."}})

    assert spoken.to_dict() == event.to_dict()
    assert Event.from_dict(spoken.to_dict()) == event
    assert span_of(spoken, Telling()).attributes["gen_ai.completion"] == "In France."
    assert SpokenEvent.from_dict(event.to_dict()).said == {}
