"""What the same log costs when it is read as the predecessor reads it: the yardstick of `enrichment`.

One record at a time, all messages of the request and the reply joined, langid, `BERTopic.transform`, and the
table of topics asked anew for the name. Both contenders hold the same topic model and take turns.

    python bench/baseline.py [--records 160] [--model ./topic_model]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analytics.enrichment import label
from analytics.language import detect
from bench.topics import Asked, exchange_of, race, show, turns
from topic_model import texts as labelled
from workers.topics import make_topics
from workers.topics.encoders import load_sentence_encoder

PARCEL = 40


def predecessor(folder: str) -> Callable[[list[str]], object]:
    from bertopic import BERTopic
    from py3langid import langid

    model = BERTopic.load(folder, embedding_model=load_sentence_encoder("", "cpu").model)

    def read(joined: list[str]) -> list[tuple[str, Any]]:
        return [(langid.classify(text)[0], _topic(model, text)) for text in joined]

    return read


def _topic(model: Any, text: str) -> Any:
    topics, _ = model.transform([text])
    info = model.get_topic_info()
    return info[info["Topic"] == topics[0]]["GeneratedName"].iloc[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=160)
    parser.add_argument("--model", default=str(labelled.FOLDER))
    asked = parser.parse_args()
    seeds = [seed.text for seed in labelled.read_seeds(labelled.read_taxonomy(), least=0)]
    requests = turns([str(text) for text in np.random.default_rng(1).permutation(seeds)[: asked.records]])
    joined = ["\n\n".join(message["content"] for message in request) for request in requests]
    exchanges = dict(zip(joined, map(exchange_of, requests), strict=True))
    topics = make_topics(Asked(asked.model))
    contenders: dict[str, Callable[[list[str]], object]] = {
        "as the predecessor": predecessor(asked.model),
        "enrichment": lambda parcel: label([exchanges[text] for text in parcel], detect, topics),
    }
    race(contenders, joined[:PARCEL], PARCEL)  # warm, both
    topics = make_topics(Asked(asked.model))  # with nothing remembered
    rates = race(contenders, joined, PARCEL)
    print(f"{len(requests)} records, each with its whole history, records a second:")
    show(rates, rates["as the predecessor"])


if __name__ == "__main__":
    main()
