"""Two topic models side by side: one for English texts, one for all others."""

from collections.abc import Callable

from analytics.language import Detector

ENGLISH = "en"
Classify = Callable[[list[str]], list[str]]


class RoutedTopics:
    """Asks each model once. One too short for a language goes to the second, so that "Hi!" has no topic."""

    def __init__(self, english: Classify, others: Classify, detector: Detector) -> None:
        self._english = english
        self._others = others
        self._detector = detector

    def __call__(self, texts: list[str]) -> list[str]:
        is_english = [self._detector(text) == ENGLISH for text in texts]
        answers = {
            wanted: iter(classify(chosen) if chosen else [])
            for wanted, classify in ((True, self._english), (False, self._others))
            for chosen in [[text for text, one in zip(texts, is_english, strict=True) if one is wanted]]
        }
        return [next(answers[one]) for one in is_english]
