"""How good the detector is on the labelled texts: the aims that the project set itself, kept."""

from collections import Counter

import pytest

from analytics import language
from analytics.language import UNDEFINED, detect
from tests.languages.labelled import NONE, Labelled, labelled

TEXTS = labelled()
UNSEEN = [text for text in TEXTS if not text.chosen_with]
THIRTY = (
    "ar bg cs da de el en es fa fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk vi zh".split()  # noqa: SIM905
)


def wrong(texts: list[Labelled]) -> list[tuple[str, str, str]]:
    """Told, but not what it is."""
    found = [(text.expected, detect(text.text), text.text) for text in texts]
    return [one for one in found if one[1] not in {one[0], UNDEFINED}]


def test_thirty_languages_have_twenty_texts_each() -> None:
    texts = Counter(text.language for text in TEXTS)

    assert sorted(texts) == sorted([*THIRTY, NONE])
    assert min(texts[code] for code in THIRTY) >= 20
    assert texts[NONE] >= 60


def test_no_text_is_there_twice() -> None:
    assert len({(text.language, text.text) for text in TEXTS if text.text}) == sum(
        bool(t.text) for t in TEXTS
    )


def test_98_of_100_texts_of_40_characters_are_told_right() -> None:
    texts = [text for text in UNSEEN if text.long and text.language != NONE]
    right = [text for text in texts if detect(text.text) == text.language]

    assert len(right) / len(texts) >= 0.98, wrong(texts)


def test_at_most_1_of_100_shorter_texts_is_told_wrong() -> None:
    texts = [text for text in UNSEEN if not text.long and text.language != NONE]
    told = [text for text in texts if detect(text.text) != UNDEFINED]

    assert len(wrong(texts)) / len(texts) <= 0.01, wrong(texts)
    assert len(told) / len(texts) >= 0.8


@pytest.mark.parametrize("code", THIRTY)
def test_no_language_is_left_behind(code: str) -> None:
    texts = [text for text in TEXTS if text.language == code and text.long]

    assert sum(detect(text.text) == code for text in texts) / len(texts) >= 0.85


def test_hardly_any_text_without_a_language_gets_one() -> None:
    texts = [text for text in TEXTS if text.language == NONE]

    assert len(wrong(texts)) / len(texts) <= 0.05, wrong(texts)


def test_weights_never_turn_a_first_opinion_that_was_sure() -> None:
    """The short cut for sure texts gives what the long way gives."""
    model = language._model()
    for text in TEXTS:
        first, probability = model.classify(text.text)
        if probability >= language.SURE and language._WEIGHTS.get(first) == 1:
            second, weighed = language._weighed(model.rank(text.text))
            assert second == first
            assert weighed >= probability - 1e-6
