"""The Responses API."""

from __future__ import annotations

from collections.abc import Sequence

from samples.dialcore.dialect import Answer, Json, Said, named_events, pieces
from samples.dialcore.line import compact
from samples.dialcore.usage import Usage


class Responses:
    """Items in, items out; a single question goes in as a plain string."""

    prefix = "resp_"

    def uri(self, deployment: str) -> str:  # noqa: ARG002  the deployment stands in the body
        """Return the path."""
        return "/openai/v1/responses"

    def question(self, text: str, image: str) -> Json:
        """Return a user item."""
        parts: list[Json] = [{"type": "input_text", "text": text}]
        if image:
            parts.append({"type": "input_image", "image_url": image})
        return {"role": "user", "content": parts}

    def said(self, said: Said) -> list[Json]:
        """Return the output items, which are input items of the next request."""
        return _output(said)

    def result(self, said: Said) -> Json:
        """Return what the called function gave."""
        output = said.tool.result if said.tool else ""
        return {"type": "function_call_output", "call_id": said.call_id, "output": output}

    def body(self, model: str, system: str, items: Sequence[Json], *, stream: bool) -> Json:
        """Return the request."""
        opening = {"instructions": system} if system else {}
        streaming = {"stream": True} if stream else {}
        return {"model": model, **streaming, **opening, "input": _input(items), "store": False}

    def reply(self, answer: Answer) -> Json:
        """Return a completed response."""
        head = {"id": answer.id, "object": "response", "created_at": answer.created, "status": "completed"}
        return head | {"model": answer.model, "output": _output(answer.said), "usage": _usage(answer.usage)}

    def stream(self, answer: Answer) -> str:
        """Return the events from response.created to response.completed."""
        whole = self.reply(answer)
        opened = whole | {"status": "in_progress", "output": [], "usage": None}
        deltas = [
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": piece}
            for piece in pieces(answer.said.text)
        ]
        created = {"type": "response.created", "response": opened}
        completed = {"type": "response.completed", "response": whole}
        return named_events([created, *deltas, completed])


def _input(items: Sequence[Json]) -> str | list[Json]:
    if len(items) == 1 and len(items[0]["content"]) == 1:
        return str(items[0]["content"][0]["text"])
    return [*items]


def _output(said: Said) -> list[Json]:
    output: list[Json] = []
    if said.thinking:
        summary = [{"type": "summary_text", "text": said.thinking}]
        output.append({"type": "reasoning", "summary": summary})
    if said.tool:
        call = {"call_id": said.call_id, "name": said.tool.name, "arguments": compact(said.tool.arguments)}
        output.append({"type": "function_call", **call})
    else:
        content = [{"type": "output_text", "text": said.text, "annotations": []}]
        output.append({"type": "message", "role": "assistant", "content": content})
    return output


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    }
