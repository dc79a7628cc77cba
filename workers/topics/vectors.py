"""Topics out of the topic vectors themselves: the nearest by cosine, or none below the floor."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from analytics.language import UNDEFINED, detect
from workers.topics.artefact import Artefact, read_artefact, unit_rows
from workers.topics.encoders import PACKAGED_NAME, Encoder, load_encoder
from workers.topics.errors import TopicError
from workers.topics.memory import RememberedTopics
from workers.topics.routed import RoutedTopics
from workers.topics.static import STATIC_NAME, StaticEncoder


class VectorTopics:
    """What `BERTopic.transform` answers for the same folder, and "undefined" where no topic is near."""

    def __init__(self, artefact: Artefact, encoder: Encoder) -> None:
        check_fit(artefact, encoder)
        self._artefact = artefact
        self._encoder = encoder

    def __call__(self, texts: list[str]) -> list[str]:
        rows, similarities = self.nearest(texts)
        names = self._artefact.names
        return [
            names[row] if similarity >= self._artefact.floor else UNDEFINED
            for row, similarity in zip(rows, similarities, strict=True)
        ]

    def nearest(self, texts: list[str]) -> tuple[list[int], list[float]]:
        """The row of the nearest topic vector and its cosine, one a text."""
        cosines = unit_rows(self._encoder.encode(texts)) @ self._artefact.vectors.T
        if not np.isfinite(cosines).all():
            raise TopicError(f"the embeddings model {self._encoder.name} gave values that are no numbers")
        rows = cosines.argmax(axis=1)
        return rows.tolist(), cosines[np.arange(len(rows)), rows].tolist()


def vector_topics(folder: Path, embeddings: str, device: str) -> RememberedTopics:
    """The model of a folder, and its companion beside it where it names one."""
    artefact = read_artefact(folder)
    topics: Callable[[list[str]], list[str]] = _ready(artefact, embeddings, device)
    if artefact.companion:
        topics = RoutedTopics(topics, _ready(read_artefact(artefact.companion), "", device), detect)
    return RememberedTopics(topics)


def light_topics(folder: Path) -> RememberedTopics:
    """The companion alone, for texts in all languages: no torch."""
    companion = read_artefact(folder).companion
    if companion is None:
        raise TopicError(
            f"TOPIC_ENCODER is light, but TOPIC_MODEL '{folder}' names no companion to serve alone"
        )
    return RememberedTopics(_ready(read_artefact(companion), "", "cpu"))


def static_topics(folder: Path) -> RememberedTopics:
    """English by the table of a static encoder, all else by the companion: no torch."""
    artefact = read_artefact(folder)
    if artefact.static is None or artefact.companion is None:
        raise TopicError(
            f"TOPIC_ENCODER is static, but TOPIC_MODEL '{folder}' names no static encoder and companion"
        )
    english, others = (
        _ready(read_artefact(part), "", "cpu") for part in (artefact.static, artefact.companion)
    )
    return RememberedTopics(RoutedTopics(english, others, detect))


def _ready(artefact: Artefact, embeddings: str, device: str) -> VectorTopics:
    if artefact.embeddings == STATIC_NAME and not embeddings:
        encoder: Encoder = StaticEncoder(Path(artefact.folder), artefact.weights_sha256)
    else:
        encoder = load_encoder(embeddings or artefact.embeddings or PACKAGED_NAME, device)
    topics = VectorTopics(artefact, encoder)
    topics(["ready"])
    return topics


def check_fit(artefact: Artefact, encoder: Encoder) -> None:
    """Vectors of one model say nothing in another. The weights decide, or names where no digest is known."""
    dimension = artefact.vectors.shape[1]
    if dimension != encoder.dimension:
        raise TopicError(
            f"TOPIC_MODEL '{artefact.folder}' has vectors of {dimension} numbers, but the embeddings model"
            f" {encoder.name!r} gives {encoder.dimension}"
        )
    if artefact.weights_sha256 and encoder.weights_sha256:
        same = artefact.weights_sha256 == encoder.weights_sha256
    else:
        same = _same_name(artefact.embeddings, encoder.name)
    if not same:
        raise TopicError(
            f"TOPIC_MODEL '{artefact.folder}' was made with the embeddings of {artefact.embeddings!r}, and"
            f" those of {encoder.name!r} are others: set TOPIC_EMBEDDINGS_MODEL to it, or train anew"
        )


def _same_name(made_with: str, given: str) -> bool:
    """A name that nobody knows cannot be wrong, and neither can the name of a folder."""
    if not made_with or Path(given).is_dir() or Path(made_with).is_absolute():
        return True
    return made_with.rstrip("/").rpartition("/")[2] == given.rpartition("/")[2]
