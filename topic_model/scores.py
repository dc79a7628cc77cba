"""How well answers fit the labels of the evaluation: figures only, no model and no files."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sklearn.metrics import v_measure_score

from topic_model.texts import UNDEFINED, Question

LARGE = frozenset(["ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr", "zh"])


@dataclass(frozen=True, slots=True)
class Answered:
    question: Question
    answer: str

    @property
    def right(self) -> bool:
        return self.answer == self.question.topic


@dataclass(frozen=True, slots=True)
class Share:
    """So many right ones of so many."""

    right: int
    of: int

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.value:6.1%} of {self.of}"


@dataclass(frozen=True, slots=True)
class Scores:
    topics: Share  # of the texts that have one
    domains: Share
    v_measure: float
    unanswered: Share  # "undefined" though there is a topic
    english: Share
    other_languages: Share
    large_languages: Share  # LARGE: the twelve largest beside English
    english_domains: Share
    large_domains: Share
    left_undefined: Share  # of the texts without a topic
    by_language: Mapping[str, Share]
    by_trap: Mapping[str, Share]
    by_domain: Mapping[str, Share]
    confusions: Sequence[tuple[str, str, int]]  # right, answered, how often; the worst first


def score(answers: Sequence[Answered], domain_of: Mapping[str, str]) -> Scores:
    topical = [one for one in answers if one.question.topic != UNDEFINED]
    empty = [one for one in answers if one.question.topic == UNDEFINED]
    english = [one for one in topical if one.question.language == "en"]
    foreign = [one for one in topical if one.question.language != "en"]
    large = [one for one in foreign if one.question.language in LARGE]
    return Scores(
        topics=share(topical),
        domains=_domains(topical, domain_of),
        v_measure=float(
            v_measure_score([one.question.topic for one in answers], [one.answer for one in answers])
        ),
        unanswered=Share(sum(one.answer == UNDEFINED for one in topical), len(topical)),
        english=share(english),
        other_languages=share(foreign),
        large_languages=share(large),
        english_domains=_domains(english, domain_of),
        large_domains=_domains(large, domain_of),
        left_undefined=share(empty),
        by_language=shares(topical, lambda one: one.question.language),
        by_trap=shares((one for one in answers if one.question.trap), lambda one: one.question.trap),
        by_domain=shares(topical, lambda one: domain_of.get(one.question.topic, UNDEFINED)),
        confusions=_confusions(answers),
    )


def share(answers: Sequence[Answered]) -> Share:
    return Share(sum(one.right for one in answers), len(answers))


def shares(answers: Iterable[Answered], key: Callable[[Answered], str]) -> dict[str, Share]:
    groups: dict[str, list[Answered]] = {}
    for one in answers:
        groups.setdefault(key(one), []).append(one)
    return {name: share(groups[name]) for name in sorted(groups)}


def _domains(answers: Sequence[Answered], domain_of: Mapping[str, str]) -> Share:
    return Share(sum(_same_domain(one, domain_of) for one in answers), len(answers))


def _same_domain(one: Answered, domain_of: Mapping[str, str]) -> bool:
    return one.answer != UNDEFINED and domain_of.get(one.answer) == domain_of.get(one.question.topic)


def _confusions(answers: Sequence[Answered]) -> list[tuple[str, str, int]]:
    pairs = Counter((one.question.topic, one.answer) for one in answers if not one.right)
    return [
        (right, answered, count)
        for (right, answered), count in sorted(pairs.items(), key=lambda p: (-p[1], p[0]))
    ]
