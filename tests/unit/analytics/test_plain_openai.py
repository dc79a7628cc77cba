"""Plain OpenAI paths, where Dev Proxy's plugin records nothing or the wrong thing (B1 to B9, B15)."""

import json
from typing import Any

import pytest

from analytics.event import Event
from analytics.exchange import Message, Surface
from analytics.record import parse
from analytics.surfaces import read
from tests.unit.analytics.lines import ANSWER, QUESTION, document, event, exchange, sse

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def plain(uri: str, **overrides: Any) -> Event:
    """An event of a call that DIAL knows nothing of."""
    return event(uri, deployment=None, chat=None, **overrides)


@pytest.mark.parametrize("prefix", ["/v1", "/openai/v1", "https://api.openai.com/v1"])
@pytest.mark.parametrize(
    ("path", "operation", "api"),
    [
        ("/chat/completions", "chat", "chat.completions"),
        ("/completions", "text_completion", "completions"),
        ("/embeddings?x=1", "embeddings", "embeddings"),
        ("/responses", "chat", "responses"),
        ("/images/generations", "generate_content", "images.generations"),
        ("/images/edits", "generate_content", "images.generations"),
        ("/audio/transcriptions", "speech_to_text", "audio.transcriptions"),
        ("/audio/translations", "speech_to_text", "audio.transcriptions"),
        ("/audio/speech", "text_to_speech", "audio.speech"),
        ("/fine_tuning/jobs", "fine_tuning", "fine_tuning.jobs"),
    ],
)
def test_the_path_alone_tells_the_operation(prefix: str, path: str, operation: str, api: str) -> None:
    found = plain(prefix + path, body={"model": "m"}, reply={"id": "1"})

    assert (found.operation, found.api, found.model, found.deployment) == (operation, api, "m", "")


@pytest.mark.parametrize(
    ("uri", "surface"),
    [
        ("/v1/chat/completions/rate", Surface.RATE),
        ("/v1/embeddings/rate", Surface.RATE),
        ("/v1/deployments/chat/completions/rate", Surface.RATE),
        ("/v1/deployments/app/route/v1/chat/completions", Surface.ROUTE),
        ("/v1/deployments/responses/mcp", Surface.MCP),
        ("/openai/deployments/v1/chat/completions", Surface.CHAT),
    ],
)
def test_the_paths_of_dial_stay_dials(uri: str, surface: Surface) -> None:
    assert exchange(uri, body={"responseId": "r", "rate": True}).surface is surface


@pytest.mark.parametrize(
    "uri",
    [
        "/v1/chat/completionss",
        "/v2/chat/completions",
        "/v1/models",
        "/v1/files",
        "/v1/fine_tuning/jobs/ftjob-1/cancel",
        "/openai/completions",
    ],
)
def test_other_paths_are_of_no_interest(uri: str) -> None:
    assert read(parse(json.dumps(document(uri)))) is None


def test_a_list_of_jobs_is_no_job() -> None:
    listed = document("/v1/fine_tuning/jobs")
    listed["request"]["method"] = "GET"

    assert read(parse(json.dumps(listed))) is None


def test_b1_a_penalty_of_a_half_is_read() -> None:
    found = plain("/v1/chat/completions", body={**QUESTION, "frequency_penalty": 0.5}, reply=ANSWER)

    assert (found.prompt_tokens, found.parameters) == (22, {"frequency_penalty": 0.5})


@pytest.mark.parametrize("given", ["a", ["a", "b"], [1, 2], [[1, 2], [3]]])
@pytest.mark.parametrize("vector", [[0.5, 1.0, 2.0], "AACAPwAAAEAAAEBA"])
def test_b2_any_input_and_any_vector_is_counted(given: Any, vector: Any) -> None:
    reply = {"data": [{"embedding": vector}, {"embedding": vector}], "usage": {"prompt_tokens": 5}}
    found = plain("/v1/embeddings", body={"model": "e", "input": given}, reply=reply)

    assert (found.prompt_tokens, found.embedding_count, found.embedding_dimension) == (5, 2, 3)


def test_b3_a_completion_with_n_is_no_image() -> None:
    body = {"model": "m", "prompt": ["Once", [1, 2]], "n": 2}
    found = plain("/v1/completions", body=body, reply={"choices": [], "usage": USAGE})

    assert (found.surface, found.number_request_messages) == (Surface.COMPLETIONS, 2)
    assert found.parameters == {"choice_count": 2}


def test_b4_a_response_with_a_string_input_is_no_embedding() -> None:
    told: dict[str, Any] = {
        "input_tokens": 8,
        "output_tokens": 5,
        "input_tokens_details": {"cached_tokens": 3},
    }
    found = plain("/openai/v1/responses", body={"model": "m", "input": "Hi"}, reply={"usage": told})

    assert (found.operation, found.prompt_tokens, found.cached_prompt_tokens) == ("chat", 8, 3)


@pytest.mark.parametrize("uri", ["/v1/images/generations", "/v1/audio/speech", "/v1/fine_tuning/jobs"])
def test_b5_without_usage_nothing_was_counted(uri: str) -> None:
    assert plain(uri, body={"model": "m"}, reply={"id": "1"}).has_usage is False


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_b6_streams_are_read_to_their_end(end: str) -> None:
    chunks = [
        {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "It "}}]},
        {"choices": [{"index": 0, "delta": {"content": "data: is"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": USAGE},
    ]
    line = {"body": {**QUESTION, "stream": True}, "reply": sse(*chunks, "[DONE]", end=end)}
    found = exchange("/v1/chat/completions", **line)

    assert found.reply == (Message("assistant", "It data: is"),)
    assert found.usage is not None
    assert (found.usage.total_tokens, found.facts.finish_reasons) == (7, ("stop",))


def test_b7_logprobs_cost_nothing() -> None:
    reply = {**ANSWER, "choices": [{"index": 0, "logprobs": {"content": [{"token": "x"}]}}]}

    assert plain("/v1/chat/completions", body=QUESTION, reply=reply).prompt_tokens == 22


FORM = (
    '--X\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF--\r\n'
    '--X\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    '--X\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nNames: Ada\r\n'
    '--X\r\nContent-Disposition: form-data; name="temperature"\r\n\r\n0.2\r\n--X--\r\n'
)


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_b8_a_form_is_read_without_its_file(line_end: str) -> None:
    form = FORM.replace("\r\n", line_end)
    found = exchange("/v1/audio/transcriptions", body=form, reply={"text": "Hello", "usage": USAGE})

    assert (found.model, found.facts.parameters) == ("whisper-1", {"temperature": 0.2})
    assert found.messages == (Message("user", "Names: Ada"),)
    assert found.reply == (Message("assistant", "Hello"),)


def test_b8_parts_that_are_no_text_harm_nothing() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "u"}}, {"type": "text", "text": "What is it?"}]
    body = {"model": "m", "messages": [{"role": "user", "content": parts}]}

    assert exchange("/v1/chat/completions", body=body).messages == (Message("user", "What is it?"),)


def test_a_transcription_in_plain_text_is_its_own_reply() -> None:
    found = exchange("/v1/audio/transcriptions", body=FORM, reply="Hello there\n")

    assert found.reply == (Message("assistant", "Hello there\n"),)


@pytest.mark.parametrize("told", [{"usage": {"type": "duration", "seconds": 12}}, {"duration": 12.0}])
def test_sound_is_counted_in_seconds_and_not_in_tokens(told: dict[str, Any]) -> None:
    found = plain("/v1/audio/transcriptions", body=FORM, reply={"text": "Hello", **told})

    assert (found.has_usage, found.answered) == (False, {"seconds": 12.0})


def test_a_streamed_transcription_is_put_together() -> None:
    ended = {
        "type": "transcript.text.done",
        "text": "Hello",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    found = exchange(
        "/v1/audio/transcriptions",
        body=FORM,
        reply=sse({"type": "transcript.text.delta", "delta": "Hel"}, ended),
    )

    assert found.reply == (Message("assistant", "Hello"),)
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens, found.stream) == (3, 4, True)


def test_b9_speech_has_no_words_in_its_reply_and_no_fault() -> None:
    found = plain("/v1/audio/speech", body={"model": "tts-1", "input": "Hi", "voice": "alloy"}, reply="ID3\0")

    assert (found.parameters, found.notes, found.ok) == ({"audio_voice": "alloy"}, (), True)


def test_b15_hyperparameters_are_read_where_they_are_today() -> None:
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": "auto"}}}
    found = plain("/v1/fine_tuning/jobs", body={"model": "m", "method": method}, reply={"status": "queued"})

    assert (found.parameters, found.answered) == ({"n_epochs": 3}, {"status": "queued"})


def test_images_are_counted() -> None:
    ended = {"type": "image_generation.completed", "b64_json": "aGk=", "usage": {"output_tokens": 9}}
    streamed = plain("/v1/images/generations", body={"model": "m", "stream": True}, reply=sse(ended))
    whole = plain("/v1/images/generations", body={"model": "m"}, reply={"data": [{"url": "u"}, {"url": "v"}]})

    assert (streamed.answered, streamed.completion_tokens) == ({"image_count": 1}, 9)
    assert whole.answered == {"image_count": 2}


def test_a_gateway_may_tell_the_price() -> None:
    reply = {**ANSWER, "usage": {"prompt_tokens": 3, "cost": 0.25}}
    found = plain("/v1/chat/completions", body=QUESTION, reply=reply)

    assert (str(found.deployment_price), found.price_source) == ("0.25", "provider")


@pytest.mark.parametrize("index", [[1], {"a": 1}, None, "x", 1.5])
def test_a_choice_with_a_nonsense_index_is_the_first(index: Any) -> None:
    chunk = {"choices": [{"index": index, "text": "upon"}]}
    found = exchange("/v1/completions", body={"model": "m", "prompt": "Once"}, reply=sse(chunk))

    assert found.reply == (Message("assistant", "upon"),)
