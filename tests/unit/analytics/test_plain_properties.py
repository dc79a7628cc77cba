"""The same laws for the plain OpenAI paths and for prices: no record is lost to a defect of ours."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.event import Event
from analytics.pricing import PriceBook
from analytics.pricing.file import read_prices
from analytics.surfaces.multipart import open_form
from tests.unit.analytics.lines import ANSWER, PLAIN_TOOLS, QUESTION, analysis, document, sse
from tests.unit.analytics.test_properties import JSON, paths, replaced

USAGE = {
    "prompt_tokens": 9,
    "output_tokens": 4,
    "type": "tokens",
    "cost": 0.5,
    "input_token_details": {"audio_tokens": 1, "cached_tokens": 3},
    "output_tokens_details": {"reasoning_tokens": 2},
}
ERROR = {"code": "c", "type": "t", "message": "words"}
CALLS: dict[str, tuple[Any, Any]] = {
    "/v1/chat/completions": (
        {
            **QUESTION,
            "temperature": 1,
            "n": 2,
            "response_format": {"type": "text"},
            "reasoning_effort": "low",
        },
        {**ANSWER, "model": "m", "usage": USAGE, "service_tier": "flex", "error": ERROR},
    ),
    "/v1/completions": (
        {"model": "m", "prompt": ["a", [1]], "stream": True},
        {"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}], "usage": USAGE},
    ),
    "/v1/embeddings": ({"model": "m", "input": "a"}, {"data": [{"embedding": "AAAA"}], "usage": USAGE}),
    "/v1/responses": (
        {"model": "m", "input": "a", "reasoning": {"effort": "low"}},
        {
            "object": "response",
            "status": "incomplete",
            "incomplete_details": {"reason": "x"},
            "output": [{"type": "function_call"}],
            "usage": USAGE,
        },
    ),
    "/v1/images/generations": (
        {"model": "d", "prompt": "a", "size": "s", "quality": "hd"},
        {"data": [{"revised_prompt": "a"}], "usage": USAGE},
    ),
    "/v1/audio/transcriptions": (
        {"model": "w", "prompt": "a", "language": "en"},
        {"text": "a", "duration": 3.5, "usage": {"type": "duration", "seconds": 3}},
    ),
    "/v1/audio/speech": ({"model": "s", "input": "a", "voice": "v", "speed": 1}, {"usage": USAGE}),
    "/v1/fine_tuning/jobs": (
        {"model": "m", "training_file": "f", "method": {"supervised": {"hyperparameters": {"n_epochs": 3}}}},
        {"id": "j", "status": "queued", "fine_tuned_model": None},
    ),
}
EVENTS: list[dict[str, Any]] = [
    {"id": "c", "choices": [{"index": 0, "text": "a", "delta": {"content": "a"}}]},
    {"type": "transcript.text.delta", "delta": "a"},
    {"type": "transcript.text.done", "text": "a", "usage": USAGE},
    {"type": "image_generation.completed", "b64_json": "a", "usage": USAGE},
]
PRICES = {
    "m": {"input": 1, "output": 2, "cached_input": 3, "reasoning_output": 4, "audio_input": 5},
    "d": {"images": {"hd": {"default": 1}}},
    "w": {"per_minute": 1},
    "s": {"per_1m_chars": 1, "per_request": 1},
}
TOOLS = replace(PLAIN_TOOLS, prices=PriceBook(file=read_prices({"prices": PRICES})))


def check(line: str) -> None:
    found = analysis(line, tools=TOOLS)

    assert [failure.reason for failure in found.failures] == []
    assert len(found.events) == 1
    for event in found.events:
        assert event.deployment_price >= 0
        data = json.loads(json.dumps(event.to_dict(), allow_nan=False))
        assert Event.from_dict(data) == event


@pytest.mark.parametrize("uri", CALLS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_json_at_any_path_of_a_plain_call_breaks_nothing(uri: str, data: st.DataObject) -> None:
    bodies = list(CALLS[uri])
    side = data.draw(st.sampled_from([0, 1]))
    bodies[side] = replaced(bodies[side], data.draw(st.sampled_from(paths(bodies[side]))), data.draw(JSON))

    check(json.dumps(document(uri, deployment=None, body=bodies[0], reply=json.dumps(bodies[1]))))


@pytest.mark.parametrize("uri", CALLS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_json_in_any_stream_of_a_plain_call_breaks_nothing(uri: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(EVENTS) - 1))
    event = replaced(EVENTS[index], data.draw(st.sampled_from(paths(EVENTS[index]))), data.draw(JSON))
    stream = sse(*EVENTS[:index], json.dumps(event), *EVENTS[index + 1 :])

    check(json.dumps(document(uri, deployment=None, body=CALLS[uri][0], reply=stream)))


@given(st.text(max_size=80), st.text(st.sampled_from('-X\r\n:;="namefiledispositioncontent'), max_size=120))
def test_any_text_is_a_form_or_none(start: str, rest: str) -> None:
    found = open_form(start + rest)
    begun = open_form("--X\r\n" + rest)

    assert found is None or isinstance(found, dict)
    assert begun is not None
