"""The language of a text, or "undefined" when it is too short or nobody could be sure.

A script that belongs to one language tells it. All other texts are judged by py3langid; where it is in doubt,
a language that many people write is likelier.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Protocol

UNDEFINED = "undefined"

Detector = Callable[[str], str]
"""Gives an ISO 639-1 code such as "en" or "zh", or "undefined"."""

SURE = 0.65
"""Probability below which a guess is not told; docs/adr/0006 says how the figures were found."""

SURE_OF_MUCH = 0.5
"""The same for _MUCH characters and more: likelier than all other languages together."""

_MUCH = 40
_FEWEST_LETTERS = 8
_FEWEST_WORDS = 2
_FEWEST_SIGNS = 3
"""A script of one language is telling by itself, and so needs less of it."""

_SCRIPTS = {
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "SINHALA": "si",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
}
"""Scripts that belong to one language, however short the text is."""

_DENSE = frozenset({"ko", "ja", "zh"})
"""One of their signs says as much as two letters or more of a product's name beside it."""

_USUAL = "ar bg cs da de el en es fa fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk vi zh"
_LESS_USUAL = (
    "af am az be bn bs ca cy et eu ga gl gu hr hy is ka kk km kn lt lv mk ml mn mr ms my ne pa si sk sl sq "
    "sr sw ta te tl ur uz"
)
_NOTHING = "zxx"
"""What py3langid calls a text without language."""

_WEIGHTS = dict.fromkeys(_LESS_USUAL.split(), 0.5) | dict.fromkeys([_NOTHING, *_USUAL.split()], 1.0)
_WEIGHT_OF_RARE = 0.2
"""How much a doubtful case counts for a language that is written less, and for one that is hardly written."""

_FOLDED = {"nn": "no", "ary": "ar", "arz": "ar", "yue": "zh", "wuu": "zh"}
"""One code for what people count as one language; dashboards know no other."""


def detect(text: str) -> str:
    """Tell the language; the same text always gives the same answer."""
    letters = [char for char in text if char.isalpha()]
    by_script = "" if text.isascii() else _of_script(letters)
    if by_script:
        return by_script
    if len(letters) < _FEWEST_LETTERS or len(text.split()) < _FEWEST_WORDS:
        return UNDEFINED
    return _of_words(text, SURE_OF_MUCH if len(text) >= _MUCH else SURE)


def _of_script(letters: list[str]) -> str:
    """Give the language in whose own script most of the letters are."""
    foreign = [char for char in letters if char > "\u036f"]
    if len(foreign) < _FEWEST_SIGNS:
        return ""
    counts = Counter(unicodedata.name(char, "").partition(" ")[0] for char in foreign)
    language = _SCRIPTS.get(counts.most_common(1)[0][0], "")
    if language == "zh" and counts["HIRAGANA"] + counts["KATAKANA"]:
        language = "ja"  # it writes Chinese signs as well, Chinese no kana
    weight = 2 if language in _DENSE else 1
    return language if weight * len(foreign) >= len(letters) - len(foreign) else ""


def _of_words(text: str, sure: float) -> str:
    """Give the language that py3langid tells from groups of letters."""
    model = _model()
    language, probability = model.classify(text)
    # Weights can only raise what weighs most: when that is sure already, it is not counted again.
    if probability < SURE or _WEIGHTS.get(language, _WEIGHT_OF_RARE) < 1:
        language, probability = _weighed(model.rank(text))
    return language if probability >= sure and language != _NOTHING else UNDEFINED


def _weighed(ranking: Iterable[tuple[str, float]]) -> tuple[str, float]:
    """Of two neighbours such as Indonesian and Malay, prefer the one that more people write."""
    shares: defaultdict[str, float] = defaultdict(float)
    for code, probability in ranking:
        language = _FOLDED.get(code, code)
        shares[language] += probability * _WEIGHTS.get(language, _WEIGHT_OF_RARE)
    language = max(shares, key=shares.__getitem__)
    return language, shares[language] / sum(shares.values())


class _Model(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...

    def rank(self, text: str) -> list[tuple[str, float]]: ...


@cache
def _model() -> _Model:
    """Load the weights at the first text: that takes a second, and the API process never needs them."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - see above

    model: _Model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return model
