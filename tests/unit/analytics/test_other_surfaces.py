"""Embeddings, Responses, Anthropic messages, ratings and MCP."""

from typing import Any

import pytest

from analytics.errors import MalformedRecord
from analytics.exchange import Message, Usage
from tests.unit.analytics.lines import ANTHROPIC, EMBEDDINGS, MCP, RATE, RESPONSES, exchange, sse


@pytest.mark.parametrize(
    ("given", "number", "texts"),
    [
        ("fish", 1, ["fish"]),
        (["fish", "cat"], 2, ["fish", "cat"]),
        ([[1, 3], [6]], 2, []),
        ([1, 2, 3], 3, []),
        (None, 0, []),
        ({}, 0, []),
    ],
)
def test_inputs_of_embeddings(given: Any, number: int, texts: list[str]) -> None:
    found = exchange(
        EMBEDDINGS, body={"model": "ignored", "input": given}, reply={"usage": {"prompt_tokens": 4}}
    )

    assert [message.text for message in found.messages] == texts
    assert (found.number_request_messages, found.model, found.usage) == (
        number,
        "gpt-4o",
        Usage(prompt_tokens=4),
    )


def test_items_of_a_responses_input() -> None:
    items = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Why?"}, {"type": "input_image"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hidden"}], "content": []},
        {"type": "function_call_output", "output": "42"},
    ]

    found = exchange(RESPONSES, body={"model": "gpt-5", "input": items})

    assert found.messages == (
        Message("developer", "Be brief."),
        Message("user", "Why?"),
        Message("tool", "42"),
    )
    assert (found.model, found.number_request_messages) == ("gpt-5", 4)


def test_the_output_of_a_response_without_its_reasoning() -> None:
    output = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "hidden"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Because."}, {"type": "refusal"}]},
    ]

    found = exchange(RESPONSES, assembled={"id": "resp_1", "output": output, "usage": {"input_tokens": 9}})

    assert found.reply == (Message("assistant", "Because."),)
    assert (found.response_id, found.usage) == ("resp_1", None)


@pytest.mark.parametrize("end", ["response.completed", "response.incomplete", "response.failed"])
def test_the_closing_event_of_a_responses_stream_holds_all(end: str) -> None:
    response = {
        "id": "resp_1",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Yes"}]}],
    }
    body = sse({"type": "response.created", "response": {"id": "x"}}, {"type": end, "response": response})

    found = exchange(RESPONSES, reply=body)

    assert (found.response_id, found.reply) == ("resp_1", (Message("assistant", "Yes"),))


def test_a_responses_stream_that_was_cut_gives_what_had_come() -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "output": []}}
    deltas = [
        {"type": "response.output_text.delta", "output_index": 0, "delta": text} for text in ("Be", "cause")
    ]

    found = exchange(RESPONSES, reply=sse(created, *deltas) + 'data: {"type":"respo>>')

    assert (found.response_id, found.reply) == ("resp_1", (Message("assistant", "Because"),))


def test_anthropic_blocks_with_what_tools_returned() -> None:
    messages = [
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "name": "x"}, {"type": "thinking", "thinking": "h"}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "content": [{"type": "text", "text": "sunny"}, {"type": "image"}]},
                {"type": "tool_result", "content": "dry"},
                {"type": "text", "text": "And tomorrow?"},
            ],
        },
    ]

    found = exchange(ANTHROPIC, body={"model": "claude", "system": "Be kind.", "messages": messages})

    assert found.messages == (
        Message("system", "Be kind."),
        Message("user", "Hello"),
        Message("tool", "sunny"),
        Message("tool", "dry"),
        Message("user", "And tomorrow?"),
    )
    assert found.number_request_messages == 3


def test_an_anthropic_stream_is_folded_block_by_block() -> None:
    body = sse(
        {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 5}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "hidden"},
        },
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Sun"}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "ny"}},
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "input_json_delta", "partial_json": "{}"},
        },
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    )

    found = exchange(ANTHROPIC, reply=body, assembled="{}")

    assert (found.response_id, found.reply) == ("msg_1", (Message("assistant", "Sunny"),))


@pytest.mark.parametrize(
    ("rate", "expected", "notes"),
    [
        (True, True, ()),
        (False, False, ()),
        (1, True, ()),
        (0, False, ()),
        (None, None, ("missing_rate",)),
        ("yes", None, ("invalid_rate",)),
        (7, None, ("invalid_rate",)),
    ],
)
def test_a_thumb_is_up_down_or_neither(rate: Any, expected: bool | None, notes: tuple[str, ...]) -> None:
    found = exchange(RATE, body={"responseId": "r1", "rate": rate})

    assert (found.response_id, found.rate, found.notes) == ("r1", expected, notes)


@pytest.mark.parametrize(
    "body", [{"rate": True}, {"responseId": "", "rate": True}, {"responseId": []}, "x", "[]"]
)
def test_a_rating_of_nobody_knows_what_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedRecord, match="missing_response_id"):
        exchange(RATE, body=body)


@pytest.mark.parametrize(
    ("body", "method", "tool"),
    [
        ({"method": "tools/call", "params": {"name": "forecast"}}, "tools/call", "forecast"),
        ({"method": "tools/call"}, "tools/call", ""),
        ({"method": "initialize", "params": {"name": "no tool"}}, "initialize", ""),
        ({"method": "tools/call", "params": [1]}, "tools/call", ""),
        ([{"method": "tools/list"}, {"method": "ping"}], "tools/list", ""),
        ({"result": {}}, "", ""),
        ("", "", ""),
        ([], "", ""),
    ],
)
def test_the_method_and_the_tool_of_an_mcp_call(body: Any, method: str, tool: str) -> None:
    found = exchange(MCP, body=body)

    assert (found.mcp_method, found.mcp_tool_call_name) == (method, tool)
