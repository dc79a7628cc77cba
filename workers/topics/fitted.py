"""Topics through BERTopic itself: models of the hub and folders of pytorch weights, as the predecessor served them."""

import logging
from typing import Any

from analytics.enrichment import UNDEFINED
from workers.topics.artefact import readable
from workers.topics.encoders import load_encoder
from workers.topics.errors import TopicError
from workers.topics.memory import RememberedTopics

logger = logging.getLogger(__name__)


class FittedTopics:
    """`BERTopic.transform` with the table of names made once: `get_topic_info` costs a millisecond a call."""

    def __init__(self, model: Any) -> None:
        self._model = model
        info = model.get_topic_info()
        generated = info["GeneratedName"] if "GeneratedName" in info else info["Name"]
        self._names = {
            int(topic): readable(aspect) or str(name)
            for topic, aspect, name in zip(info["Topic"], generated, info["Name"], strict=True)
        }
        self._names[-1] = UNDEFINED

    def __call__(self, texts: list[str]) -> list[str]:
        predictions, _ = self._model.transform(texts)
        return [self._names[int(topic)] for topic in predictions]


def fitted_topics(name: str, embeddings: str, device: str) -> RememberedTopics:
    encoder = load_encoder(embeddings, device) if embeddings else None
    from bertopic import BERTopic

    try:
        model = BERTopic.load(name, embedding_model=encoder.model if encoder else None)
        topics = FittedTopics(model)
        topics(["ready"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, UnboundLocalError) as error:
        raise TopicError(
            f"TOPIC_MODEL {name!r} cannot be served with the embeddings model {embeddings or 'named in it'!r}:"
            f" {type(error).__name__}"
        ) from error
    return RememberedTopics(topics)
