"""Anthropic messages: POST /anthropic/v1/messages. Tokens are what DIAL Core counted, not the reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analytics.document import get_list, get_object, get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import open_bodies, texts
from analytics.usage import read_usage

_WORDS = frozenset({"text"})
_TOOL_WORDS = frozenset({"text", "tool_result"})
_GROWS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def read(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read one exchange."""
    bodies = open_bodies(record, fold)
    usage, doubts = read_usage(record.token_usage)
    return Exchange(
        record,
        Surface.ANTHROPIC,
        deployment=record.deployment,
        model=get_str(bodies.request, "model") or record.deployment,
        response_id=get_str(bodies.reply, "id"),
        messages=tuple(_said(bodies.request)),
        reply=None if bodies.reply is None else tuple(_answered(bodies.reply)),
        request_known=bodies.request is not None,
        number_request_messages=len(get_list(bodies.request, "messages")),
        stream=(bodies.request or {}).get("stream") is True,
        usage=usage,
        facts=read_facts(bodies.request, bodies.reply, record.status, ok=record.ok),
        notes=bodies.notes + doubts,
    )


def _said(request: Mapping[str, Any] | None) -> Iterator[Message]:
    """The system prompt first, then the messages, in which a user also hands over what the tools returned."""
    for text in texts((request or {}).get("system"), _WORDS):
        yield Message("system", text)
    for message in get_objects(request, "messages"):
        role = get_str(message, "role") or "user"
        content = message.get("content")
        for block in content if isinstance(content, list) else [content]:
            tool = isinstance(block, dict) and block.get("type") == "tool_result"
            for text in texts(block if isinstance(block, str) else [block], _TOOL_WORDS):
                yield Message("tool" if tool else role, text)


def _answered(reply: Mapping[str, Any]) -> Iterator[Message]:
    for text in texts(reply.get("content"), _WORDS):
        yield Message("assistant", text)


def fold(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the message that the events build up block by block."""
    message: dict[str, Any] = {}
    blocks: dict[str, dict[str, Any]] = {}
    pieces: dict[tuple[str, str], list[str]] = {}
    for event in events:
        index = str(event.get("index"))
        kind = event.get("type")
        if kind == "message_start":
            message = dict(get_object(event, "message"))
        elif kind == "content_block_start":
            blocks[index] = dict(get_object(event, "content_block"))
        elif kind == "content_block_delta":
            _grow(blocks, pieces, index, get_object(event, "delta"))
        elif kind == "message_delta":
            message |= get_object(event, "delta")
            message["usage"] = {**get_object(message, "usage"), **get_object(event, "usage")}
    if not message and not blocks:
        return None
    for (index, key), parts in pieces.items():
        blocks[index][key] = get_str(blocks[index], key) + "".join(parts)
    return {**message, "content": list(blocks.values())}


def _grow(
    blocks: dict[str, dict[str, Any]],
    pieces: dict[tuple[str, str], list[str]],
    index: str,
    delta: Mapping[str, Any],
) -> None:
    key = _GROWS.get(get_str(delta, "type"))
    if key is not None:
        blocks.setdefault(index, {"type": "text"})
        pieces.setdefault((index, key), []).append(get_str(delta, key))
