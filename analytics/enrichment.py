"""Labels: in which language and about which topic people talked; one call of the model for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from analytics.exchange import Exchange
from analytics.language import UNDEFINED, Detector
from analytics.text import language_text, printable, topic_text


class TopicModel(Protocol):
    """Names topics. What it raises goes through: a model that fails is no fault of the records."""

    def __call__(self, texts: Sequence[str], /) -> list[str]:
        """Give one name for each text, "undefined" when there is none; [] for []."""
        ...


@dataclass(frozen=True, slots=True)
class Labels:
    """The topic is "" when nobody asked for it: then `analytics` has no such tag."""

    language: str = UNDEFINED
    topic: str = ""


def label(exchanges: Sequence[Exchange], detector: Detector, topics: TopicModel) -> list[Labels]:
    """Give the labels of each exchange. Equal texts are asked once."""
    subjects = [_subject(exchange) for exchange in exchanges]
    asked = list(dict.fromkeys(text for text in subjects if text))
    names = dict(zip(asked, topics(asked) if asked else [], strict=True))
    return [
        Labels(_language(exchange, detector), names.get(text, UNDEFINED) if exchange.conversation else "")
        for exchange, text in zip(exchanges, subjects, strict=True)
    ]


def _subject(exchange: Exchange) -> str:
    return printable(topic_text(exchange)) if exchange.conversation else ""


def _language(exchange: Exchange, detector: Detector) -> str:
    """The contract wants both sides of the conversation known before it names a language."""
    if not exchange.conversation or not exchange.request_known or exchange.reply is None:
        return UNDEFINED
    text = printable(language_text(exchange))
    return (detector(text) if text else "") or UNDEFINED
