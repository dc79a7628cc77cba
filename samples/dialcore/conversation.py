"""The hand-written conversations: `conversations/LANGUAGE[-group].yaml`, one list of conversations a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "conversations"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the assistant called before it answered."""

    name: str
    arguments: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer, with what happened in between."""

    user: str
    assistant: str
    thinking: str = ""
    image: str = ""
    rate: str = ""
    tool: Tool | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as it stands in its file; empty strings mean "choose for me"."""

    id: str
    language: str
    topic: str
    turns: tuple[Turn, ...]
    how: str = "chat"
    by: str = ""
    to: str = ""
    prompt: str = ""
    stream: bool | None = None
    fails: str = ""
    quirks: frozenset[str] = frozenset()


def load_conversations(folder: Path = FOLDER) -> list[Conversation]:
    """Read all conversations, in the order of their files."""
    return [
        _conversation(path.stem.partition("-")[0], item)
        for path in sorted(folder.glob("*.yaml"))
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _conversation(language: str, item: dict[str, Any]) -> Conversation:
    known = {key: value for key, value in item.items() if key not in {"turns", "quirks"}}
    return Conversation(
        language=language,
        turns=tuple(_turn(turn) for turn in item["turns"]),
        quirks=frozenset(item.get("quirks", ())),
        **known,
    )


def _turn(item: dict[str, Any]) -> Turn:
    known = {key: value for key, value in item.items() if key not in {"tool", "sources"}}
    tool = Tool(**item["tool"]) if "tool" in item else None
    return Turn(tool=tool, sources=tuple(item.get("sources", ())), **known)
