"""Who said what in which parts: beside texts also calls of tools, what they gave back, thoughts and refusals.

Reads the bodies once more, as an exchange keeps texts only. It is asked for on spans alone, and there rarely.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from analytics.document import as_object, get_list, get_object, get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import code
from analytics.merge import fold_chat
from analytics.surfaces import anthropic, responses
from analytics.surfaces.bodies import Fold, open_bodies, texts

MOST_TOOLS = 128
MOST_STOPS = 16
_WORDS = frozenset({"text", "input_text", "output_text", "tool_result", "summary_text"})
_MEDIA = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
}
_FOLDS: dict[Surface, Fold] = {
    Surface.CHAT: fold_chat,
    Surface.RESPONSES: responses.fold,
    Surface.ANTHROPIC: anthropic.fold,
}


class Part(NamedTuple):
    """A piece of a message. `text` is its words, the arguments of a call, or what the tool gave back."""

    kind: str
    text: str = ""
    id: str = ""
    name: str = ""


class Turn(NamedTuple):
    """A message: who said it, its parts, and how it ended where that is told."""

    role: str
    parts: tuple[Part, ...]
    end: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked for, with what at hand, what came back, and why nothing did."""

    asked: tuple[Turn, ...] = ()
    answered: tuple[Turn, ...] = ()
    instructions: tuple[Part, ...] = ()
    tools: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    """Where the answer was to stop."""
    failure: str = ""


def converse(exchange: Exchange) -> Conversation:
    """Read the parts of the bodies; where those are none of messages, the texts of the exchange are all."""
    record, fold = exchange.record, _FOLDS.get(exchange.surface)
    bodies = open_bodies(record, fold) if fold else None
    request = bodies.request if bodies else as_object(record.request_body)
    reply = bodies.reply if bodies else as_object(record.assembled_response or record.response_body)
    asked = _turns(_ASKED.get(exchange.surface, _nothing)(request or {}))
    answered = _turns(_ANSWERED.get(exchange.surface, _nothing)(reply or {}))
    return Conversation(
        asked=asked or texts_of(exchange.messages),
        answered=answered or texts_of(exchange.reply or ()),
        instructions=_instructions(request or {}),
        tools=tuple(_tools(request or {})),
        stops=tuple(_stops(request or {})),
        failure=_failure(reply),
    )


def _turns(turns: Iterator[Turn]) -> tuple[Turn, ...]:
    return tuple(turn for turn in turns if turn.parts)


def texts_of(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """Give the texts alone, as the exchange has them."""
    return tuple(Turn(message.role, (Part("text", message.text),)) for message in messages)


def _nothing(_body: Mapping[str, Any]) -> Iterator[Turn]:
    return iter(())


def _messages(request: Mapping[str, Any]) -> Iterator[Turn]:
    """Give the messages of a chat. What tools gave back is the word of a tool, whoever hands it over."""
    for message in get_objects(request, "messages"):
        parts = tuple(_parts(message))
        given_back = parts and all(part.kind == "tool_call_response" for part in parts)
        yield Turn("tool" if given_back else get_str(message, "role") or "user", parts)


def _choices(reply: Mapping[str, Any]) -> Iterator[Turn]:
    for choice in get_objects(reply, "choices"):
        message = get_object(choice, "message") or get_object(choice, "delta")
        yield Turn("assistant", tuple(_parts(message)), code(choice.get("finish_reason")))


def _whole(reply: Mapping[str, Any]) -> Iterator[Turn]:
    yield Turn("assistant", tuple(_content(reply.get("content"))))


def _input(request: Mapping[str, Any]) -> Iterator[Turn]:
    if text := get_str(request, "input"):
        yield Turn("user", (Part("text", text),))
    for item in get_objects(request, "input"):
        yield Turn(_ROLES.get(get_str(item, "type")) or get_str(item, "role") or "user", tuple(_item(item)))


def _output(reply: Mapping[str, Any]) -> Iterator[Turn]:
    yield Turn("assistant", tuple(part for item in get_objects(reply, "output") for part in _item(item)))


_ROLES = {"function_call": "assistant", "function_call_output": "tool", "reasoning": "assistant"}
_Reader = Callable[[Mapping[str, Any]], Iterator[Turn]]
_ASKED: dict[Surface, _Reader] = {
    Surface.CHAT: _messages,
    Surface.ANTHROPIC: _messages,
    Surface.RESPONSES: _input,
}
_ANSWERED: dict[Surface, _Reader] = {
    Surface.CHAT: _choices,
    Surface.ANTHROPIC: _whole,
    Surface.RESPONSES: _output,
}


def _parts(message: Mapping[str, Any]) -> Iterator[Part]:
    """Give the parts of a message of a chat."""
    if thought := get_str(message, "reasoning_content"):
        yield Part("reasoning", thought)
    content = message.get("content")
    if get_str(message, "role") in {"tool", "function"}:
        yield Part("tool_call_response", "\n".join(texts(content, _WORDS)), get_str(message, "tool_call_id"))
    else:
        yield from _content(content)
    if refused := get_str(message, "refusal"):
        yield Part("refusal", refused)
    for call in get_objects(message, "tool_calls"):
        function = get_object(call, "function")
        yield Part(
            "tool_call", get_str(function, "arguments"), get_str(call, "id"), get_str(function, "name")
        )
    if called := get_object(message, "function_call"):
        yield Part("tool_call", get_str(called, "arguments"), "", get_str(called, "name"))


def _item(item: Mapping[str, Any]) -> Iterator[Part]:
    """Give the parts of an item of the Responses API."""
    kind, call = get_str(item, "type"), get_str(item, "call_id")
    if kind == "function_call":
        yield Part("tool_call", get_str(item, "arguments"), call, get_str(item, "name"))
    elif kind == "function_call_output":
        yield Part("tool_call_response", "\n".join(texts(item.get("output"), _WORDS)), call)
    elif kind == "reasoning":
        yield from (Part("reasoning", text) for text in texts(item.get("summary"), _WORDS))
    else:
        yield from _content(item.get("content"))


def _content(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield from _block(block)


def _block(block: Mapping[str, Any]) -> Iterator[Part]:
    """Of images and the like, only that they were there."""
    kind = get_str(block, "type")
    if kind == "thinking":
        yield Part("reasoning", get_str(block, "thinking"))
    elif kind == "refusal":
        yield Part("refusal", get_str(block, "refusal"))
    elif kind == "tool_use":
        given = get_str(block, "partial_json") or _written(block.get("input", {}))
        yield Part("tool_call", given, get_str(block, "id"), get_str(block, "name"))
    elif kind == "tool_result":
        told = "\n".join(texts(block.get("content"), _WORDS))
        yield Part("tool_call_response", told, get_str(block, "tool_use_id"))
    elif kind in _MEDIA:
        yield Part(_MEDIA[kind])
    else:
        yield from (Part("text", text) for text in texts([block], _WORDS))


def _written(value: Any) -> str:
    """As JSON; of what is nested too deep for that, nothing."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def _instructions(request: Mapping[str, Any]) -> tuple[Part, ...]:
    """Give those that stand beside the messages: of the Responses API and of Anthropic's."""
    given = [text for name in ("instructions", "system") for text in texts(request.get(name), _WORDS)]
    return tuple(Part("text", text) for text in given)


def _tools(request: Mapping[str, Any]) -> Iterator[str]:
    for tool in get_objects(request, "tools")[:MOST_TOOLS]:
        name = code(get_str(tool, "name") or get_str(get_object(tool, "function"), "name"))
        if name:
            yield name


def _stops(request: Mapping[str, Any]) -> Iterator[str]:
    for name in ("stop", "stop_sequences"):
        if text := get_str(request, name):
            yield text
        yield from (text for text in get_list(request, name)[:MOST_STOPS] if isinstance(text, str))


def _failure(reply: Mapping[str, Any] | None) -> str:
    """Say what the error said; it may quote the request."""
    return get_str(get_object(reply, "error"), "message") or get_str(reply, "error")
