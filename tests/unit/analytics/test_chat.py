"""Chat completions."""

from typing import Any

import pytest

from analytics.exchange import Message, Usage
from tests.unit.analytics.lines import ANSWER, QUESTION, exchange, sse


def chunk(**delta: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-7", "model": "gpt", "choices": [{"index": 0, "delta": delta}]}


def test_request_and_answer_are_read() -> None:
    found = exchange(body=QUESTION, assembled=ANSWER)

    assert (found.model, found.response_id, found.number_request_messages) == ("gpt-4o", "chatcmpl-7", 1)
    assert found.messages == (Message("user", "What is the best language?"),)
    assert found.reply == (Message("assistant", "It depends on the task."),)
    assert found.usage == Usage(prompt_tokens=22, completion_tokens=9)
    assert not found.stream


def test_what_core_counted_beats_what_the_answer_says() -> None:
    found = exchange(body=QUESTION, assembled=ANSWER, token_usage={"prompt_tokens": 1})

    assert found.usage == Usage(prompt_tokens=1)


def test_an_empty_token_usage_counts_as_none() -> None:
    assert exchange(body=QUESTION, assembled=ANSWER, token_usage={}).usage == Usage(22, 9)


def test_old_cores_left_the_message_under_delta() -> None:
    reply = {"choices": [{"delta": {"content": "Hello"}}]}

    assert exchange(assembled=reply).reply == (Message("assistant", "Hello"),)


@pytest.mark.parametrize("assembled", [None, "", "{}", "not JSON", "[1, 2", "[]", "5"])
def test_a_stream_that_core_did_not_assemble_is_folded(assembled: str | None) -> None:
    body = sse(chunk(role="assistant", content="Use "), chunk(content="Rust."), "[DONE]")

    found = exchange(body={**QUESTION, "stream": True}, reply=body, assembled=assembled)

    assert found.reply == (Message("assistant", "Use Rust."),)
    assert found.response_id == "chatcmpl-7"
    assert found.stream


def test_a_stream_left_raw_in_assembled_response_is_folded() -> None:
    cut = sse(chunk(content="Use "), chunk(content="Rust.")) + 'data: {"id":"chatcmpl-7","cho>>'

    assert exchange(assembled=cut).reply == (Message("assistant", "Use Rust."),)


def test_parts_have_text_only_where_they_are_text() -> None:
    content = [
        {"type": "text", "text": "first"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text"},
        {"type": "text", "text": 5},
        "loose",
        {"type": "text", "text": "second"},
    ]

    found = exchange(body={"messages": [{"role": "user", "content": content}]})

    assert [message.text for message in found.messages] == ["first", "second"]


def test_messages_without_content_count_but_say_nothing() -> None:
    messages = [{"role": "assistant", "content": None, "tool_calls": []}, {"role": "user"}, 7, None]

    found = exchange(body={"messages": messages})

    assert (found.number_request_messages, found.messages) == (4, ())


def test_cut_bodies_leave_notes_and_the_rest_of_the_record() -> None:
    found = exchange(body='{"model": "gpt-4>>', assembled='{"id": "chat>>', token_usage={"prompt_tokens": 3})

    assert found.notes == ("cut_request_body", "cut_response_body")
    assert (found.model, found.usage, found.reply) == ("gpt-4o", Usage(prompt_tokens=3), None)


def test_unreadable_bodies_leave_notes() -> None:
    assert exchange(body="hello", reply="whatever").notes == (
        "unreadable_request_body",
        "unreadable_response_body",
    )


def test_secured_keys_log_no_bodies_and_need_no_notes() -> None:
    found = exchange(token_usage={"prompt_tokens": 3})

    assert (found.request_known, found.reply, found.notes) == (False, None, ())


@pytest.mark.parametrize(
    "body", [{"model": 5}, {"model": None}, {"messages": {}}, {"messages": "x"}, [], "null"]
)
def test_fields_of_the_wrong_type_fall_back(body: Any) -> None:
    found = exchange(body=body)

    assert (found.model, found.messages, found.number_request_messages) == ("gpt-4o", (), 0)


def test_models_behind_an_application_are_told_apart() -> None:
    statistics = {
        "usage_per_model": [
            {"model": "a", "usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}}},
            {"model": "b", "prompt_tokens": 2, "completion_tokens": 3},
            {"model": "a", "prompt_tokens": 4},
            "noise",
        ]
    }
    first, second = exchange(assembled={**ANSWER, "statistics": statistics}).per_model

    assert (first.model, first.prompt_tokens, first.cached_prompt_tokens) == ("a", 5, 1)
    assert (second.model, second.prompt_tokens, second.completion_tokens) == ("b", 2, 3)


def test_models_are_not_told_apart_where_core_counted() -> None:
    statistics = {"usage_per_model": [{"model": "a", "prompt_tokens": 1}]}

    found = exchange(assembled={**ANSWER, "statistics": statistics}, token_usage={"prompt_tokens": 9})

    assert found.per_model == ()
