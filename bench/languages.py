"""Which language detector is right how often, how fast, in how much memory: one table, each row a process.

The labelled texts in tests/languages are halved: thresholds are chosen on one half, the table tells of the
other. `--tune` shows how they were chosen; `--messages` tries texts that others wrote, Django's messages.
Detectors (and Django) are left out where they are not installed.
"""

import argparse
import gettext
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from analytics import language  # noqa: E402 - a script finds the packages beside itself
from analytics.language import UNDEFINED, Detector  # noqa: E402
from analytics.text import LANGUAGE_CHARS, plain  # noqa: E402
from tests.languages.labelled import NONE, Labelled, labelled  # noqa: E402

Guess = Callable[[str], tuple[str, float]]
CODES = {"zh-cn": "zh", "zh-tw": "zh", "zh-Hans": "zh", "zh-Hant": "zh", "iw": "he", "nb": "no", "nn": "no"}
KNOWN = frozenset(language._WEIGHTS)  # noqa: SLF001 - the table that serves
SURE = 0.8
"""For detectors other than ours, whose probabilities are higher."""


def langdetect() -> Guess:
    from langdetect import (
        DetectorFactory,
        LangDetectException,
        detect_langs,
    )

    DetectorFactory.seed = 0  # it throws dice otherwise

    def guess(text: str) -> tuple[str, float]:
        with suppress(LangDetectException):  # no letters it knows
            best = detect_langs(text)[0]
            return CODES.get(best.lang, best.lang), best.prob
        return "", 0.0

    return guess


def py3langid() -> Guess:
    model = language._model()  # noqa: SLF001 - the very model that serves

    def guess(text: str) -> tuple[str, float]:
        code, probability = model.classify(text)
        return CODES.get(code, code), probability

    return guess


def pycld2() -> Guess:
    import pycld2 as cld2

    def guess(text: str) -> tuple[str, float]:
        with suppress(cld2.error):  # half a surrogate pair
            reliable, _, best = cld2.detect(text)
            return CODES.get(best[0][1], best[0][1]), float(reliable)
        return "", 0.0

    return guess


def told_if_sure(guess: Guess, sure: float = SURE) -> Detector:
    def detect(text: str) -> str:
        code, probability = guess(text)
        return code if probability >= sure else UNDEFINED

    return detect


def judged(first: Guess, judge: Guess, sure: float) -> Detector:
    """Scripts first; then the first opinion where it is sure, else only if the judge agrees."""

    def detect(text: str) -> str:
        letters = [char for char in text if char.isalpha()]
        if script := language._of_script(letters):  # noqa: SLF001 - the table that serves
            return script
        code, probability = first(text)
        if len(letters) < language._FEWEST_LETTERS:  # noqa: SLF001
            return UNDEFINED
        return code if probability >= sure or judge(text)[0] == code else UNDEFINED

    return detect


DETECTORS: dict[str, tuple[Sequence[str], Callable[[], Detector]]] = {
    "langdetect": (["langdetect"], lambda: told_if_sure(langdetect())),
    "pycld2": (["pycld2"], lambda: told_if_sure(pycld2())),
    "py3langid, always told": (["py3langid"], lambda: told_if_sure(py3langid(), 0)),
    "py3langid, sure of 0.7": (["py3langid"], lambda: told_if_sure(py3langid(), 0.7)),
    "py3langid, langdetect": (
        ["py3langid", "langdetect"],
        lambda: judged(py3langid(), langdetect(), 0.9),
    ),
    "py3langid, pycld2": (["py3langid", "pycld2"], lambda: judged(py3langid(), pycld2(), 0.9)),
    "ours": (["py3langid"], lambda: language.detect),
}


@dataclass(frozen=True, slots=True)
class Share:
    """Of the texts of a kind: in percent, told right and told wrong; the rest is undefined."""

    right: float
    wrong: float

    def __str__(self) -> str:
        return f"{self.right:5.1f} /{self.wrong:4.1f}"


@dataclass(frozen=True, slots=True)
class Figures:
    long: Share
    short: Share
    none_told: float
    texts_s: float
    records_s: float
    mib: float


def share(texts: Sequence[Labelled], detect: Detector) -> Share:
    found = [(text.expected, detect(text.text)) for text in texts]
    right = sum(expected == told for expected, told in found)
    wrong = sum(told not in {expected, UNDEFINED} for expected, told in found)
    return Share(100 * right / len(found), 100 * wrong / len(found))


def shares(texts: Sequence[Labelled], detect: Detector) -> tuple[Share, Share, Share]:
    """Of long texts, of shorter ones, and of those without a language."""
    spoken = [text for text in texts if text.language != NONE]
    return (
        share([text for text in spoken if text.long], detect),
        share([text for text in spoken if not text.long], detect),
        share([text for text in texts if text.language == NONE], detect),
    )


def rate(texts: Sequence[str], detect: Detector) -> float:
    """Texts in a second of processor time: other work on the machine does not count."""
    rates = []
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            detect(text)
        rates.append(len(texts) / (time.process_time() - start))
    return max(rates)


def records(texts: Sequence[Labelled], chars: int = LANGUAGE_CHARS) -> list[str]:
    """Questions and replies as long as those of a record can be, in all thirty languages alike."""
    words: dict[str, list[str]] = {}
    for text in texts:
        if text.language != NONE:
            words.setdefault(text.language, []).append(text.text)
    talk = [" ".join(own * 3) for own in words.values()]
    return [
        f"{own[at : at + chars]}\n\n{own[at + chars : at + 2 * chars]}"
        for own in talk
        for at in range(0, 600, 60)
    ]


def mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


def measure(name: str) -> Figures:
    texts = [text for text in labelled() if not text.chosen_with]
    before = mib()
    detect = DETECTORS[name][1]()
    detect("The model is loaded at the first text.")
    after = mib()
    long, short, none = shares(texts, detect)
    return Figures(
        long,
        short,
        none.wrong,
        rate([text.text for text in labelled()], detect),
        rate(records(labelled()), detect),
        after - before,
    )


def in_its_own_process(name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", name]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


def table() -> None:
    print(f"{'detector':23} {'40+ characters':>14} {'shorter':>12} {'none':>6}  texts/s records/s MiB")
    print(f"{'':23} {'right / wrong %':>14} {'':>11} {'told %':>6}")
    for name, (packages, _) in DETECTORS.items():
        if not all(find_spec(package) for package in packages):
            print(f"{name:23} not installed")
            continue
        row = in_its_own_process(name)
        print(
            f"{name:23}   {Share(**row['long'])} {Share(**row['short'])} {row['none_told']:6.1f}"
            f" {row['texts_s']:8,.0f} {row['records_s']:9,.0f} {row['mib']:3.0f}"
        )


def tune() -> None:
    """The half that is not reported: how sure one has to be, and how much of a record one has to read."""
    texts = [text for text in labelled() if text.chosen_with]
    print(
        "sure of a short text, of a long one: right / wrong % of 40+ characters, of shorter ones; none told"
    )
    chosen = language.SURE, language.SURE_OF_MUCH
    for language.SURE in (0.5, 0.55, 0.6, 0.65, 0.7, 0.8):
        for language.SURE_OF_MUCH in (0.3, 0.4, 0.5, 0.6):
            long, short, none = shares(texts, language.detect)
            print(f"{language.SURE:.2f} {language.SURE_OF_MUCH:.2f}  {long} {short} {none.wrong:6.1f}")
    language.SURE, language.SURE_OF_MUCH = chosen
    print("characters of question and reply each: right / wrong %, records/s")
    spoken = [text for text in labelled() if text.language != NONE]
    for chars in (20, 40, 70, 100, 200, 400):
        talk = [
            Labelled(code, "record", chosen_with=False, text=text)
            for code in sorted({text.language for text in spoken})
            for text in records([text for text in spoken if text.language == code], chars)
        ]
        print(
            f"{chars:4}  {share(talk, language.detect)} {rate([t.text for t in talk], language.detect):8,.0f}"
        )


def messages() -> None:
    """Short sentences of a user interface, in the thirty languages and in those that are not among them."""
    thirty = {text.language for text in labelled()} - {NONE, "en"}
    kinds: dict[str, list[Labelled]] = {}
    for code, text in translations():
        one = Labelled(code, "message", chosen_with=False, text=text)
        among = "the thirty" if code in thirty else "others"
        kinds.setdefault(f"{among}, {'40+ characters' if one.long else 'shorter'}", []).append(one)
    for kind, texts in sorted(kinds.items()):
        found = Counter((text.language, language.detect(text.text)) for text in texts)
        worst = [pair for pair, _ in found.most_common() if pair[1] not in {pair[0], UNDEFINED}][:5]
        print(f"{kind:28} {len(texts):6} {share(texts, language.detect)}  {worst}")


def translations() -> Iterator[tuple[str, str]]:
    """The translated messages of Django, without their placeholders."""
    spec = find_spec("django")
    for path in sorted(Path(spec.origin or "").parent.glob("**/LC_MESSAGES/django.mo") if spec else ()):
        code = CODES.get(path.parts[-3].replace("_", "-"), path.parts[-3])
        with path.open("rb") as file:
            catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
        for original, translated in catalogue.items():
            text = plain(re.sub(r"%\(\w+\)[sd]|%[sd]|\{\w+\}", " ", translated))
            if code in KNOWN and original and translated != original and len(text.split()) > 1:
                yield code, text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", choices=DETECTORS, help="measure one, print JSON")
    parser.add_argument("--tune", action="store_true", help="show how the thresholds were chosen")
    parser.add_argument("--messages", action="store_true", help="try the messages of Django, where installed")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(measure(options.one))))
    elif options.tune:
        tune()
    elif options.messages:
        messages()
    else:
        table()


if __name__ == "__main__":
    main()
