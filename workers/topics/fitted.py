"""Topics through BERTopic itself: models of the hub and folders of pytorch weights."""

from pickle import UnpicklingError
from typing import Any

from analytics.language import UNDEFINED
from workers.topics.artefact import readable
from workers.topics.encoders import load_sentence_encoder
from workers.topics.errors import TopicError
from workers.topics.memory import RememberedTopics

# What BERTopic, the hub and torch raise for files that are missing, or something else, or do not fit.
UNSERVABLE = (
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
)


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
    encoder = load_sentence_encoder(embeddings, device) if embeddings else None
    from bertopic import BERTopic

    try:
        model = BERTopic.load(name, embedding_model=encoder.model if encoder else None)
        topics = FittedTopics(model)
        topics(["ready"])
    except UNSERVABLE as error:
        made_with = (
            f"the embeddings model {embeddings!r}" if embeddings else "the embeddings model that it names"
        )
        raise TopicError(
            f"TOPIC_MODEL {name!r} cannot be served with {made_with}: {type(error).__name__}"
        ) from error
    return RememberedTopics(topics)
