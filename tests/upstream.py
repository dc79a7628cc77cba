"""An upstream for tests, written from the public shapes of the OpenAI and Anthropic APIs.

It remembers what it was asked, and a request chooses by its model how it is answered: `slow`, `hang`, `cut`,
`error-429` and so on. `python -m tests.upstream PORT` serves it alone.
"""

import asyncio
import base64
import json
import struct
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, Self

from aiohttp import web

from tests.servers import free_port

WORDS = ("Use", " Rust", ".")
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
PAUSE_S = 0.05
# Long streams, of which many are open at once.
LOAD_PAUSE_S = 0.5
PAUSES_S = {"slow": PAUSE_S, "load": LOAD_PAUSE_S}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    ended: str = ""


@dataclass(slots=True)
class Upstream:
    """Runs in a thread; use it as a context manager. `seen` holds all requests, oldest first."""

    port: int = field(default_factory=free_port)
    seen: list[Seen] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop, init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._runner is not None
        assert self._thread is not None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._runner = web.AppRunner(
            make_app(self.seen), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()


def make_app(seen: list[Seen] | None = None) -> web.Application:
    """The app; every request is noted in `seen`, if there is such a list."""

    async def answer(request: web.Request) -> web.StreamResponse:
        note = Seen(request.method, request.raw_path, dict(request.headers))
        if seen is not None:
            seen.append(note)
        try:
            note.body = await request.read()
            reply = await _handler(request.path)(request)
        except BaseException as error:
            note.ended = type(error).__name__
            raise
        note.ended = "answered"
        return reply

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def _handler(path: str) -> Handler:
    return next((handler for end, handler in HANDLERS.items() if path.endswith(end)), _echo)


async def _echo(request: web.Request) -> web.StreamResponse:
    headers = {"X-Request-Id": "req_1", "Connection": "X-Hop", "X-Hop": "gone"}
    reply = web.json_response({"method": request.method, "target": request.raw_path}, headers=headers)
    reply.headers.add("Set-Cookie", "a=1")
    reply.headers.add("Set-Cookie", "b=2")
    return reply


async def _json(request: web.Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await request.read())
    return found


async def _trouble(request: web.Request, model: str) -> web.StreamResponse | None:
    """What a model of such a name is known for; None for all others."""
    if model.startswith("error-"):
        status = int(model.removeprefix("error-"))
        error = {"message": "No more for today", "type": "requests", "param": None, "code": "rate_limit"}
        return web.json_response({"error": error}, status=status, headers={"Retry-After": "0"})
    if model == "hang":
        await asyncio.sleep(3600)
    if model == "slam":
        assert request.transport is not None
        request.transport.abort()
    return None


async def _chat(request: web.Request) -> web.StreamResponse:
    asked = await _json(request)
    model = asked.get("model", "gpt-4o")
    if reply := await _trouble(request, model):
        return reply
    if asked.get("stream"):
        return await _stream(request, _chat_chunks(asked), model)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(WORDS)}
    if asked.get("tools"):
        call = {"name": "weather", "arguments": '{"city":"Oslo"}'}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
    ended = "tool_calls" if asked.get("tools") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": ended, "logprobs": None}
    return web.json_response({**_chat_base("chat.completion", model), "choices": [choice], "usage": USAGE})


def _chat_base(kind: str, model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1788264000, "model": model}


def _chat_chunks(asked: dict[str, Any]) -> list[tuple[str, Any]]:
    """The events of a chat, with usage only if the request says so."""
    base = _chat_base("chat.completion.chunk", asked.get("model", "gpt-4o"))
    counted = bool((asked.get("stream_options") or {}).get("include_usage"))
    rest = {"usage": None} if counted else {}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": w} for w in WORDS)]
    chunks: list[dict[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **rest} for delta in deltas
    ]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **rest})
    if counted:
        chunks.append({**base, "choices": [], "usage": USAGE})
    return [("", chunk) for chunk in chunks] + [("", "[DONE]")]


async def _stream(request: web.Request, events: list[tuple[str, Any]], model: str) -> web.StreamResponse:
    """Server-sent events; the models `slow` and `load` take their time, `cut` never comes to an end."""
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await reply.prepare(request)
    for number, (name, event) in enumerate(events):
        if model == "cut" and number == 2:
            assert request.transport is not None
            request.transport.close()
            return reply
        if model == "hang-later" and number == 2:
            await asyncio.sleep(3600)
        data = event if isinstance(event, str) else json.dumps(event, separators=(",", ":"))
        head = f"event: {name}\n" if name else ""
        await reply.write(f"{head}data: {data}\n\n".encode())
        if model in PAUSES_S:
            await asyncio.sleep(PAUSES_S[model])
    await reply.write_eof()
    return reply


async def _responses(request: web.Request) -> web.StreamResponse:
    asked = await _json(request)
    model = asked.get("model", "gpt-5")
    if reply := await _trouble(request, model):
        return reply
    content: list[dict[str, Any]] = [{"type": "output_text", "text": "".join(WORDS), "annotations": []}]
    item = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }
    usage = {
        "input_tokens": 12,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 15,
    }
    whole: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1788264000,
        "status": "completed",
        "model": model,
        "output": [item],
        "usage": usage,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if not asked.get("stream"):
        return web.json_response(whole)
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    events += [{"type": "response.output_text.delta", "delta": word, **place} for word in WORDS]
    events.append({"type": "response.completed", "response": whole})
    numbered = [(e["type"], {**e, "sequence_number": n}) for n, e in enumerate(events)]
    return await _stream(request, numbered, model)


async def _messages(request: web.Request) -> web.StreamResponse:
    asked = await _json(request)
    model = asked.get("model", "claude-sonnet-4")
    if model.startswith("error-"):
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return web.json_response(error, status=int(model.removeprefix("error-")))
    usage = {
        "input_tokens": 12,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 2,
        "output_tokens": 3,
    }
    block = {"type": "text", "text": "".join(WORDS)}
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [block],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    if not asked.get("stream"):
        return web.json_response(whole)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for word in WORDS:
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 3}})
    events.append({"type": "message_stop"})
    return await _stream(request, [(event["type"], event) for event in events], model)


async def _embeddings(request: web.Request) -> web.StreamResponse:
    asked = await _json(request)
    vector = [0.25, -0.5, 1.0]
    packed = base64.b64encode(struct.pack("<3f", *vector)).decode()
    value = packed if asked.get("encoding_format") == "base64" else vector
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = [{"object": "embedding", "index": n, "embedding": value} for n, _ in enumerate(texts)]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return web.json_response({"object": "list", "model": asked["model"], "data": data, "usage": usage})


async def _images(request: web.Request) -> web.StreamResponse:
    picture = {"b64_json": base64.b64encode(b"\x89PNG").decode(), "revised_prompt": "A red fox"}
    return web.json_response({"created": 1788264000, "data": [picture]})


async def _transcription(request: web.Request) -> web.StreamResponse:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form: dict[str, bytes] = {}
    for part in message_from_bytes(head + await request.read()).walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(content, bytes):
            form[str(name)] = content
    text = f"{len(form['file'])} bytes of {form['model'].decode()}"
    return web.json_response({"text": text, "usage": {"type": "duration", "seconds": 7}})


HANDLERS: dict[str, Handler] = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/messages": _messages,
    "/embeddings": _embeddings,
    "/images/generations": _images,
    "/audio/transcriptions": _transcription,
}


if __name__ == "__main__":
    web.run_app(
        make_app(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=lambda *_: None,
        handler_cancellation=True,
    )
