"""Figures of an evaluation, and the page that shows them."""

import numpy as np
import pytest

from topic_model.evaluate import words
from topic_model.map import picture
from topic_model.picture import page
from topic_model.scores import Answered, Share, score
from topic_model.texts import Question

DOMAINS = {"Bread": "home", "Plants": "home", "Cars": "leisure"}


def answered(topic: str, answer: str, language: str = "en", trap: str = "") -> Answered:
    return Answered(Question(topic, language, ({"role": "user", "content": "…"},), trap), answer)


ANSWERS = [
    answered("Bread", "Bread"),
    answered("Bread", "Plants", trap="code"),
    answered("Cars", "undefined", "de"),
    answered("Cars", "Cars", "de", trap="code"),
    answered("undefined", "undefined"),
    answered("undefined", "Bread"),
]


def test_shares_count_texts_with_and_without_a_topic_apart() -> None:
    scores = score(ANSWERS, DOMAINS)

    assert scores.topics == Share(2, 4)
    assert scores.domains == Share(3, 4)
    assert scores.unanswered == Share(1, 4)
    assert scores.left_undefined == Share(1, 2)
    assert (scores.english, scores.other_languages) == (Share(1, 2), Share(1, 2))
    assert (scores.english_domains, scores.large_domains) == (Share(2, 2), Share(1, 2))
    assert scores.by_trap == {"code": Share(1, 2)}
    assert scores.by_language == {"de": Share(1, 2), "en": Share(1, 2)}


def test_the_worst_confusion_stands_first() -> None:
    scores = score([*ANSWERS, answered("Bread", "Plants")], DOMAINS)

    assert scores.confusions[0] == ("Bread", "Plants", 2)


def test_only_right_answers_have_a_v_measure_of_one() -> None:
    assert score([one for one in ANSWERS if one.right], DOMAINS).v_measure == pytest.approx(1)
    assert score(ANSWERS, DOMAINS).v_measure < 1


def test_the_page_shows_the_confusions_and_is_one_file() -> None:
    html = page(ANSWERS, score(ANSWERS, DOMAINS), DOMAINS)

    assert "<td>Bread</td><td>answered Plants</td>" in html
    assert "<script" not in html
    assert "http" not in html


def test_the_map_shows_every_topic_once_and_is_one_file() -> None:
    svg = picture(["Bread", "Cars"], np.array([[0.0, 9.0], [1.0, 2.0]]), {"Bread": "home", "Cars": "R&D"})

    assert svg.count(">Bread</text>") == svg.count(">Cars</text>") == svg.count(">R&amp;D</text>") == 1


def test_an_evaluated_conversation_goes_through_the_choice_of_words_of_the_service() -> None:
    talk = (
        {"role": "system", "content": "You work for a bank."},
        {"role": "user", "content": "Which flour for pizza?"},
        {"role": "assistant", "content": "The fine one."},
    )

    assert words(Question("Bread", "en", talk, "")) == "Which flour for pizza?\n\nThe fine one."
