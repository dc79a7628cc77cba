"""Payloads come back exactly as they went in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.payload import pack, unpack

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(anything))
def test_whatever_json_can_say_comes_back(items: list[Any]) -> None:
    assert unpack(pack(items)) == items


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()))))
def test_whatever_lines_hold_comes_back(lines: list[str]) -> None:
    assert unpack(pack(lines)) == lines


@pytest.mark.parametrize("text", ["\ud83d", "half \ud83d and \ude00 half", "a\x00b\x1f", "日本語 😀", ""])
def test_broken_and_foreign_texts_come_back(text: str) -> None:
    assert unpack(pack([text])) == [text]


def test_the_same_items_make_the_same_payload() -> None:
    assert pack([{"a": 1}, "b"]) == pack([{"a": 1}, "b"])


def test_a_batch_of_chat_logs_shrinks() -> None:
    assert len(pack(['{"request": {"uri": "/openai/deployments/gpt-4o/chat/completions"}}'] * 100)) < 500
