"""What topics cost, beside `SentenceTransformer.encode` alone on the same texts: one run, one thread.

1. Distinct texts: raw encode at its best batch size; our topics; our labels (words chosen, language, topic).
2. A replayed log of conversations, each turn with its whole history: every full text embedded; our labels.

    python bench/topics.py [--texts 1000] [--model ./topic_model]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analytics import surfaces
from analytics.enrichment import label
from analytics.exchange import Exchange
from analytics.language import detect
from analytics.record import parse
from topic_model import texts as labelled
from workers.topics import make_topics
from workers.topics.encoders import load_encoder

BATCH_SIZES = (8, 16, 32, 64)
PARCEL = 200
TURNS = 8
err = Console(stderr=True)


class Asked:
    """The part of the settings that topics need."""

    topic_embeddings_model = ""
    topic_device = "cpu"

    def __init__(self, topic_model: str) -> None:
        self.topic_model = topic_model


def in_parts(texts: Sequence[str], size: int) -> list[list[str]]:
    return [list(texts[start : start + size]) for start in range(0, len(texts), size)]


def rate(work: Callable[[list[str]], object], texts: Sequence[str], title: str) -> float:
    """Texts a second, given in parcels as the workers get them."""
    parcels = in_parts(texts, PARCEL)
    start = time.perf_counter()
    for parcel in track(parcels, description=title, console=err, disable=not err.is_terminal):
        work(parcel)
    return len(texts) / (time.perf_counter() - start)


def turns(texts: Sequence[str]) -> list[list[dict[str, str]]]:
    """Conversations of TURNS questions; turn n holds the questions and replies before it."""
    requests = []
    for questions in in_parts(texts, TURNS):
        history = [{"role": "system", "content": "You are a helpful assistant. " * 40}]
        for question in questions:
            history = [*history, {"role": "user", "content": question}]
            requests.append(history)
            history = [*history, {"role": "assistant", "content": f"Here is what I know. {question}"}]
    return requests


def exchange_of(messages: list[dict[str, str]]) -> Exchange:
    uri = "/openai/deployments/m/chat/completions"
    body = json.dumps({"messages": messages})
    request = {"uri": uri, "method": "POST", "time": "2026-01-01T00:00:00", "body": body}
    response = {"status": "200", "body": "{}"}
    line = json.dumps({"chat": {"id": "c"}, "request": request, "response": response})
    exchange = surfaces.read(parse(line))
    assert exchange is not None
    return exchange


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--model", default=str(labelled.FOLDER))
    asked = parser.parse_args()
    seeds = [seed.text for seed in labelled.read_seeds(labelled.read_taxonomy(), least=0)]
    texts = [str(text) for text in np.random.default_rng(0).permutation(seeds)[: asked.texts]]
    distinct(texts, asked.model)
    replayed(texts[: asked.texts // 2], asked.model)


def distinct(texts: Sequence[str], model: str) -> None:
    raw = load_encoder("", "cpu").model
    raw.encode(list(texts[:64]))
    rates = {size: rate(partial(raw.encode, batch_size=size), texts, f"raw, {size}") for size in BATCH_SIZES}
    size, best = max(rates.items(), key=lambda entry: entry[1])
    ours = rate(make_topics(Asked(model)), texts, "topics")
    topics = make_topics(Asked(model))
    singles = {text: exchange_of([{"role": "user", "content": text}]) for text in texts}
    labels = rate(lambda parcel: label([singles[text] for text in parcel], detect, topics), texts, "labels")
    length = np.mean([len(text) for text in texts])
    print(f"{len(texts)} distinct texts of {length:.0f} characters, texts a second:")
    print(f"  raw encode, batches of {size:<5} {best:8.1f}")
    print(f"  our topics                 {ours:8.1f}   {ours / best:5.2f} of raw")
    print(f"  our labels                 {labels:8.1f}   {labels / best:5.2f} of raw")


def replayed(texts: Sequence[str], model: str) -> None:
    requests = turns(texts)
    joined = ["\n\n".join(message["content"] for message in request) for request in requests]
    whole = rate(load_encoder("", "cpu").encode, joined, "full texts")
    topics = make_topics(Asked(model))
    exchanges = dict(zip(joined, map(exchange_of, requests), strict=True))
    ours = rate(
        lambda parcel: label([exchanges[text] for text in parcel], detect, topics), joined, "replayed"
    )
    print(f"{len(requests)} records of conversations of {TURNS} turns, records a second:")
    print(f"  every full text embedded   {whole:8.1f}")
    print(f"  our labels                 {ours:8.1f}   {ours / whole:5.1f} times")


if __name__ == "__main__":
    main()
