"""Event streams, and the folding of chat chunks."""

import pytest

from analytics.merge import fold_chat
from analytics.sse import is_stream, objects, payloads


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_three_line_ends_are_known(end: str) -> None:
    text = end.join(["data: one", "", "data: two", ""])

    assert list(payloads(text)) == ["one", "two"]


def test_other_separators_of_unicode_end_no_line() -> None:
    assert list(payloads("data: a\u2028b\x0bc\x85d\n\n")) == ["a\u2028b\x0bc\x85d"]


def test_one_space_after_the_colon_is_no_part_of_the_data() -> None:
    assert list(payloads("data:a\n\ndata: b\n\ndata:  c\n\n")) == ["a", "b", " c"]


def test_lines_of_one_event_belong_together() -> None:
    assert list(payloads('data: {"a":\ndata: 1}\n\n')) == ['{"a":\n1}']
    assert objects('data: {"a":\ndata: 1}\n\n') == [{"a": 1}]


def test_comments_names_and_ids_are_passed_over() -> None:
    assert list(payloads(": keep-alive\n\nevent: x\nid: 7\nretry: 5\ndata: a\nunknown\n\n")) == ["a"]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert list(payloads("\ufeffdata: a\n\n")) == ["a"]


def test_the_last_event_needs_no_blank_line() -> None:
    assert list(payloads("data: a\n\ndata: b")) == ["a", "b"]


def test_chunks_one_newline_apart_are_chunks() -> None:
    assert objects('data: {"a": 1}\ndata: {"a": "data: 2"}\ndata: [DONE]\n') == [{"a": 1}, {"a": "data: 2"}]


def test_a_cut_chunk_and_the_end_mark_are_passed_over() -> None:
    assert objects('data: {"a": 1}\n\ndata: [DONE]\n\ndata: {"a": 2}\n\ndata: {"a": >>') == [
        {"a": 1},
        {"a": 2},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: {}", True),
        ("\n\n data: x", True),
        ("event: ping\ndata: {}", True),
        (": hi\n\ndata: {}", True),
        ("{}", False),
        ("", False),
        (None, False),
        ("whatever", False),
        ("database: x", False),
    ],
)
def test_a_stream_is_known_by_its_beginning(text: str | None, expected: bool) -> None:
    assert is_stream(text) is expected


def test_nothing_folds_to_nothing() -> None:
    assert fold_chat([]) is None


def test_a_chunk_without_choices_is_ignored_but_for_its_usage() -> None:
    reply = fold_chat(
        [{"choices": [{"delta": {"content": "a"}}]}, {"choices": [], "usage": {"prompt_tokens": 1}}]
    )

    assert reply is not None
    assert reply["usage"] == {"prompt_tokens": 1}
    assert reply["choices"] == [{"index": 0, "finish_reason": None, "message": {"content": "a"}}]


def test_choices_are_folded_by_their_index() -> None:
    chunks = [
        {"choices": [{"index": index, "delta": {"content": text}}]}
        for index, text in ((1, "b"), (0, "a"), (1, "B"))
    ]

    reply = fold_chat([*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}])

    assert reply is not None
    assert [choice["message"]["content"] for choice in reply["choices"]] == ["a", "bB"]
    assert reply["choices"][0]["finish_reason"] == "stop"


def test_arguments_of_tool_calls_grow_by_index() -> None:
    pieces = [
        {"index": 0, "id": "c0", "type": "function", "function": {"name": "look", "arguments": '{"a"'}},
        {"index": 1, "id": "c1", "function": {"name": "ask", "arguments": ""}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ]

    reply = fold_chat([{"choices": [{"delta": {"tool_calls": [piece]}}]} for piece in pieces])

    assert reply is not None
    assert reply["choices"][0]["message"]["tool_calls"] == [
        {"index": 0, "id": "c0", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}},
        {"index": 1, "id": "c1", "function": {"name": "ask", "arguments": ""}},
    ]


def test_tool_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    pieces = [
        {"id": "c0", "function": {"arguments": "1"}},
        {"function": {"arguments": "2"}},
        {"id": "c1", "function": {"arguments": "3"}},
    ]

    reply = fold_chat([{"choices": [{"delta": {"tool_calls": [piece]}}]} for piece in pieces])

    assert reply is not None
    calls = reply["choices"][0]["message"]["tool_calls"]
    assert [(call["id"], call["function"]["arguments"]) for call in calls] == [("c0", "12"), ("c1", "3")]


def test_the_model_is_the_first_one_named_and_the_id_the_last() -> None:
    reply = fold_chat([{"id": "", "model": ""}, {"id": "a", "model": "m1"}, {"id": "b", "model": "m2"}])

    assert reply is not None
    assert (reply["id"], reply["model"]) == ("b", "m1")


def test_a_long_stream_takes_linear_time() -> None:
    reply = fold_chat([{"choices": [{"delta": {"content": "word " * 10}}]}] * 40_000)

    assert reply is not None
    assert len(reply["choices"][0]["message"]["content"]) == 2_000_000
