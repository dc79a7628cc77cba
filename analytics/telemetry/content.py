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
from analytics.exchange import Exchange, Surface
from analytics.facts import code
from analytics.telemetry.conversation import Conversation, Part, Turn, converse, texts_of
from analytics.text import printable

REDACTED = "[redacted]"
CUT = "…"
MOST_MESSAGES = 100
MOST_NAME = 128
# The names that the conventions have for how a message ended.
_ENDS = {"tool_calls": "tool_call", "function_call": "tool_call", "end_turn": "stop", "max_tokens": "length"}
_SPOKEN = frozenset({"text", "reasoning", "refusal"})
# Those whose request is a list of messages with roles; the others were asked with a text.
_WITH_ROLES = frozenset({Surface.CHAT, Surface.RESPONSES, Surface.ANTHROPIC})

Said = Mapping[str, Any]
"""Attributes with words in them: texts, and lists of texts."""


@dataclass(frozen=True, slots=True)
class SpokenEvent(Event):
    """An event on its way to a sink that tells what was said. Its `to_dict` is that of the event alone."""

    said: Said = field(default_factory=dict, hash=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SpokenEvent:
        """Read an event and the words beside it, if there are any."""
        event = Event.from_dict(data)
        known = {one.name: getattr(event, one.name) for one in fields(Event)}
        said = data.get("said", {}).items()
        return cls(**known, said={name: tuple(one) if isinstance(one, list) else one for name, one in said})


@dataclass(frozen=True, slots=True)
class Listening:
    """What is wanted of a conversation: which sides, how many characters of each, and what never."""

    prompt: bool = False
    completion: bool = False
    most_chars: int = 8192
    redact: tuple[re.Pattern[str], ...] = ()

    def __call__(self, exchange: Exchange) -> Said:
        """Give the attributes; {} where nothing is wanted, or nothing known."""
        if not (self.prompt or self.completion):
            return {}
        heard = converse(exchange)
        said = {
            **(self._prompt(heard, exchange) if self.prompt else {}),
            **(self._completion(heard, exchange) if self.completion else {}),
        }
        return {name: text for name, text in said.items() if text}

    def _prompt(self, heard: Conversation, exchange: Exchange) -> dict[str, Any]:
        rules = [part for turn in self._kept([Turn("system", heard.instructions)]) for part in turn.parts]
        lines = [
            f"{turn.role}: {part.text}" if exchange.surface in _WITH_ROLES else part.text
            for turn in self._kept(texts_of(exchange.messages))
            for part in turn.parts
        ]
        said = {
            "gen_ai.input.messages": _json([_told(turn) for turn in self._kept(heard.asked)]),
            "gen_ai.system_instructions": _json([_part(part) for part in rules]),
            "gen_ai.tool.definitions": _json([{"type": "function", "name": name} for name in heard.tools]),
            "gen_ai.request.stop_sequences": [self._cut(text, MOST_NAME) for text in heard.stops],
            "gen_ai.content.prompt": "\n".join(lines),
        }
        if exchange.surface is Surface.RESPONSES:
            said["ai.request.instructions"] = "\n".join(part.text for part in rules)
        if exchange.surface is Surface.TRANSCRIPTION:
            said["ai.request.audio.prompt"] = "\n".join(lines)
        return said

    def _completion(self, heard: Conversation, exchange: Exchange) -> dict[str, str]:
        """The plugin's name holds the first text; the failure may quote what was asked."""
        ends = exchange.facts.finish_reasons
        reasons = [*ends, *[ends[-1] if ends else "stop"] * len(heard.answered)]
        ended = [
            turn._replace(end=turn.end or end) for turn, end in zip(heard.answered, reasons, strict=False)
        ]
        told = [{**_told(turn), "finish_reason": _ENDS.get(turn.end, turn.end)} for turn in self._kept(ended)]
        said = self._kept(texts_of(exchange.reply or ()))
        first = said[0].parts[0].text if said else ""
        return {
            "gen_ai.output.messages": _json(told),
            "gen_ai.completion": first,
            "gen_ai.content.revised_prompt": first if exchange.surface is Surface.IMAGES else "",
            "error.details": self._cut(heard.failure, self.most_chars),
        }

    def _kept(self, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """The last come first: they are what the call is about. A part costs one character at least."""
        left, kept = self.most_chars, []
        for turn in reversed(turns[-MOST_MESSAGES:]):
            parts: list[Part] = []
            for part in reversed(turn.parts):
                if left <= 0:
                    break
                text = self._cut(part.text, left)
                names = {"id": self._cut(part.id, MOST_NAME), "name": self._cut(part.name, MOST_NAME)}
                parts.append(part._replace(text=text, **names))
                left -= max(1, len(text))
            if parts:
                kept.append(turn._replace(role=code(turn.role) or "user", parts=tuple(reversed(parts))))
        return tuple(reversed(kept))

    def _cut(self, text: str, most: int) -> str:
        """Redact before anything is cut, so that no half of a secret stays."""
        text = printable(text)
        for pattern in self.redact:
            text = pattern.sub(REDACTED, text)
        return text if len(text) <= most else text[: most - 1] + CUT


Listener = Callable[[Exchange], Said]


def _told(turn: Turn) -> dict[str, Any]:
    return {"role": turn.role, "parts": [_part(part) for part in turn.parts]}


def _part(part: Part) -> dict[str, Any]:
    """Give the part by the names of the conventions; of what has no words, only its kind.

    Arguments stay the text that the model wrote, which is what was redacted and cut.
    """
    if part.kind == "tool_call":
        return {"type": part.kind, "id": part.id, "name": part.name, "arguments": part.text}
    if part.kind == "tool_call_response":
        return {"type": part.kind, "id": part.id, "response": part.text}
    return {"type": part.kind, "content": part.text} if part.kind in _SPOKEN else {"type": part.kind}


def _json(value: Sequence[Any]) -> str:
    """As a text: backends that read messages want it so. Nothing is "" rather than an empty list."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
