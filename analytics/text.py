"""Which words of an exchange are looked at, and how much of them.

A conversation grows with every turn, but what is looked at does not: both texts have a fixed length at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from analytics.exchange import Exchange, Message

LANGUAGE_CHARS = 100
"""Of the last request and of the reply each. More makes a detector slower, not surer: see docs/topics.md."""

TOPIC_CHARS = 1000
"""What a sentence embedding reads; later words would be cut off anyway."""

_PASTED_CHARS = 300
"""Of each piece of code or JSON: its beginning tells what it is."""

_REPLY_CHARS = 150
_NO_QUESTION = 15
_FEW_LETTERS = 60
_SHORT_QUESTION = 100
"""Letters. Under the second a question leans on the ones before it, under the third the reply helps to tell
its subject; under the first it is "Hi!", whose reply says nothing. Measured: docs/adr/0007."""

_QUESTIONS = 3
_LETTERS_OF_A_SIGN = 2.5
_FIRST_DENSE_SIGN = "\u2e80"
"""Chinese, Japanese and Korean say as much in one sign as others in some letters."""

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
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_JSON = re.compile(r"[\[{]\s{0,9}[\[{\"]")

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
    """Give the user's last question as it is; one that cannot stand alone with what it leans on.

    Never the system prompt, which is the same in all conversations of an application, nor what tools return.
    """
    replied = next(_pieces(exchange.reply or ()), "")
    text = ""
    for question in islice(_pieces(_asked(exchange.messages)), _QUESTIONS):
        text = _joined(text, question)
        if _letters(text) >= _FEW_LETTERS:
            break
    if not text:
        return replied[:TOPIC_CHARS]
    short = _NO_QUESTION <= _letters(text) < _SHORT_QUESTION
    return _joined(text, replied[:_REPLY_CHARS]) if short and replied else text


def plain(text: str) -> str:
    """Give the words of a text that have a language, with single spaces."""
    text = _ends(text, _LOOKED_AT)
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


def _asked(messages: Sequence[Message]) -> Iterator[Message]:
    return (message for message in reversed(messages) if message.role not in _NOT_ASKED)


def _pieces(messages: Iterable[Message]) -> Iterator[str]:
    """Give texts with single spaces, cut in their middle: a question is before or after a paste."""
    for message in messages:
        text = _without_pastes(_ends(message.text, _LOOKED_AT))
        if piece := _ends(" ".join(text.split()), TOPIC_CHARS):
            yield piece


def _without_pastes(text: str) -> str:
    """Keep the beginning of fenced code, and of JSON, which reaches from its first bracket to its last."""
    if "```" in text:
        text = _FENCED.sub(lambda found: found[0][:_PASTED_CHARS], text)
    start = _JSON.search(text)
    if not start:
        return text
    kept, end = start.start() + _PASTED_CHARS, max(text.rfind("]"), text.rfind("}")) + 1
    return f"{text[:kept]} {text[end:]}" if kept < end else text


def _joined(text: str, more: str) -> str:
    return f"{text}\n\n{more}"[:TOPIC_CHARS] if text else more


def _letters(text: str) -> float:
    """Count letters, as far as it matters."""
    letters = [char for char in text[: 2 * _SHORT_QUESTION] if char.isalpha()]
    dense = sum(char >= _FIRST_DENSE_SIGN for char in letters)
    return len(letters) + (_LETTERS_OF_A_SIGN - 1) * dense


def _last_said(messages: Iterable[Message]) -> Iterator[Message]:
    """The latest first; what tools returned, or the application prescribed, only if there is nothing else."""
    latest = list(messages)[::-1]
    yield from (message for message in latest if message.role not in _NOT_ASKED)
    yield from (message for message in latest if message.role in _NOT_ASKED)


def _ends(text: str, most: int) -> str:
    half = most // 2
    return text if len(text) <= most else f"{text[: half - 1]} {text[-half:]}"
