"""The texts beside the model: taxonomy, seeds, texts of no topic, evaluation. Read and checked."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
UNDEFINED = "undefined"
LEAST_SEEDS = 40


class TextsError(Exception):
    """The texts are not fit to train on; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    domain: str
    definition: str


@dataclass(frozen=True, slots=True)
class Seed:
    topic: str  # "undefined" for a text of no topic
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled text that was never trained on: words alone, or a whole conversation."""

    topic: str
    language: str
    messages: tuple[Mapping[str, str], ...]
    trap: str

    @property
    def words(self) -> str:
        return self.messages[0]["content"] if len(self.messages) == 1 else ""


def read_taxonomy(folder: Path = FOLDER) -> list[Topic]:
    topics = [Topic(**entry) for entry in _read(folder / "taxonomy.yaml")]
    _refuse("named twice in taxonomy.yaml", _twice(topic.name for topic in topics))
    return topics


def read_seeds(taxonomy: Sequence[Topic], folder: Path = FOLDER, least: int = LEAST_SEEDS) -> list[Seed]:
    """Every seed of every topic, in the order of the taxonomy, then the texts of no topic."""
    by_topic: dict[str, list[str]] = {}
    for path in sorted((folder / "seeds").glob("*.yaml")):
        by_topic.update(_read(path))
    known = {topic.name for topic in taxonomy}
    _refuse("no topic of the taxonomy", sorted(by_topic.keys() - known))
    short = {name: len(by_topic.get(name, [])) for name in known}
    _refuse(
        f"fewer than {least} seeds",
        sorted(f"{name} ({count})" for name, count in short.items() if count < least),
    )
    seeds = [Seed(topic.name, text.strip()) for topic in taxonomy for text in by_topic[topic.name]]
    if (folder / "no_topic.yaml").is_file():
        seeds += [Seed(UNDEFINED, text.strip()) for text in _read(folder / "no_topic.yaml")]
    _refuse("seeds that stand twice", _twice(seed.text for seed in seeds))
    return seeds


def read_questions(folder: Path = FOLDER) -> list[Question]:
    return [
        _question(entry)
        for path in sorted((folder / "evaluation").glob("*.yaml"))
        for entry in _read(path) or []
    ]


def refuse_leaks(seeds: Sequence[Seed], questions: Sequence[Question]) -> None:
    """An evaluation on texts that were trained on proves nothing."""
    asked = {message["content"].strip() for question in questions for message in question.messages}
    _refuse("seeds that also stand in the evaluation", [seed.text for seed in seeds if seed.text in asked])


def seeds_sha256(seeds: Sequence[Seed]) -> str:
    lines = json.dumps([(seed.topic, seed.text) for seed in seeds], ensure_ascii=False)
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def _question(entry: Mapping[str, Any]) -> Question:
    messages = entry.get("messages") or [{"role": "user", "content": entry["text"]}]
    return Question(entry["topic"], entry["language"], tuple(messages), str(entry.get("trap") or ""))


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _refuse(complaint: str, culprits: Sequence[str]) -> None:
    if culprits:
        shown = "; ".join(culprit[:60] for culprit in culprits[:5])
        raise TextsError(
            f"{complaint}: {shown}" + (f" and {len(culprits) - 5} more" if len(culprits) > 5 else "")
        )


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise TextsError(f"{path.name} is not readable: {error}") from error
