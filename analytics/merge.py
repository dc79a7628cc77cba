"""Folds the chunks of a chat completion into the reply that a call without streaming would have given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from analytics.document import get_object, get_objects

_JOINED = ("content", "refusal", "reasoning_content", "arguments")
_KEPT_FROM_LAST = ("id", "created", "usage", "statistics", "error", "service_tier")
_KEPT_FROM_FIRST = ("model", "system_fingerprint")


def fold_chat(chunks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give one chat completion; None when there was no chunk."""
    if not chunks:
        return None
    reply: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for key in _KEPT_FROM_LAST:
            if chunk.get(key):
                reply[key] = chunk[key]
        for key in _KEPT_FROM_FIRST:
            if chunk.get(key):
                reply.setdefault(key, chunk[key])
        for choice in get_objects(chunk, "choices"):
            _add_choice(choices, choice)
    reply["choices"] = [_settled(choices[index]) for index in sorted(choices)]
    return reply


def _add_choice(choices: dict[int, dict[str, Any]], delta: Mapping[str, Any]) -> None:
    index = index_of(delta, 0)
    choice = choices.setdefault(index, {"index": index, "finish_reason": None, "message": {}})
    if delta.get("finish_reason") is not None:
        choice["finish_reason"] = delta["finish_reason"]
    _add_message(choice["message"], get_object(delta, "delta") or get_object(delta, "message"))


def _add_message(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for key, value in delta.items():
        if key == "tool_calls":
            calls = message.setdefault(key, {})
            for call in get_objects(delta, key):
                _add_tool_call(calls, call)
        else:
            _add_value(message, key, value)


def _add_tool_call(calls: dict[int, dict[str, Any]], delta: Mapping[str, Any]) -> None:
    """Without an index a piece belongs to the last call, unless it brings an id of its own."""
    latest = next(reversed(calls), -1)
    index = index_of(delta, latest + 1 if delta.get("id") or latest < 0 else latest)
    call = calls.setdefault(index, {"index": index, "function": {}})
    for key, value in delta.items():
        if key == "function":
            for name, part in get_object(delta, key).items():
                _add_value(call["function"], name, part)
        elif key != "index":
            _add_value(call, key, value)


def _add_value(target: dict[str, Any], key: str, value: Any) -> None:
    """Text grows, in a buffer, as adding strings takes quadratic time; else the last value not null stays."""
    if key in _JOINED and isinstance(value, str):
        buffer = target.get(key)
        if not isinstance(buffer, StringIO):
            buffer = target[key] = StringIO()
        buffer.write(value)
    elif value is not None or key not in target:
        target[key] = value


def _settled(choice: dict[str, Any]) -> dict[str, Any]:
    """Turn the buffers into text and the numbered tool calls into a list."""
    message = _texts(choice["message"])
    if "tool_calls" in message:
        calls = message["tool_calls"]
        message["tool_calls"] = [
            {**calls[i], "function": _texts(calls[i]["function"])} for i in sorted(calls)
        ]
    return {**choice, "message": message}


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.getvalue() if isinstance(value, StringIO) else value for key, value in values.items()}


def index_of(data: Mapping[str, Any], otherwise: int) -> int:
    """Give the number of a choice or of a tool call."""
    value = data.get("index")
    return value if type(value) is int else otherwise
