"""The Chat Completions API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from samples.dialcore.dialect import Answer, Json, Said, pieces
from samples.dialcore.line import compact

API_VERSION = "2024-10-21"


class Chat:
    """Chat completions: messages in, choices out."""

    prefix = "chatcmpl-"

    def uri(self, deployment: str) -> str:
        """Return path and query."""
        return f"/openai/deployments/{deployment}/chat/completions?api-version={API_VERSION}"

    def question(self, text: str, image: str) -> Json:
        """Return a user message, in parts when there is an image."""
        if not image:
            return {"role": "user", "content": text}
        parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": image}}]
        return {"role": "user", "content": parts}

    def said(self, said: Said) -> list[Json]:
        """Return an assistant message."""
        return [_message(said)]

    def result(self, said: Said) -> Json:
        """Return a tool message."""
        return {
            "role": "tool",
            "tool_call_id": said.call_id,
            "content": said.tool.result if said.tool else "",
        }

    def body(self, model: str, system: str, items: Sequence[Json], *, stream: bool) -> Json:
        """Return the request."""
        opening = [{"role": "system", "content": system}] if system else []
        streaming = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        return {"model": model, **streaming, "messages": [*opening, *items]}

    def reply(self, answer: Answer) -> Json:
        """Return a chat.completion."""
        choice = {"index": 0, "finish_reason": _finish(answer.said), "message": _message(answer.said)}
        return _frame(answer, "chat.completion", choice) | {"usage": answer.usage.chat()} | dict(answer.extra)

    def stream(self, answer: Answer) -> str:
        """Return chunks: the role, the words, the reason to stop with the usage."""
        chunks = [
            _frame(answer, "chat.completion.chunk", {"index": 0, "delta": delta, "finish_reason": None})
            for delta in _deltas(answer.said)
        ]
        last = {"index": 0, "delta": {}, "finish_reason": _finish(answer.said)}
        end = (
            _frame(answer, "chat.completion.chunk", last)
            | {"usage": answer.usage.chat()}
            | dict(answer.extra)
        )
        return "".join(f"data: {compact(chunk)}\n\n" for chunk in [*chunks, end]) + "data: [DONE]\n\n"


def with_delta(reply: Json) -> Json:
    """Return the reply as cores before 0.22.1 assembled it: `delta` where now stands `message`."""
    choices = [
        {("delta" if key == "message" else key): value for key, value in choice.items()}
        for choice in reply["choices"]
    ]
    return reply | {"choices": choices}


def _frame(answer: Answer, kind: str, choice: Json) -> Json:
    head = {"id": answer.id, "object": kind, "created": answer.created, "model": answer.model}
    return head | {"choices": [choice]}


def _finish(said: Said) -> str:
    return "tool_calls" if said.tool else "stop"


def _message(said: Said) -> Json:
    if said.tool is None:
        return {"role": "assistant", "content": said.text}
    return {"role": "assistant", "content": None, "tool_calls": [_tool_call(said)]}


def _tool_call(said: Said) -> Json:
    arguments = compact(said.tool.arguments) if said.tool else "{}"
    name = said.tool.name if said.tool else ""
    return {"id": said.call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _deltas(said: Said) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if said.tool else ""}
    if said.tool is None:
        yield from ({"content": piece} for piece in pieces(said.text))
        return
    call = _tool_call(said)
    arguments = call["function"]["arguments"]
    half = len(arguments) // 2
    opened = call["function"] | {"arguments": arguments[:half]}
    yield {"tool_calls": [{"index": 0, **call, "function": opened}]}
    yield {"tool_calls": [{"index": 0, "function": {"arguments": arguments[half:]}}]}
