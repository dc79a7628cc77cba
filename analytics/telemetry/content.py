"""What people said, for those who ask for it on spans: redacted and cut before it goes anywhere.

An event holds no words. Where content is wanted, a `SpokenEvent` carries it to the one sink that tells it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from analytics.event import Event
from analytics.exchange import Exchange, Message, Surface
from analytics.text import printable

REDACTED = "[redacted]"
CUT = "…"
MOST_MESSAGES = 100
# The names that the conventions have for how a message ended.
_ENDS = {"tool_calls": "tool_call", "function_call": "tool_call", "end_turn": "stop", "max_tokens": "length"}
# Those whose request is a list of messages with roles; the others were asked with a text.
_WITH_ROLES = frozenset({Surface.CHAT, Surface.RESPONSES, Surface.ANTHROPIC})

Said = Mapping[str, str]
"""Attributes with words in them."""


@dataclass(frozen=True, slots=True)
class SpokenEvent(Event):
    """An event on its way to a sink that tells what was said. Its `to_dict` is that of the event alone."""

    said: Said = field(default_factory=dict, hash=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SpokenEvent:
        """Read an event and the words beside it, if there are any."""
        event = Event.from_dict(data)
        known = {one.name: getattr(event, one.name) for one in fields(Event)}
        return cls(**known, said=dict(data.get("said", {})))


@dataclass(frozen=True, slots=True)
class Listening:
    """What is wanted of a conversation: which sides, how many characters of each, and what never."""

    prompt: bool = False
    completion: bool = False
    most_chars: int = 8192
    redact: tuple[re.Pattern[str], ...] = ()

    def __call__(self, exchange: Exchange) -> Said:
        """Give the attributes; {} where nothing is wanted, or nothing known."""
        asked = self._kept(exchange.messages) if self.prompt else ()
        answered = self._kept(exchange.reply or ()) if self.completion else ()
        return {**_prompt(asked, exchange.surface), **_completion(answered, exchange.facts.finish_reasons)}

    def _kept(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The last messages come first: they are what the call is about."""
        left, kept = self.most_chars, []
        for message in reversed(messages[-MOST_MESSAGES:]):
            if left <= 0:
                break
            text = self._redacted(printable(message.text))
            kept.append(Message(message.role, text if len(text) <= left else text[: left - 1] + CUT))
            left -= len(text)
        return tuple(reversed(kept))

    def _redacted(self, text: str) -> str:
        for pattern in self.redact:
            text = pattern.sub(REDACTED, text)
        return text


Listener = Callable[[Exchange], Said]


def _prompt(messages: Sequence[Message], surface: Surface) -> dict[str, str]:
    if not messages:
        return {}
    roles = surface in _WITH_ROLES
    lines = [f"{message.role}: {message.text}" if roles else message.text for message in messages]
    return {
        "gen_ai.input.messages": _json([_told(message) for message in messages]),
        "gen_ai.content.prompt": "\n".join(lines),
    }


def _completion(messages: Sequence[Message], ends: Sequence[str]) -> dict[str, str]:
    if not messages:
        return {}
    last = ends[-1] if ends else "stop"
    reasons = [*ends, *[last] * len(messages)]
    told = [
        {**_told(message), "finish_reason": _ENDS.get(reason, reason)}
        for message, reason in zip(messages, reasons, strict=False)
    ]
    return {"gen_ai.output.messages": _json(told), "gen_ai.completion": messages[0].text}


def _told(message: Message) -> dict[str, Any]:
    return {"role": message.role, "parts": [{"type": "text", "content": message.text}]}


def _json(value: Any) -> str:
    """As a text: backends that read messages want it so."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
