"""The defects of Dev Proxy's OpenAITelemetryPlugin, one after the other: what it gets wrong is right here.

Each docstring says what the plugin makes of the call. Those about money are in `test_plugin_costs.py`.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry.told import (
    CHAT,
    CHUNKS,
    EMBED,
    GPT_4O,
    LEGACY,
    RESPONSES,
    USAGE,
    tell,
    tell_golden,
)
from tests.unit.analytics.lines import ANSWER, QUESTION, sse


@pytest.mark.parametrize("name", ["frequency_penalty", "presence_penalty"])
def test_b01_a_penalty_need_not_be_whole(name: str) -> None:
    """Plugin: the request is not recognised at all."""
    told = tell(CHAT, body={**QUESTION, name: 0.5}, reply=ANSWER)

    assert told.attributes[f"gen_ai.request.{name}"] == 0.5
    assert told.tokens == {"input": 22, "output": 9}


@pytest.mark.parametrize("given", ["a", ["a", "b"], [1, 2], [[1, 2], [3]]])
@pytest.mark.parametrize("vector", [[0.5, 1.0, 2.0], "AACAPwAAAEAAAEBA"])
def test_b02_embeddings_come_as_lists_and_as_base64(given: Any, vector: Any) -> None:
    """Plugin: lists are not recognised; a base64 vector, the default of openai-python, loses the usage."""
    reply = {"data": [{"embedding": vector}] * 2, "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    told = tell(EMBED, {"e": {"input": 2, "output": 0}}, body={"model": "e", "input": given}, reply=reply)

    assert told.tokens == {"input": 5}
    assert told.attributes["gen_ai.usage.cost"] == 0.00001
    assert (told.attributes["ai.embedding.count"], told.attributes["ai.embedding.dimensions"]) == (2, 3)


def test_b03_a_completion_of_several_prompts_is_no_image() -> None:
    """Plugin: not recognised; with `n` it becomes a request for images."""
    told = tell(LEGACY, body={"model": "m", "prompt": ["Once", "Then"], "n": 2}, reply={"usage": USAGE})

    assert told.attributes["gen_ai.operation.name"] == "text_completion"
    assert told.attributes["gen_ai.request.choice.count"] == 2
    assert "ai.request.image.count" not in told.attributes


def test_b04_a_response_to_a_string_is_no_embedding() -> None:
    """Plugin: an embedding, its cached tokens are billed in full, and `max_completion_tokens` is ignored."""
    usage = {"input_tokens": 1000, "output_tokens": 200, "input_tokens_details": {"cached_tokens": 400}}
    told = tell(
        RESPONSES,
        {"m": {**GPT_4O, "cached_input": 1.25}},
        body={"model": "m", "input": "Hi"},
        reply={"usage": usage},
    )

    assert told.attributes["gen_ai.operation.name"] == "chat"
    assert told.attributes["gen_ai.usage.cache_read.input_tokens"] == 400
    assert told.attributes["gen_ai.usage.cost"] == 0.004
    assert (
        tell(CHAT, body={**QUESTION, "max_completion_tokens": 9}).attributes["gen_ai.request.max_tokens"] == 9
    )


@pytest.mark.parametrize(
    ("uri", "body", "reply"),
    [
        (CHAT, {**QUESTION, "stream": True}, sse(*CHUNKS, "[DONE]")),
        ("/v1/images/generations", {"model": "m", "prompt": "A cat"}, {"data": []}),
        ("/v1/audio/transcriptions", {"model": "m"}, {"text": "Hello"}),
        ("/v1/fine_tuning/jobs", {"model": "m"}, {"status": "queued"}),
    ],
    ids=["stream", "image", "audio", "fine-tuning"],
)
def test_b05_what_nobody_counted_is_not_zero(uri: str, body: dict[str, Any], reply: Any) -> None:
    """Plugin: the histogram of tokens gets two points of 0."""
    told = tell(uri, body=body, reply=reply)

    assert told.metrics == {}
    assert not [name for name in told.attributes if name.startswith("gen_ai.usage")]


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_b06_a_stream_is_read_from_its_first_chunk_to_its_last(end: str) -> None:
    """Plugin: the last chunk only, without content, and only where lines end with LF."""
    stream = sse(*CHUNKS, {"choices": [], "usage": USAGE}, "[DONE]", end=end)
    told = tell(CHAT, body={**QUESTION, "stream": True}, reply=stream)

    assert told.attributes["gen_ai.completion"] == "It depends."
    assert told.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert told.tokens == {"input": 3, "output": 4}


def test_b07_a_reply_may_hold_logprobs() -> None:
    """Plugin: the response fails as a whole."""
    choice = {
        "index": 0,
        "message": {"content": "x"},
        "logprobs": {"content": [{"token": "x", "logprob": -1}]},
    }

    assert tell(CHAT, body=QUESTION, reply={**ANSWER, "choices": [choice]}).tokens == {
        "input": 22,
        "output": 9,
    }


def test_b08_a_transcription_is_a_form() -> None:
    """Plugin: never recognised, although there is no other way to ask for one."""
    told = tell_golden("transcription/form")

    assert told.attributes["gen_ai.operation.name"] == "speech_to_text"
    assert told.attributes["gen_ai.request.model"]


def test_b08_a_prompt_of_parts_is_told_in_words() -> None:
    """Plugin: `System.Object[]`."""
    told = tell_golden("chat/tool_results_and_images")

    assert [part["type"] for part in told.words("gen_ai.input.messages")[0]["parts"]] == ["text", "image"]
    prompt = str(told.attributes["gen_ai.content.prompt"])
    assert "user: Welche Blume ist auf diesem Bild zu sehen?" in prompt
    assert "System.Object" not in prompt


def test_b09_speech_is_told_of() -> None:
    """Plugin: its handler of the response throws."""
    told = tell_golden("speech/sound")

    assert (told.attributes["gen_ai.operation.name"], told.span.error) == ("text_to_speech", "")


def test_b14_a_failed_call_has_failed() -> None:
    """Plugin: status UNSET, and `error.type` is `http` for everything."""
    told = tell_golden("images/error_400")

    assert told.span.error == told.attributes["error.type"] != "http"
    assert told.attributes["error.message"] == "HTTP 400"
    assert told.attributes["http.response.status_code"] == 400


def test_b14_a_call_without_an_answer_is_told_of() -> None:
    """Plugin: never exported."""
    told = tell(CHAT, body=QUESTION, status="", response={})

    assert told.span.error
    assert told.attributes["gen_ai.request.model"] == "gpt-4o"


def test_b15_every_choice_is_told_with_tools_refusals_and_thoughts() -> None:
    """Plugin: the first choice only, and of that the text."""
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [{"content": "a", "reasoning_content": "Hm."}, {"refusal": "No."}, {"tool_calls": [call]}]
    ends = ("stop", "length", "tool_calls")
    choices = [
        {"index": n, "message": message, "finish_reason": end}
        for n, (message, end) in enumerate(zip(messages, ends, strict=True))
    ]
    told = tell(CHAT, body={**QUESTION, "n": 3}, reply={**ANSWER, "choices": choices})

    assert told.attributes["gen_ai.response.finish_reasons"] == ends
    answers = told.words("gen_ai.output.messages")
    assert [[part["type"] for part in answer["parts"]] for answer in answers] == [
        ["reasoning", "text"],
        ["refusal"],
        ["tool_call"],
    ]


def test_b15_hyperparameters_are_read_where_they_are_today() -> None:
    """Plugin: only at the top level, where OpenAI has not had them for long."""
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": 8}}}
    told = tell("/v1/fine_tuning/jobs", body={"model": "m", "method": method}, reply={"status": "queued"})

    assert told.attributes["gen_ai.request.fine_tune_n_epochs"] == 3
    assert told.attributes["gen_ai.request.fine_tune_batch_size"] == 8


def test_b16_a_query_keeps_its_secrets() -> None:
    """Plugin: the whole query stands in `http.url` and `http.target`."""
    told = tell(f"https://user:pass@api.example{CHAT}?api-key=swordfish&sig=sw%20ord", body=QUESTION)

    assert told.attributes["http.url"] == f"https://api.example{CHAT}?api-key=&sig="
    assert told.attributes["http.target"] == f"{CHAT}?api-key=&sig="
    assert not re.search("swordfish|sw%20ord|pass", str(told))


@pytest.mark.parametrize(
    ("uri", "body"),
    [(CHAT, QUESTION), (EMBED, {"model": "e", "input": "x"}), (LEGACY, {"model": "m", "prompt": "Once"})],
)
def test_b18_an_operation_has_one_name_on_spans_and_in_metrics(uri: str, body: dict[str, Any]) -> None:
    """Plugin: `chat.completions` on the one and `chat` in the other, `completions` and `completion`."""
    told = tell(uri, body=body, reply={**ANSWER, "usage": USAGE})

    (name,) = {
        point.attributes["gen_ai.operation.name"] for one in told.metrics.values() for point in one.points
    }
    assert name == told.attributes["gen_ai.operation.name"]


def test_none_of_the_eighteen_is_missing() -> None:
    written = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_plugin_*.py"))

    assert {int(number) for number in re.findall(r"def test_b(\d\d)_", written)} == set(range(1, 19))
