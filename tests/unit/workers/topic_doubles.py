"""A BERTopic folder of a few topics, and an encoder that counts letters: serving without torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from workers.topics.artefact import Vectors


class LetterEncoder:
    """Counts letters: one number for each letter of `alphabet`. Remembers what it was asked."""

    def __init__(self, alphabet: str = "abc", name: str = "letters", weights_sha256: str = "") -> None:
        self.name = name
        self.dimension = len(alphabet)
        self.weights_sha256 = weights_sha256
        self.asked: list[list[str]] = []
        self._alphabet = alphabet

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        counts = [[text.count(letter) for letter in self._alphabet] for text in texts]
        return np.asarray(counts, dtype=np.float32)


def write_folder(
    folder: Path, names: dict[int, str], manifest: dict[str, Any] | None = None, **more: Any
) -> Path:
    """One topic for each letter, in the order of the ids, as BERTopic saves it."""
    folder.mkdir(exist_ok=True, parents=True)
    ids = sorted(names)
    generated = {str(topic): [[name, 1], ["", 0]] for topic, name in names.items()}
    topics = {
        "topic_representations": {str(topic): [[f"word{topic}{n}", 0.5] for n in range(5)] for topic in ids},
        "topics": ids,
        "topic_sizes": {str(topic): 1 for topic in ids},
        "topic_mapper": [[topic, topic] for topic in ids],
        "topic_labels": {str(topic): f"{topic}_word{topic}0_word{topic}1" for topic in ids},
        "custom_labels": None,
        "_outliers": int(-1 in names),
        "topic_aspects": {"GeneratedName": generated},
    }
    config = {"embedding_model": "letters"}
    (folder / "topics.json").write_text(json.dumps(topics | more), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    vectors = np.eye(len(ids), dtype=np.float32) * 3
    save_file({"topic_embeddings": vectors}, folder / "topic_embeddings.safetensors")
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
