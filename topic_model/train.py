"""Makes the topic model: from taxonomy and seeds, or with `--corpus LOG` from a log of your own.

The result is a BERTopic folder saved as safetensors; same inputs and library versions, same bytes.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # our packages are found from here, and a file of this folder shadows no library

# ruff: noqa: E402 - a script first has to say where its packages are
from analytics.language import detect
from topic_model import artefact, texts
from topic_model.distil import distil
from topic_model.fit import fit
from workers.topics.encoders import PACKAGED_NAME, Encoder, load_sentence_encoder
from workers.topics.errors import TopicError
from workers.topics.routed import ENGLISH
from workers.topics.universal import UNIVERSAL_NAME, UniversalEncoder

CHUNK = 256
COMPANION = "multilingual"
STATIC = "static"
err = Console(stderr=True)


def embed(encoder: Encoder, words: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of all texts, with a progress bar; like lengths stand together, so that little is padded."""
    order = sorted(range(len(words)), key=lambda number: (len(words[number]), number))
    vectors = np.empty((len(words), encoder.dimension), dtype=np.float32)
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    for chunk in track(chunks, description="embedding", console=err, disable=not err.is_terminal):
        vectors[chunk] = encoder.encode([words[number] for number in chunk])
    return vectors


def exact(name: str) -> Encoder:
    """In full precision, also where a worker saves half of it: the vectors are the same on all processors."""
    return UniversalEncoder() if name == UNIVERSAL_NAME else load_sentence_encoder(name, "cpu")


def train_pair(
    folder: Path, out: Path, least: int = texts.LEAST_SEEDS, *, static: bool = False
) -> dict[str, Any]:
    """The packaged English model over the English seeds; inside, its companion for all other languages, and
    on demand the static encoder made from it, with topics of its own.
    """
    taxonomy, seeds = read(folder, least)
    inside = {"companion": COMPANION, **({"static": STATIC} if static else {})}
    english = [seed for seed in seeds if seed.topic == texts.UNDEFINED or detect(seed.text) == ENGLISH]
    made(taxonomy, seeds, exact(UNIVERSAL_NAME), out / COMPANION)
    teacher = load_sentence_encoder(PACKAGED_NAME, "cpu")
    if static:
        words = [seed.text for seed in english]
        wanted = np.asarray(embed(teacher, words), dtype=np.float64)
        made(taxonomy, english, distil(teacher, words, wanted, out / STATIC), out / STATIC)
    return made(taxonomy, english, teacher, out, inside)


def train(folder: Path, encoder: Encoder, out: Path, least: int = texts.LEAST_SEEDS) -> dict[str, Any]:
    """Taxonomy and seeds of `folder` -> a BERTopic folder in `out`, for all languages."""
    return made(*read(folder, least), encoder, out)


def read(folder: Path, least: int) -> tuple[list[texts.Topic], list[texts.Seed]]:
    taxonomy = texts.read_taxonomy(folder)
    seeds = texts.read_seeds(taxonomy, folder, least)
    texts.refuse_leaks(seeds, texts.read_questions(folder))
    return taxonomy, seeds


def made(
    taxonomy: Sequence[texts.Topic],
    seeds: Sequence[texts.Seed],
    encoder: Encoder,
    out: Path,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    number = {topic.name: place for place, topic in enumerate(taxonomy)}
    labels = np.array([number.get(seed.topic, len(taxonomy)) for seed in seeds])
    words = [seed.text for seed in seeds]
    embeddings = embed(encoder, words)
    fitted = fit(embeddings, labels, outlier=len(taxonomy))
    topics = [-1 if label == len(taxonomy) else int(label) for label in labels]
    model = artefact.name_topics(words, topics, embeddings, fitted.vectors)
    numbers = artefact.bertopic_numbers(model, topics)
    names = {
        theirs: taxonomy[ours].name if ours >= 0 else texts.UNDEFINED for ours, theirs in numbers.items()
    }
    artefact.set_names(model, names)
    manifest = {
        "embeddings": artefact.embeddings_of(encoder),
        **(more or {}),
        "similarity_floor": fitted.floor,
        "accuracy_on_held_out_seeds": fitted.accuracy,
        "topics": len(taxonomy),
        "seeds": len(seeds),
        "seeds_sha256": texts.seeds_sha256(seeds),
        "libraries": artefact.library_versions(),
    }
    artefact.save(model, manifest, out)
    return manifest


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    out = asked.out or (Path("discovered_topics") if asked.corpus else texts.FOLDER)
    try:
        if asked.corpus:
            from topic_model.discover import discover  # noqa: PLC0415 - clustering libraries take seconds to import

            manifest = discover(asked.corpus, exact(asked.embeddings), out, embed)
        elif asked.embeddings:
            manifest = train(texts.FOLDER, exact(asked.embeddings), out)
        else:
            manifest = train_pair(texts.FOLDER, out, static=True)
    except (texts.TextsError, TopicError) as error:
        err.print(f"[red]not trained:[/] {error}", soft_wrap=True)
        return 1
    err.print(f"{manifest['topics']} topics in {out}, similarity floor {manifest['similarity_floor']}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--embeddings",
        default="",
        help="one sentence-transformers model, by name or path, for all languages",
    )
    parser.add_argument(
        "--out", type=Path, help="folder to write (default: topic_model, or discovered_topics)"
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="LOG", help="a DIAL log, plain or gzip: discover its topics"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
