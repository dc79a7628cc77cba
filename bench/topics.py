"""What topics cost, beside `SentenceTransformer.encode` alone on the same texts: one run, one thread.

1. Distinct English texts: raw encode at its best batch size; our topics; our labels (words chosen, language,
   topic); the same with TOPIC_ENCODER=light and static.
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
from workers.topics.encoders import load_sentence_encoder

BATCH_SIZES = (8, 16, 32, 64)
PARCEL = 100
TURNS = 8
err = Console(stderr=True)


class Asked:
    """The part of the settings that topics need."""

    topic_embeddings_model = ""
    topic_device = "cpu"

    def __init__(self, topic_model: str, topic_encoder: str = "auto") -> None:
        self.topic_model = topic_model
        self.topic_encoder = topic_encoder


def in_parts(texts: Sequence[str], size: int) -> list[list[str]]:
    return [list(texts[start : start + size]) for start in range(0, len(texts), size)]


def race(
    contenders: dict[str, Callable[[list[str]], object]], texts: Sequence[str], size: int = PARCEL
) -> dict[str, float]:
    """Texts a second of each. They take turns at every parcel, so that a busy minute is the same for all."""
    seconds = dict.fromkeys(contenders, 0.0)
    parcels = in_parts(texts, size)
    for turn, parcel in enumerate(track(parcels, console=err, disable=not err.is_terminal)):
        names = list(contenders)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.perf_counter()
            contenders[name](parcel)
            seconds[name] += time.perf_counter() - start
    return {name: len(texts) / spent for name, spent in seconds.items()}


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
    distinct([text for text in texts if detect(text) == "en"], asked.model)
    replayed(texts[: asked.texts // 2], asked.model)


def distinct(texts: Sequence[str], model: str) -> None:
    encode = load_sentence_encoder("", "cpu").model.encode
    ways = ("auto", "auto", "light", "static")
    topics, labels, light, static = (make_topics(Asked(model, way)) for way in ways)
    singles = {text: exchange_of([{"role": "user", "content": text}]) for text in texts}
    raw = {f"raw encode by {size}": partial(encode, batch_size=size) for size in BATCH_SIZES}
    ours: dict[str, Callable[[list[str]], object]] = {
        "our topics": topics,
        "our labels": lambda parcel: label([singles[text] for text in parcel], detect, labels),
        "our labels, light": lambda parcel: label([singles[text] for text in parcel], detect, light),
        "our labels, static": lambda parcel: label([singles[text] for text in parcel], detect, static),
    }
    rates = race(raw | ours, texts)
    length = np.mean([len(text) for text in texts])
    print(f"{len(texts)} distinct texts of {length:.0f} characters, texts a second:")
    show(rates, max(rates[name] for name in raw))


def replayed(texts: Sequence[str], model: str) -> None:
    requests = turns(texts)
    joined = ["\n\n".join(message["content"] for message in request) for request in requests]
    exchanges = dict(zip(joined, map(exchange_of, requests), strict=True))
    topics = make_topics(Asked(model))
    rates = race(
        {
            "full texts embedded": load_sentence_encoder("", "cpu").encode,
            "our labels": lambda parcel: label([exchanges[text] for text in parcel], detect, topics),
        },
        joined,
    )
    print(f"{len(requests)} records of conversations of {TURNS} turns, records a second:")
    show(rates, rates["full texts embedded"])


def show(rates: dict[str, float], yardstick: float) -> None:
    for name, rate in rates.items():
        print(f"  {name:<20} {rate:8.1f}   {rate / yardstick:5.2f}")


if __name__ == "__main__":
    main()
