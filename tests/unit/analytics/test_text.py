"""Which words are looked at, and how many."""

import pytest

from analytics.exchange import Exchange
from analytics.text import LANGUAGE_CHARS, TOPIC_CHARS, language_text, plain, printable, topic_text
from tests.unit.analytics.lines import exchange


def talk(*messages: tuple[str, str], reply: str = "") -> Exchange:
    body = {"messages": [{"role": role, "content": text} for role, text in messages]}
    return exchange(body=body, assembled={"id": "x", "choices": [{"message": {"content": reply}}]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Two\n\twords ", "Two words"),
        ("Fix this: ```python\nfor x in y:\n    print(x)\n``` please", "Fix this: please"),
        ("cut off ```\nfor x in", "cut off"),
        ("the `name` of it", "the of it"),
        ("see https://example.com/a?b=c now", "see now"),
        ("mail jane@example.com today", "mail today"),
        ("<b>bold</b> move", "bold move"),
        ('why {"a": [1, {"b": "c"}]} fails', "why fails"),
        ('{\n  "name": "value",\n  "other": 1\n}', ""),
        ("in snake_case and kebab-case-names, 42 times", "in and times"),
        ("a well-known word", "a well-known word"),
        ("2024年北京天气怎么样", "2024年北京天气怎么样"),
    ],
)
def test_what_has_no_language_is_left_out(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_the_language_is_that_of_the_last_question_and_its_reply() -> None:
    found = talk(
        ("system", "You are"), ("user", "First"), ("assistant", "Then"), ("user", " Last "), reply="Reply"
    )

    assert language_text(found) == "Last\n\nReply"


def test_tool_output_speaks_only_when_nobody_else_does() -> None:
    assert (
        language_text(talk(("user", "Question"), ("tool", "Ergebnis"), reply="Reply")) == "Question\n\nReply"
    )
    assert language_text(talk(("tool", "Ergebnis"), reply="Reply")) == "Ergebnis\n\nReply"


def test_a_question_of_nothing_but_code_leaves_the_one_before() -> None:
    assert language_text(talk(("user", "Why?"), ("user", "```x = 1```"), reply="So")) == "Why?\n\nSo"


def test_the_topic_is_in_the_users_own_questions_the_last_one_first() -> None:
    found = talk(
        ("system", "You are a poet"), ("user", "First"), ("tool", "result"), ("user", "Last"), reply="Reply"
    )

    assert topic_text(found) == "Last\n\nFirst\n\nReply"


def test_a_question_of_nothing_but_code_still_has_a_topic() -> None:
    assert topic_text(talk(("user", "```\nimport  numpy\n```"))) == "``` import numpy ```"


def test_what_is_looked_at_does_not_grow_with_the_conversation() -> None:
    long = talk(*[("user", "many words " * 5_000)] * 50, reply="many words " * 5_000)

    assert len(topic_text(long)) <= TOPIC_CHARS
    assert len(language_text(long)) <= 2 * LANGUAGE_CHARS + 2


def test_a_question_after_a_long_paste_is_seen() -> None:
    assert plain("paste " * 10_000 + "And now?").endswith("And now?")


def test_hostile_texts_take_no_long_time() -> None:
    for text in (
        "{" * 9_999,
        "@" * 9_999,
        "<a" * 5_000,
        "a-" * 5_000,
        "_" * 9_999,
        '"' * 9_999,
        "\n" * 9_999,
    ):
        plain(text)


def test_lone_surrogates_and_nul_become_replacement_characters() -> None:
    assert printable("a\ud800b\0c") == "a\ufffdb\ufffdc"
    assert printable("naïve 😀") == "naïve 😀"
