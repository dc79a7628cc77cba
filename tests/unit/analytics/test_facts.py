"""What telemetry tells of a call beside tokens: parameters, ends and errors, and never a word of anybody."""

import json
from typing import Any

import pytest

from analytics.event import Event, without_secrets
from tests.unit.analytics.lines import ANSWER, EMBEDDINGS, MCP, QUESTION, RESPONSES, event, sse


def test_parameters_are_kept_by_their_types() -> None:
    asked = {"temperature": 1, "presence_penalty": 0.5, "seed": 7, "n": 2, "reasoning_effort": "low"}
    found = event(body={**QUESTION, **asked, "max_completion_tokens": 9}, assembled=ANSWER)

    assert found.parameters == {
        "temperature": 1.0,
        "presence_penalty": 0.5,
        "seed": 7,
        "choice_count": 2,
        "reasoning_level": "low",
        "max_tokens": 9,
    }


def test_a_parameter_of_the_wrong_type_costs_itself_only() -> None:
    wrong = {"temperature": "hot", "seed": 1.5, "n": True, "top_p": 0.1, "service_tier": "two words"}

    assert event(body={**QUESTION, **wrong}).parameters == {"top_p": 0.1}


def test_models_of_request_and_reply_are_told_apart() -> None:
    found = event(body=QUESTION, assembled={**ANSWER, "model": "gpt-4o-2024-08-06"})

    assert (found.request_model, found.response_model) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (found.operation, found.api) == ("chat", "chat.completions")


def test_an_event_with_facts_survives_json() -> None:
    found = event(body={**QUESTION, "temperature": 0.5}, assembled={**ANSWER, "service_tier": "flex"})

    assert found.answered == {"service_tier": "flex"}
    assert Event.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_nobody_counted_is_not_zero() -> None:
    assert event(body=QUESTION, assembled={"choices": []}).has_usage is False
    found = event(body=QUESTION, assembled=ANSWER)
    assert (found.has_usage, found.total_tokens) == (True, 31)


def test_each_choice_has_its_end() -> None:
    choices = [{"index": 0, "finish_reason": "stop"}, {"index": 1, "finish_reason": "length"}]

    assert event(body=QUESTION, assembled={**ANSWER, "choices": choices}).finish_reasons == ("stop", "length")


def test_a_stream_without_an_end_was_cut() -> None:
    cut = sse({"id": "c", "choices": [{"index": 0, "delta": {"content": "It"}}]})

    assert event(body={**QUESTION, "stream": True}, reply=cut).finish_reasons == ("error",)


@pytest.mark.parametrize(
    ("reply", "status", "expected"),
    [
        ({"error": {"code": "content_filter", "type": "x"}}, "400", "content_filter"),
        ({"error": {"type": "invalid_request_error", "message": "words"}}, "400", "invalid_request_error"),
        ({"error": {"code": 429}}, "429", "429"),
        ("Bad Gateway", "502", "502"),
        ({"error": {"message": "words of somebody"}}, "200", "_OTHER"),
        (ANSWER, "200", ""),
    ],
)
def test_an_error_is_named_by_its_code(reply: Any, status: str, expected: str) -> None:
    assert event(body=QUESTION, reply=reply, status=status).error_type == expected


def test_the_end_of_a_response_is_its_status() -> None:
    done = {
        "object": "response",
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
    }

    assert event(RESPONSES, body={"input": "Hi"}, assembled=done).finish_reasons == ("length",)


def test_b16_the_values_of_a_query_are_left_out() -> None:
    found = event(EMBEDDINGS + "?api-version=2024&api-key=secret")

    assert found.url == EMBEDDINGS + "?api-version=&api-key="
    assert without_secrets("https://me:secret@host/v1?a#b=c") == "https://host/v1?a="


def test_times_and_status_are_numbers_when_they_are_known() -> None:
    found = event(operation_duration_ms=250, status="404")

    assert found.http_status == 404
    assert found.end_time_ns == found.time_ns + 250_000_000
    assert (event(status="none").http_status, event().end_time_ns) == (None, None)


def test_only_what_was_used_up_can_be_unpriced() -> None:
    assert event(body=QUESTION, assembled=ANSWER).unpriced
    assert event("/v1/images/generations", body={"model": "m"}, reply={"data": [{}]}).unpriced
    assert not event(body=QUESTION, assembled=ANSWER, status="500").unpriced
    assert not event(body=QUESTION, assembled=ANSWER, token_usage={"price": 0}).unpriced
    assert not event("/v1/fine_tuning/jobs", body={"model": "m"}, reply={"id": "j"}).unpriced


def test_what_asks_no_model_has_no_operation() -> None:
    assert event(MCP).operation == ""
