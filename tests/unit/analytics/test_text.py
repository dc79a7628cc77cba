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


QUESTION = (
    "Which flour do I need for a pizza that is crisp below and soft above, and for how many hours should its"
    " dough rest in the fridge before it goes into the oven?"
)
SHORT_QUESTION = "Which flour do I need for pizza?"
REPLY = "Strong flour of type 00, and a day of rest. " * 10


def test_the_topic_is_in_the_last_question_as_it_is() -> None:
    found = talk(
        ("system", "You bake"), ("user", "First"), ("tool", "result"), ("user", QUESTION), reply=REPLY
    )

    assert topic_text(found) == QUESTION


def test_code_and_numbers_are_part_of_what_a_question_is_about() -> None:
    question = (
        "why does ```python\nfor x in range(10):  yield x``` stop after 9, and not after 10?"
        " I read the documentation from its beginning to its end and found no reason"
    )

    assert topic_text(talk(("user", question), reply=REPLY)) == " ".join(question.split())


def test_a_short_question_is_told_by_the_beginning_of_its_reply_too() -> None:
    assert topic_text(talk(("user", SHORT_QUESTION), reply=REPLY)) == f"{SHORT_QUESTION}\n\n{REPLY[:150]}"


@pytest.mark.parametrize("words", ["continue", "and in Python?", "続けて", "thanks!"])
def test_a_question_that_leans_on_the_one_before_has_its_topic(words: str) -> None:
    found = talk(("user", QUESTION), ("assistant", "Of type 00."), ("user", words), reply=REPLY)

    assert topic_text(found) == f"{words}\n\n{QUESTION}"


def test_few_signs_of_a_dense_script_say_enough() -> None:
    question = "ピザの生地に向いている小麦粉の種類と、生地を寝かせる時間の目安を教えてください。"

    assert topic_text(talk(("user", QUESTION), ("user", question), reply=REPLY)).startswith(question)
    assert QUESTION not in topic_text(talk(("user", QUESTION), ("user", question), reply=REPLY))


def test_the_reply_to_a_greeting_says_nothing() -> None:
    assert topic_text(talk(("user", "Hi!"), reply="Hello! How can I help you with your taxes?")) == "Hi!"


def test_only_the_beginning_of_what_was_pasted_is_read() -> None:
    rows = ", ".join('{"station": "LEBB"}' for _ in range(100))
    found = topic_text(
        talk(("user", f"Do I need an umbrella? [{rows}] Answer in a long and friendly sentence."))
    )

    assert found.startswith('Do I need an umbrella? [{"station": "LEBB"}')
    assert found.endswith(" Answer in a long and friendly sentence.")
    assert len(found) < 400


def test_a_question_after_a_long_text_is_part_of_its_topic() -> None:
    text = topic_text(talk(("user", "many words " * 5_000 + "What is this about?")))

    assert len(text) == TOPIC_CHARS
    assert text.endswith("What is this about?")


def test_where_nobody_asked_the_reply_tells_the_topic() -> None:
    assert topic_text(talk(("system", "You are a poet"), reply="Once upon a time")) == "Once upon a time"


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
        topic_text(talk(("user", text)))


def test_lone_surrogates_and_nul_become_replacement_characters() -> None:
    assert printable("a\ud800b\0c") == "a\ufffdb\ufffdc"
    assert printable("naïve 😀") == "naïve 😀"
