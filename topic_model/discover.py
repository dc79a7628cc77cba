"""Topics of a log of your own: its texts are clustered by BERTopic and named by their typical words."""

import gzip
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bertopic import BERTopic
from bertopic.vectorizers import ClassTfidfTransformer
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from rich.progress import wrap_file
from sklearn.feature_extraction.text import CountVectorizer
from umap import UMAP

from analytics import surfaces
from analytics.errors import MalformedRecord
from analytics.record import parse
from analytics.text import printable, topic_text
from topic_model import artefact
from topic_model.texts import UNDEFINED, TextsError
from workers.topics.encoders import Encoder

# Of at most 1,000 characters each: the memory for texts and vectors is bounded, however long the log is.
MOST_TEXTS = 100_000
FEWEST_TEXTS = 50
NAME_WORDS = 3
LOST = 0.03

Embed = Callable[[Encoder, Sequence[str]], NDArray[np.float32]]


def discover(log: Path, encoder: Encoder, out: Path, embed: Embed) -> dict[str, Any]:
    """Cluster the conversations of a log into a BERTopic folder; returns its manifest."""
    texts = sample(_subjects(log), MOST_TEXTS)
    if len(texts) < FEWEST_TEXTS:
        raise TextsError(f"{log} holds {len(texts)} different conversations, fewer than {FEWEST_TEXTS}")
    embeddings = embed(encoder, texts)
    model = cluster(texts, embeddings)
    names = readable_names(model)
    if len(names) - (-1 in names) == 0:
        raise TextsError(f"{log} holds no cluster of conversations that are alike")
    artefact.set_names(model, names)
    manifest = {
        "embeddings": artefact.embeddings_of(encoder),
        "similarity_floor": floor(model, embeddings),
        "topics": len(names) - (-1 in names),
        "texts": len(texts),
        "libraries": artefact.library_versions(),
    }
    artefact.save(model, manifest, out)
    return manifest


def sample(texts: Iterator[str], most: int) -> list[str]:
    """Distinct texts; of more than fit, each is kept with the same chance, and the same ones every time."""
    dice = random.Random(0)  # noqa: S311 - a sample, not a secret
    kept: list[str] = []
    seen: set[int] = set()
    for text in texts:
        if hash(text) in seen:
            continue
        seen.add(hash(text))
        place = len(kept) if len(kept) < most else dice.randrange(len(seen))
        if place < most:
            kept[place : place + 1] = [text]
    return kept


def cluster(texts: Sequence[str], embeddings: NDArray[np.float32]) -> BERTopic:
    smallest = max(5, len(texts) // 200)
    model = BERTopic(
        language="multilingual",
        umap_model=UMAP(n_components=5, min_dist=0.0, metric="cosine", random_state=0, low_memory=True),
        hdbscan_model=HDBSCAN(min_cluster_size=smallest, core_dist_n_jobs=1),
        vectorizer_model=CountVectorizer(stop_words="english", max_features=artefact.WORDS),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    model.fit(list(texts), embeddings=embeddings)
    artefact.plain_vocabulary(model)
    return model


def readable_names(model: BERTopic) -> dict[int, str]:
    """The most typical words of each cluster, as few as tell it from the others."""
    names: dict[int, str] = {}
    for topic, words in sorted(model.get_topics().items()):
        typical = [str(word) for word, _ in words if word]
        ways = (" ".join(typical[:count]).title() for count in range(NAME_WORDS, len(typical) + 1))
        names[int(topic)] = next((way for way in ways if way not in names.values()), f"Topic {topic}")
    return {topic: UNDEFINED if topic == -1 else name for topic, name in names.items()}


def floor(model: BERTopic, embeddings: NDArray[np.float32]) -> float:
    """Nearly all texts of the clusters stay above it."""
    topics, similarities = model.topics_, artefact.cosines(embeddings, model.topic_embeddings_)
    own = [similarities[row, topic + model._outliers] for row, topic in enumerate(topics) if topic >= 0]  # noqa: SLF001
    return round(float(np.quantile(own, LOST)), 4) if own else 0.0


def _subjects(log: Path) -> Iterator[str]:
    """What the conversations of a log are about; lines that cannot be read are passed over."""
    with log.open("rb") as raw, wrap_file(raw, log.stat().st_size, description="reading") as counted:
        packed = gzip.GzipFile(fileobj=counted) if log.suffix == ".gz" else None
        for line in packed or counted:
            try:
                exchange = surfaces.read(parse(line.decode("utf-8", "replace")))
            except MalformedRecord:
                continue
            text = printable(topic_text(exchange)) if exchange and exchange.conversation else ""
            if text:
                yield text
