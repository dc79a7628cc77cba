"""Laws of the core, tried with whatever comes to mind."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.merge import fold_chat
from analytics.points import to_line_protocol
from analytics.sse import objects
from tests.unit.analytics.line_protocol import parse
from tests.unit.analytics.lines import (
    ANSWER,
    ANTHROPIC,
    CHAT,
    EMBEDDINGS,
    MCP,
    QUESTION,
    RATE,
    RESPONSES,
    ROUTE,
    analysis,
    document,
)

ANY_TEXT = st.text(st.characters(blacklist_categories=()), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
TELLING = st.sampled_from(
    ["text", "content", "type", "index", "id", "model", "function", "delta", "message", "role"]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TELLING | ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
INNER = {
    CHAT: (
        {**QUESTION, "stream": True},
        {**ANSWER, "statistics": {"usage_per_model": [{"model": "a", "usage": {}}]}},
    ),
    EMBEDDINGS: ({"input": ["a", [1]]}, {"usage": {"prompt_tokens": 1}}),
    RESPONSES: (
        {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}]},
        {"id": "r", "output": [{"type": "message", "content": [{"type": "output_text", "text": "a"}]}]},
    ),
    ANTHROPIC: (
        {
            "system": [{"type": "text", "text": "a"}],
            "messages": [{"role": "user", "content": [{"type": "tool_result"}]}],
        },
        {"id": "m", "content": [{"type": "text", "text": "a"}]},
    ),
    RATE: ({"responseId": "r", "rate": True}, {}),
    MCP: ({"method": "tools/call", "params": {"name": "n"}}, {}),
    ROUTE: ({}, {}),
}
STREAM_EVENTS: list[dict[str, Any]] = [
    {
        "id": "c",
        "choices": [{"index": 0, "delta": {"content": "a", "tool_calls": [{"index": 0, "function": {}}]}}],
    },
    {"type": "response.created", "response": {"id": "r"}},
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"},
    {"type": "message_start", "message": {"id": "m"}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "message_delta", "delta": {"stop_reason": "x"}, "usage": {}},
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a document."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(found for key, item in inner for found in paths(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with another value in one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def check(lines: list[str]) -> None:
    """Every line is accounted for, none by a defect of ours, and what is written can be read."""
    found = analysis(*lines)

    assert len(found.events) + len(found.failures) + sum(found.dropped.values()) == len(lines)
    assert "unreadable_record" not in {failure.reason for failure in found.failures}
    for text in to_line_protocol(found.events, usage_per_model=True):
        parse(text).tags["deployment"].encode()
    json.dumps([event.to_dict() for event in found.events], allow_nan=False).encode()


@pytest.mark.parametrize("uri", INNER)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_json_at_any_path_of_a_record_breaks_nothing(uri: str, data: st.DataObject) -> None:
    whole = document(uri, token_usage={"prompt_tokens": 1, "price": 1, "prompt_tokens_details": {}})
    body, reply = INNER[uri]
    place = data.draw(st.sampled_from(["envelope", "body", "reply", "stream"]))
    if place == "envelope":
        whole = replaced(whole, data.draw(st.sampled_from(paths(whole)[1:])), data.draw(JSON))
    elif place == "stream":
        index = data.draw(st.integers(0, len(STREAM_EVENTS) - 1))
        event = replaced(
            STREAM_EVENTS[index], data.draw(st.sampled_from(paths(STREAM_EVENTS[index]))), data.draw(JSON)
        )
        events = [*STREAM_EVENTS[:index], event, *STREAM_EVENTS[index + 1 :]]
        whole["response"]["body"] = "".join(f"data: {json.dumps(one)}\n\n" for one in events)
    else:
        body = (
            replaced(body, data.draw(st.sampled_from(paths(body))), data.draw(JSON))
            if place == "body"
            else body
        )
        reply = (
            replaced(reply, data.draw(st.sampled_from(paths(reply))), data.draw(JSON))
            if place == "reply"
            else reply
        )
    if place != "stream":
        whole["assembled_response"] = json.dumps(reply)
    if isinstance(whole.get("request"), dict):
        whole["request"] = {"body": json.dumps(body), **whole["request"]}

    check([json.dumps(whole)])


@given(ANY_TEXT | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_for_a_line_breaks_nothing(text: str) -> None:
    check([text])


def split(data: st.DataObject, text: str) -> list[str]:
    """The text in pieces of any length."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(st.text(max_size=60), st.text(max_size=60), st.data())
def test_a_stream_in_any_pieces_gives_the_same_reply(
    content: str, arguments: str, data: st.DataObject
) -> None:
    def delta(**values: Any) -> dict[str, Any]:
        return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": values}]}

    chunks = [
        delta(
            role="assistant", content="", tool_calls=[{"index": 0, "id": "t", "function": {"arguments": ""}}]
        )
    ]
    chunks += [delta(content=piece) for piece in split(data, content)]
    chunks += [delta(tool_calls=[{"index": 0, "function": {"arguments": p}}]) for p in split(data, arguments)]
    end = data.draw(st.sampled_from(["\n\n", "\r\n\r\n", "\r\r", "\n", "\n: keep-alive\n\n"]))
    ascii_only = data.draw(st.booleans())
    stream = "".join(f"data: {json.dumps(chunk, ensure_ascii=ascii_only)}{end}" for chunk in chunks)

    reply = fold_chat(objects(stream + "data: [DONE]"))

    assert reply is not None
    message = reply["choices"][0]["message"]
    assert (message["role"], message["content"]) == ("assistant", content)
    assert message["tool_calls"] == [{"index": 0, "id": "t", "function": {"arguments": arguments}}]


@given(JSON)
def test_analysing_twice_gives_the_same_events(value: Any) -> None:
    text = json.dumps(document(deployment=value, assembled=json.dumps(value)))

    first, second = analysis(text), analysis(text)

    assert first == second
    assert to_line_protocol(first.events) == to_line_protocol(second.events)
