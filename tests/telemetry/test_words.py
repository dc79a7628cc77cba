"""What spans hold of a conversation beside texts: tools, thoughts, refusals, instructions and failures."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.telemetry.content import CUT, Listening, Said
from tests.telemetry.told import CHAT, LEGACY, RESPONSES, tell, tell_golden
from tests.unit.analytics.lines import ANSWER, ANTHROPIC, QUESTION, exchange, sse

ASKED, ANSWERED = "gen_ai.input.messages", "gen_ai.output.messages"
WORDS = (ASKED, ANSWERED, "gen_ai.content.prompt", "gen_ai.completion", "error.details")
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"city":"Porto"}'}}
CALLED = {"type": "tool_call", "id": "call_1", "name": "look", "arguments": '{"city":"Porto"}'}
BACK = {"type": "tool_call_response", "id": "call_1", "response": "Sunny."}


def text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}


def reply(*messages: dict[str, Any], ends: str = "stop") -> dict[str, Any]:
    choices = enumerate(messages)
    return {
        **ANSWER,
        "choices": [{"index": n, "message": one, "finish_reason": ends} for n, one in choices],
    }


def said(uri: str, listening: Listening, **call: Any) -> Said:
    return listening(exchange(uri, **call))


def test_a_chat_tells_which_tools_it_called_and_what_they_gave_back() -> None:
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."},
    ]
    told = tell(CHAT, body={"model": "m", "messages": messages}, reply=ANSWER)

    assert told.words(ASKED) == [
        {"role": "user", "parts": [text("Weather?")]},
        {"role": "assistant", "parts": [CALLED]},
        {"role": "tool", "parts": [BACK]},
    ]
    assert told.attributes["gen_ai.content.prompt"] == "user: Weather?\ntool: Sunny."


def test_a_stream_tells_the_whole_call_of_its_tool() -> None:
    told = tell_golden("chat/stream_with_tool_calls")

    (answer,) = told.words(ANSWERED)
    assert answer["finish_reason"] == "tool_call"
    assert answer["parts"][-1] == {**CALLED, "name": "weather", "arguments": '{"city":"Lisbon"}'}
    assert "gen_ai.completion" not in told.attributes


def test_every_choice_is_told_with_thoughts_and_refusals() -> None:
    thoughtful = {"role": "assistant", "reasoning_content": "Hm.", "content": "Yes."}
    told = tell(CHAT, body=QUESTION, reply=reply(thoughtful, {"content": None, "refusal": "No."}))

    first, second = told.words(ANSWERED)
    assert first["parts"] == [{"type": "reasoning", "content": "Hm."}, text("Yes.")]
    assert second["parts"] == [{"type": "refusal", "content": "No."}]
    assert told.attributes["gen_ai.completion"] == "Yes."


def test_of_an_image_only_its_being_there_is_told() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,c2VjcmV0"}}
    parts = [{"type": "text", "text": "What is it?"}, image]
    told = tell(CHAT, body={"model": "m", "messages": [{"role": "user", "content": parts}]}, reply=ANSWER)

    assert told.words(ASKED) == [{"role": "user", "parts": [text("What is it?"), {"type": "image"}]}]
    assert "c2VjcmV0" not in str(told.attributes)


def test_responses_tell_instructions_items_and_one_answer() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"city":"Porto"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "Sunny."},
    ]
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Sun."}]},
    ]
    told = tell(
        RESPONSES,
        body={"model": "m", "instructions": "Be brief.", "input": items},
        reply={"object": "response", "status": "completed", "output": output},
    )

    assert told.words(ASKED) == [
        {"role": "user", "parts": [text("Weather?")]},
        {"role": "assistant", "parts": [CALLED]},
        {"role": "tool", "parts": [BACK]},
    ]
    parts = [{"type": "reasoning", "content": "Hm."}, text("Sun.")]
    assert told.words(ANSWERED) == [{"role": "assistant", "parts": parts, "finish_reason": "stop"}]
    assert told.words("gen_ai.system_instructions") == [text("Be brief.")]
    assert told.attributes["ai.request.instructions"] == "Be brief."


def test_anthropic_s_blocks_are_parts() -> None:
    told = tell_golden("anthropic/blocks")

    assert told.words("gen_ai.system_instructions") == [text("Eres un guía.")]
    asked = told.words(ASKED)
    assert [message["role"] for message in asked] == ["user", "assistant", "tool"]
    assert asked[1]["parts"] == [{"type": "tool_call", "id": "t1", "name": "search", "arguments": "{}"}]
    assert asked[2]["parts"][0]["response"] == "Museo del Prado, 10:00"
    (answer,) = told.words(ANSWERED)
    assert [part["type"] for part in answer["parts"]] == ["reasoning", "text"]
    assert answer["finish_reason"] == "stop"


def test_a_streamed_call_of_anthropic_s_is_whole() -> None:
    block = {"type": "tool_use", "id": "call_1", "name": "look", "input": {}}
    pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ('{"city":', '"Porto"}')]
    stream = sse(
        {"type": "message_start", "message": {"role": "assistant"}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *({"type": "content_block_delta", "index": 0, "delta": piece} for piece in pieces),
    )

    assert tell(ANTHROPIC, body=QUESTION, reply=stream).words(ANSWERED)[0]["parts"] == [CALLED]


@pytest.mark.parametrize("tool", [{"name": "look"}, {"function": {"name": "look", "parameters": {"x": 1}}}])
def test_of_the_tools_at_hand_names_are_told(tool: dict[str, Any]) -> None:
    told = tell(CHAT, body={**QUESTION, "tools": [{"type": "function", **tool}]}, reply=ANSWER)

    assert told.words("gen_ai.tool.definitions") == [{"type": "function", "name": "look"}]


@pytest.mark.parametrize(("uri", "name"), [(CHAT, "stop"), (LEGACY, "stop"), (ANTHROPIC, "stop_sequences")])
def test_where_to_stop_is_told_as_a_list(uri: str, name: str) -> None:
    body = {**QUESTION, name: ["END", "\n"]}

    assert tell(uri, body=body).attributes["gen_ai.request.stop_sequences"] == ("END", "\n")
    assert "gen_ai.request.stop_sequences" not in said(uri, Listening(completion=True), body=body)


def test_a_choice_keeps_its_end_when_others_have_no_words() -> None:
    choices = [
        {"index": 0, "message": {"content": None}, "finish_reason": "content_filter"},
        {"index": 1, "message": {"content": "Yes."}, "finish_reason": "length"},
    ]
    told = tell(CHAT, body=QUESTION, reply={**ANSWER, "choices": choices})

    assert [message["finish_reason"] for message in told.words(ANSWERED)] == ["length"]


def test_prompts_of_sounds_and_images_have_the_plugin_s_names_too() -> None:
    pictures = {"data": [{"url": "u", "revised_prompt": "A grey cat"}]}
    image = tell("/v1/images/generations", body={"model": "m", "prompt": "A cat"}, reply=pictures)
    sound = tell("/v1/audio/transcriptions", body={"model": "m", "prompt": "Ada"}, reply={"text": "Hi"})

    assert image.attributes["gen_ai.content.revised_prompt"] == "A grey cat"
    assert sound.attributes["ai.request.audio.prompt"] == "Ada"


def test_why_it_failed_is_told_in_full_where_words_may_be() -> None:
    call: dict[str, Any] = {
        "body": QUESTION,
        "reply": {"error": {"message": "No such model: x1"}},
        "status": "404",
    }
    redacting = Listening(completion=True, most_chars=16, redact=(re.compile("model"),))

    assert tell(CHAT, **call).attributes["error.details"] == "No such model: x1"
    assert said(CHAT, redacting, **call)["error.details"] == "No such [redact" + CUT
    assert "error.details" not in said(CHAT, Listening(prompt=True), **call)


def test_neither_side_says_a_word_of_the_other() -> None:
    tools = [{"type": "function", "function": {"name": "canary"}}]
    body = {"model": "m", "instructions": "canary", "input": "canary", "tools": tools}
    call = {"body": body, "reply": {"output": [{"content": [{"type": "output_text", "text": "parrot"}]}]}}

    assert "parrot" not in str(said(RESPONSES, Listening(prompt=True), **call))
    assert "canary" not in str(said(RESPONSES, Listening(completion=True), **call))
    assert said(RESPONSES, Listening(), **call) == {}


def test_arguments_and_results_are_redacted_and_cut_as_texts_are() -> None:
    listening = Listening(prompt=True, completion=True, most_chars=20, redact=(re.compile(r"\d{4}"),))
    call = {**CALL, "function": {"name": "pay1234", "arguments": '{"card":1234,"name":"somebody"}'}}
    found = said(CHAT, listening, body=QUESTION, reply=reply({"tool_calls": [call]}))

    ((part,),) = [message["parts"] for message in json.loads(found[ANSWERED])]
    assert part["arguments"] == '{"card":[redacted],' + CUT
    assert part["name"] == "pay[redacted]"


_NAMES = [
    *("messages", "role", "content", "type", "text", "tool_calls", "function", "name", "arguments", "input"),
    *("output", "choices", "message", "stop", "tools", "error", "summary", "call_id", "refusal", "tool_use"),
    *("tool_result", "thinking", "reasoning", "image_url", "function_call", "system", "instructions"),
]
_VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from([*_NAMES, "\ud800", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=20,
)
_BODIES = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6)


@pytest.mark.parametrize("uri", [CHAT, RESPONSES, ANTHROPIC, LEGACY])
@given(body=_BODIES, answer=_BODIES, status=st.sampled_from(["200", "500"]))
@settings(max_examples=60)
def test_whatever_the_bodies_hold_there_are_words_that_can_be_sent(
    uri: str, body: dict[str, Any], answer: dict[str, Any], status: str
) -> None:
    told = tell(uri, body=body, reply=answer, status=status)

    str({name: value for name, value in told.attributes.items() if name in WORDS}).encode()
