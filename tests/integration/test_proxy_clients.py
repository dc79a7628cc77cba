"""The official clients of OpenAI and Anthropic do not notice the proxy: same answers, errors and retries."""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from openai.types.chat import ChatCompletionToolParam

from tests.integration.proxied import ProxyProcess
from tests.upstream import Upstream

pytestmark = pytest.mark.integration

ANSWER = "Use Rust."
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """Without Redis: that is nothing a caller could notice."""
    settings = {"PROXY_UPSTREAM_URL": upstream.url, "PROXY_READ_TIMEOUT_SECONDS": "1"}
    process = ProxyProcess(tmp_path_factory.mktemp("proxy"), **settings)
    yield process.up()
    process.kill()


@pytest.fixture
def client(proxy: ProxyProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{proxy.url}/openai/v1", api_key="sk-caller", max_retries=0) as client:
        yield client


@pytest.fixture
def claude(proxy: ProxyProcess) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=f"{proxy.url}/anthropic", api_key="sk-caller", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, **more: Any) -> Any:
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Which language?"}], **more}
    return client.chat.completions.create(**asked)


def test_a_chat(upstream: Upstream, client: openai.OpenAI) -> None:
    reply = ask(client)

    assert reply.choices[0].message.content == ANSWER
    assert reply.usage.total_tokens == 15
    assert upstream.seen[-1].headers["Authorization"] == "Bearer sk-caller"


def test_a_chat_as_a_stream(client: openai.OpenAI) -> None:
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == ANSWER
    assert chunks[-1].usage.completion_tokens == 3


def test_a_stream_that_is_closed_early(upstream: Upstream, client: openai.OpenAI) -> None:
    with ask(client, model="slow", stream=True) as stream:
        next(iter(stream))

    assert ask(client).choices[0].message.content == ANSWER


def test_tools(client: openai.OpenAI) -> None:
    reply = ask(client, tools=[WEATHER])

    assert reply.choices[0].finish_reason == "tool_calls"
    assert reply.choices[0].message.tool_calls[0].function.arguments == '{"city":"Oslo"}'


def test_azures_client(proxy: ProxyProcess) -> None:
    azure = openai.AzureOpenAI(
        base_url=f"{proxy.url}/openai/deployments/gpt-4o", api_key="sk-caller", api_version="2024-10-21"
    )
    with azure:
        assert ask(azure).choices[0].message.content == ANSWER


def test_responses(client: openai.OpenAI) -> None:
    reply = client.responses.create(model="gpt-5", input="Hi")
    assert reply.output_text == ANSWER

    events = list(client.responses.create(model="gpt-5", input="Hi", stream=True))
    assert [event.type for event in events][-1] == "response.completed"


def test_embeddings_in_base64(upstream: Upstream, client: openai.OpenAI) -> None:
    """The client asks for base64 by itself and unpacks it."""
    reply = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])

    assert [list(one.embedding) for one in reply.data] == [[0.25, -0.5, 1.0]] * 2
    assert b"base64" in upstream.seen[-1].body


def test_an_image(client: openai.OpenAI) -> None:
    reply = client.images.generate(model="gpt-image-1", prompt="A fox")

    assert reply.data
    assert reply.data[0].b64_json == "iVBORw=="


def test_a_transcription_of_an_upload(client: openai.OpenAI) -> None:
    sound = io.BytesIO(b"\0\xff" * 400_000)
    sound.name = "a.wav"

    reply = client.audio.transcriptions.create(model="whisper-1", file=sound)

    assert reply.text == "800000 bytes of whisper-1"


def test_an_error_is_the_upstreams(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        ask(client, model="error-429")

    assert raised.value.code == "rate_limit"


def test_an_error_of_the_proxy_is_one_that_the_client_knows(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        ask(client, model="hang")

    assert (raised.value.status_code, raised.value.code) == (504, "upstream_timeout")


def test_the_clients_retries_reach_the_upstream(upstream: Upstream, client: openai.OpenAI) -> None:
    before = len(upstream.seen)
    with pytest.raises(openai.InternalServerError):
        ask(client.with_options(max_retries=1), model="error-503")

    assert [seen.headers["x-stainless-retry-count"] for seen in upstream.seen[before:]] == ["0", "1"]


def test_many_streams_at_once(proxy: ProxyProcess) -> None:
    async def one(client: openai.AsyncOpenAI) -> str:
        messages: Any = [{"role": "user", "content": "Which language?"}]
        stream = await client.chat.completions.create(model="slow", messages=messages, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{proxy.url}/openai/v1", api_key="sk-caller") as client:
            return await asyncio.gather(*(one(client) for _ in range(40)))

    assert asyncio.run(all_of_them()) == [ANSWER] * 40


def test_claude(upstream: Upstream, claude: anthropic.Anthropic) -> None:
    asked: Any = {"model": "claude-sonnet-4", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
    reply = claude.messages.create(**asked)

    assert reply.content[0].to_dict()["text"] == ANSWER
    assert "sk-caller" in str(upstream.seen[-1].headers)

    with claude.messages.stream(**asked) as stream:
        assert stream.get_final_text() == ANSWER
        assert stream.get_final_message().usage.output_tokens == 3


def test_an_error_of_claude(claude: anthropic.Anthropic) -> None:
    asked: Any = {"model": "error-529", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
    with pytest.raises(anthropic.APIStatusError) as raised:
        claude.messages.create(**asked)

    assert raised.value.status_code == 529
