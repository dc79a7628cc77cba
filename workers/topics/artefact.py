"""A BERTopic folder saved as safetensors, read without BERTopic: one vector and one name per topic.

`manifest.json` is ours and optional: whose embeddings these are, and from which similarity on a topic counts.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from analytics.language import UNDEFINED
from workers.topics.errors import TopicError

Vectors = NDArray[np.float32]

# Below every cosine there is: a folder that names no floor answers as BERTopic does, always with a topic.
NO_FLOOR = -2.0


@dataclass(frozen=True, slots=True)
class Artefact:
    folder: str
    vectors: Vectors  # rows of length one, in the order of BERTopic's topic ids
    names: tuple[str, ...]  # one a row; "undefined" for BERTopic's outliers
    floor: float
    embeddings: str  # name of the embeddings model that the vectors were made with; "" when not told
    weights_sha256: str  # of that model; "" when not told
    companion: Path | None  # the folder that answers for texts which are not English
    static: Path | None  # the folder whose topics are of the static encoder


def read_artefact(folder: Path) -> Artefact:
    try:
        topics = _read_json(folder / "topics.json")
        config = _read_json(folder / "config.json")
        manifest = _read_json(folder / "manifest.json") if (folder / "manifest.json").is_file() else {}
        vectors = unit_rows(load_file(folder / "topic_embeddings.safetensors")["topic_embeddings"])
        names = tuple(topic_name(topics, topic) for topic in topic_ids(topics))
        made_with = manifest.get("embeddings", {})
        artefact = Artefact(
            folder=str(folder),
            vectors=vectors,
            names=names,
            floor=float(manifest.get("similarity_floor", NO_FLOOR)),
            embeddings=str(made_with.get("name") or config.get("embedding_model") or ""),
            weights_sha256=str(made_with.get("weights_sha256", "")),
            companion=folder / str(manifest["companion"]) if "companion" in manifest else None,
            static=folder / str(manifest["static"]) if "static" in manifest else None,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError) as error:
        raise TopicError(f"TOPIC_MODEL '{folder}' is not readable as a BERTopic folder: {error!r}") from error
    if len(artefact.names) != len(artefact.vectors):
        raise TopicError(f"TOPIC_MODEL '{folder}' has {len(names)} topics but {len(vectors)} topic vectors")
    return artefact


def unit_rows(matrix: NDArray[Any]) -> Vectors:
    """Each row with length one; a row of zeros stays as it is, as in scikit-learn's cosine."""
    rows: Vectors = np.asarray(matrix, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def topic_ids(topics: dict[str, Any]) -> list[int]:
    """Ids in the order of the vectors: -1, the outliers, stands first where it exists."""
    return sorted(int(topic) for topic in topics["topic_sizes"])


def topic_name(topics: dict[str, Any], topic: int) -> str:
    """`GeneratedName` where the model has one, else BERTopic's own `Name`; outliers have no topic."""
    if topic == -1:
        return UNDEFINED
    generated = (topics.get("topic_aspects") or {}).get("GeneratedName") or {}
    label = (topics.get("topic_labels") or {}).get(str(topic))
    return (
        readable(generated.get(str(topic)))
        or label
        or _label(topic, topics["topic_representations"][str(topic)])
    )


def readable(aspect: Any) -> str:
    """A name as BERTopic keeps it: text, a list of words, or a list of (name, weight) pairs."""
    if isinstance(aspect, str):
        return aspect.strip()
    if isinstance(aspect, list | tuple) and aspect:
        if all(isinstance(word, str) for word in aspect):
            return " ".join(aspect).strip()
        return readable(aspect[0])
    return ""


def _label(topic: int, words: list[list[Any]]) -> str:
    return "_".join([str(topic), *(str(word) for word, _ in words[:4])])


def _read_json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise TypeError(f"{path.name} holds no object")
    return value
