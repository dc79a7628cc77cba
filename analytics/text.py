"""Which words of an exchange are looked at, and how much of them.

A conversation grows with every turn, but what is looked at does not: both texts have a fixed length at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analytics.exchange import Exchange, Message

LANGUAGE_CHARS = 100
"""Of the last request and of the reply each. More makes a detector slower, not surer: see docs/topics.md."""

TOPIC_CHARS = 1000
"""What a sentence embedding reads; later words would be cut off anyway."""

_QUESTION_CHARS = 700
_LOOKED_AT = 4000
"""Characters searched for code and the like, half from each end: a question is before or after a paste."""

_INSTRUCTIONS = frozenset({"system", "developer"})
_NOT_ASKED = _INSTRUCTIONS | {"tool", "function", "assistant"}

_CODE = re.compile(
    r"```.*?(?:```|\Z)"  # fenced, also when its end was cut off
    r"|`[^`\n]+`"  # inline
    r"|<[a-zA-Z/!][^<>]*>"  # markup
    r"|[\[{][ \t]*[\[{\"][^\n]*[\]}]"  # JSON on one line
    r"|^[ \t]*(?:[\[{]|[\]}],?|\"[^\"\n]*\"[ \t]*:[^\n]*)[ \t]*$",  # JSON on several lines
    re.DOTALL | re.MULTILINE,
)
_CODE_SIGNS = re.compile(r"[`<\[{]")
_NO_WORD = re.compile(r"[_/\\@\d]|\w-\w+-\w")
"""Addresses, paths, numbers, snake_case and kebab-case-names."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def language_text(exchange: Exchange) -> str:
    """Give the last words that somebody said, and the reply; code, JSON and addresses have no language."""
    said = next((text for message in _last_said(exchange.messages) if (text := plain(message.text))), "")
    replied = next((text for message in exchange.reply or () if (text := plain(message.text))), "")
    return "\n\n".join(text[:LANGUAGE_CHARS] for text in (said, replied) if text)


def topic_text(exchange: Exchange) -> str:
    """Give the user's own questions, the last one first, then the beginning of the reply.

    Not the system prompt, which is the same in every conversation of an application, nor what tools returned.
    """
    text = ""
    for piece in _topic_pieces(exchange):
        room = min(TOPIC_CHARS - len(text), _QUESTION_CHARS)
        text = f"{text}\n\n{piece[:room]}" if text else piece[:room]
        if len(text) >= TOPIC_CHARS:
            break
    return text[:TOPIC_CHARS]


def plain(text: str) -> str:
    """Give the words of a text that have a language, with single spaces."""
    text = _ends(text)
    if _CODE_SIGNS.search(text):
        text = _CODE.sub(" ", text)
    words = text.split()
    if _NO_WORD.search(text):
        # Scripts without spaces have sentences for words, so only ASCII is taken for an address or a name.
        words = [word for word in words if not (word.isascii() and _NO_WORD.search(word))]
    return " ".join(words)


def printable(text: str) -> str:
    """Give a text that every store and every model takes: no lone surrogates, no NUL."""
    return _UNSTORABLE.sub("\ufffd", text)


def _topic_pieces(exchange: Exchange) -> Iterator[str]:
    """A question that is nothing but code is still about something."""
    asked = [message for message in reversed(exchange.messages) if message.role not in _NOT_ASKED]
    for message in (*asked, *(exchange.reply or ())):
        piece = plain(message.text) or " ".join(_ends(message.text).split())
        if piece:
            yield piece


def _last_said(messages: Iterable[Message]) -> Iterator[Message]:
    """The latest first; what tools returned, or the application prescribed, only if there is nothing else."""
    latest = list(messages)[::-1]
    yield from (message for message in latest if message.role not in _NOT_ASKED)
    yield from (message for message in latest if message.role in _NOT_ASKED)


def _ends(text: str) -> str:
    half = _LOOKED_AT // 2
    return text if len(text) <= _LOOKED_AT else f"{text[:half]} {text[-half:]}"
