"""Labels of a batch."""

from collections.abc import Sequence
from typing import Any

import pytest

from analytics.enrichment import Labels, label
from analytics.exchange import Exchange
from tests.unit.analytics.lines import ANSWER, MCP, QUESTION, RESPONSES, english, exchange


class Recorder:
    """A topic model that remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[str]:
        self.calls.append(list(texts))
        return [f"topic {number}" for number in range(len(texts))]


def talk(**overrides: Any) -> Exchange:
    return exchange(**{"body": QUESTION, "assembled": ANSWER, **overrides})


def test_a_batch_is_one_call_with_equal_texts_once() -> None:
    topics = Recorder()
    other = talk(body={"messages": [{"role": "user", "content": "Another question"}]})

    labels = label([talk(), talk(), other, talk()], english, topics)

    assert [len(call) for call in topics.calls] == [2]
    assert [one.topic for one in labels] == ["topic 0", "topic 0", "topic 1", "topic 0"]
    assert {one.language for one in labels} == {"en"}


def test_without_words_nobody_is_asked() -> None:
    topics = Recorder()

    labels = label([talk(body=None, assembled=None), exchange(MCP), exchange(RESPONSES)], english, topics)

    assert topics.calls == []
    assert labels == [
        Labels("undefined", "undefined"),
        Labels("undefined", ""),
        Labels("undefined", "undefined"),
    ]
    assert label([], english, topics) == []


def test_without_a_conversation_there_is_neither() -> None:
    topics = Recorder()

    assert label([talk(chat={"id": ""})], english, topics) == [Labels("undefined", "")]
    assert topics.calls == []


def test_a_language_needs_both_sides_a_topic_one() -> None:
    assert label([talk(assembled=None)], english, Recorder()) == [Labels("undefined", "topic 0")]
    assert label([talk(body=None)], english, Recorder()) == [Labels("undefined", "topic 0")]


def test_calls_that_failed_have_no_labels() -> None:
    assert label([talk(status="500")], english, Recorder()) == [Labels("undefined", "")]


def test_a_model_that_fails_is_no_fault_of_the_records() -> None:
    def broken(_texts: Sequence[str]) -> list[str]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        label([talk()], english, broken)


def test_models_get_texts_that_they_can_read() -> None:
    topics = Recorder()

    label([talk(body={"messages": [{"role": "user", "content": "a\ud800b\0c"}]})], english, topics)

    assert topics.calls[0][0].startswith("a\ufffdb\ufffdc")
