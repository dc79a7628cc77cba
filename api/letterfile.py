"""Dead letters as a file: one JSON object a line, with what the letter holds. It may hold people's words."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from workers.letters import DeadLetter
from workers.payload import pack, unpack

STREAM = "-"
_KINDS = {
    "id": str,
    "task": str,
    "sink": str,
    "reason": str,
    "attempts": int,
    "created": float,
    "buried": float,
    "records": int,
    "error": str,
    "kept": str,
}


class LetterFileError(Exception):
    """A line that is no dead letter; the text tells which one."""


@contextmanager
def written(name: str) -> Iterator[IO[str]]:
    """A new file that nobody else may read; `-` is standard output."""
    if name == STREAM:
        yield sys.stdout
        return
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        yield stream


def line(letter: DeadLetter) -> str:
    """Pure ASCII, so that half an emoji survives any editor and any pipe."""
    facts = asdict(letter)
    payload = facts.pop("payload")
    del facts["locked"]
    return json.dumps(facts | {"items": unpack(payload) if payload else []})


def read(name: str) -> Iterator[DeadLetter]:
    """The letters of a file; raises LetterFileError at the first line that holds none."""
    if name == STREAM:
        yield from _letters(sys.stdin)
        return
    with Path(name).open(encoding="utf-8") as stream:
        yield from _letters(stream)


def _letters(lines: Iterable[str]) -> Iterator[DeadLetter]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            yield _letter(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise LetterFileError(f"line {number} is no dead letter") from None


def _letter(document: dict[str, Any]) -> DeadLetter:
    items = document["items"]
    if not isinstance(items, list):
        raise TypeError("items")
    facts: dict[str, Any] = {name: kind(document[name]) for name, kind in _KINDS.items()}
    return DeadLetter(**facts, payload=pack(items) if items else b"")
