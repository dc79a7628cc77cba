"""The Anthropic Messages API."""

from __future__ import annotations

from collections.abc import Sequence

from samples.dialcore.dialect import Answer, Json, Said, named_events, pieces
from samples.dialcore.line import compact
from samples.dialcore.usage import Usage


class Anthropic:
    """Messages of content blocks; thinking is a block of its own."""

    prefix = "msg_01"

    def uri(self, deployment: str) -> str:  # noqa: ARG002  the deployment stands in the body
        """Return the path."""
        return "/anthropic/v1/messages"

    def question(self, text: str, image: str) -> Json:
        """Return a user message, in blocks when there is an image."""
        if not image:
            return {"role": "user", "content": text}
        source = {"type": "url", "url": image}
        return {
            "role": "user",
            "content": [{"type": "image", "source": source}, {"type": "text", "text": text}],
        }

    def said(self, said: Said) -> list[Json]:
        """Return an assistant message."""
        return [{"role": "assistant", "content": _blocks(said)}]

    def result(self, said: Said) -> Json:
        """Return the tool's result, which is a user message here."""
        text = said.tool.result if said.tool else ""
        inner = [{"type": "text", "text": text}]
        block = {"type": "tool_result", "tool_use_id": said.call_id, "content": inner}
        return {"role": "user", "content": [block]}

    def body(self, model: str, system: str, items: Sequence[Json], *, stream: bool) -> Json:
        """Return the request; the system prompt is marked for the cache."""
        marked = {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}
        opening = {"system": [marked]} if system else {}
        streaming = {"stream": True} if stream else {}
        return {"model": model, "max_tokens": 2048, **streaming, **opening, "messages": [*items]}

    def reply(self, answer: Answer) -> Json:
        """Return a message."""
        head = {"id": answer.id, "type": "message", "role": "assistant", "model": answer.model}
        return head | {
            "content": _blocks(answer.said),
            "stop_reason": _stop(answer.said),
            "stop_sequence": None,
            "usage": _usage(answer.usage),
        }

    def stream(self, answer: Answer) -> str:
        """Return the events from message_start to message_stop."""
        opened = self.reply(answer) | {"content": [], "stop_reason": None}
        events: list[Json] = [{"type": "message_start", "message": opened}]
        for index, block in enumerate(_blocks(answer.said)):
            events += _block_events(index, block)
        ended = {"stop_reason": _stop(answer.said), "stop_sequence": None}
        output = {"output_tokens": answer.usage.completion}
        events.append({"type": "message_delta", "delta": ended, "usage": output})
        return named_events([*events, {"type": "message_stop"}])


def _blocks(said: Said) -> list[Json]:
    blocks: list[Json] = []
    if said.thinking:
        blocks.append({"type": "thinking", "thinking": said.thinking, "signature": "c2lnbmF0dXJl"})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    if said.tool:
        arguments = dict(said.tool.arguments)
        blocks.append({"type": "tool_use", "id": said.call_id, "name": said.tool.name, "input": arguments})
    return blocks


def _block_events(index: int, block: Json) -> list[Json]:
    kind = block["type"]
    key = {"thinking": "thinking", "text": "text", "tool_use": "input"}[kind]
    empty = block | {key: {} if kind == "tool_use" else ""}
    if kind == "tool_use":
        deltas = [
            {"type": "input_json_delta", "partial_json": piece} for piece in pieces(compact(block[key]))
        ]
    else:
        deltas = [{"type": f"{kind}_delta", key: piece} for piece in pieces(block[key])]
    return [
        {"type": "content_block_start", "index": index, "content_block": empty},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _stop(said: Said) -> str:
    return "tool_use" if said.tool else "end_turn"


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt - usage.cached - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }
