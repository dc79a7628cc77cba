"""The language of a text, or "undefined" when it is too short or nobody could be sure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache

UNDEFINED = "undefined"

Detector = Callable[[str], str]
"""Gives a code such as "en" or "zh-cn", or "undefined"."""

SURE = 0.8
"""Probability below which a guess is not told: at least six of the detector's seven trials agree."""

_FEWEST_LETTERS = 12
_FEWEST_WORDS = 3
_FEWEST_SIGNS = 3
"""A script of one language is telling by itself, and so needs less of it."""

_SCRIPTS = {
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh-cn",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}
"""Scripts that belong to one language; n-gram detectors take short Chinese for Korean."""


def detect(text: str) -> str:
    """Tell the language; the same text always gives the same answer."""
    letters = [char for char in text if char.isalpha()]
    by_script = _of_script(letters)
    if by_script not in ("", "zh-cn"):
        return by_script
    if len(letters) < _FEWEST_LETTERS or len(text.split()) < _FEWEST_WORDS:
        return by_script or UNDEFINED
    language, probability = next(iter(_guess()(text)), ("", 0.0))
    if by_script:  # simplified, unless it is surely traditional
        return "zh-tw" if language == "zh-tw" and probability >= SURE else by_script
    return language if probability >= SURE else UNDEFINED


def _of_script(letters: list[str]) -> str:
    """Give the language in whose own script most of the letters are."""
    foreign = [char for char in letters if char > "\u036f"]
    if len(foreign) < _FEWEST_SIGNS or 2 * len(foreign) < len(letters):
        return ""
    counts = Counter(unicodedata.name(char, "").partition(" ")[0] for char in foreign)
    if counts["HIRAGANA"] + counts["KATAKANA"]:  # Japanese writes Chinese signs, Chinese no kana
        return "ja"
    return _SCRIPTS.get(counts.most_common(1)[0][0], "")


@cache
def _guess() -> Callable[[str], list[tuple[str, float]]]:
    """Load the profiles at the first text: that takes a while, and the API process never needs them."""
    from langdetect import (  # noqa: PLC0415 - see above
        DetectorFactory,
        LangDetectException,
        detect_langs,
    )

    DetectorFactory.seed = 0  # it throws dice otherwise

    def guess(text: str) -> list[tuple[str, float]]:
        try:
            return [(found.lang, found.prob) for found in detect_langs(text)]
        except LangDetectException:  # no letters it knows
            return []

    return guess
