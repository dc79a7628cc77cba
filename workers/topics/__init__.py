"""What a worker holds to name topics: `make_topics` gives it, ready, or says in one sentence why not.

A BERTopic folder saved as safetensors is served from its topic vectors; the rest goes through BERTopic.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from analytics.enrichment import TopicModel
from analytics.language import UNDEFINED
from workers.topics.errors import TopicError

LIGHT = "light"
STATIC = "static"

__all__ = ["LIGHT", "STATIC", "TopicError", "TopicSettings", "make_topics"]


class TopicSettings(Protocol):
    """The part of the settings that topics need."""

    @property
    def topic_model(self) -> str: ...
    @property
    def topic_embeddings_model(self) -> str | None: ...
    @property
    def topic_device(self) -> str: ...
    @property
    def topic_encoder(self) -> str: ...


def make_topics(settings: TopicSettings) -> TopicModel:
    """The topic model that the settings ask for; raises TopicError where it cannot serve."""
    name, embeddings = settings.topic_model, settings.topic_embeddings_model or ""
    if not name:
        return no_topics
    if settings.topic_encoder in {LIGHT, STATIC}:
        return _without_torch(name, embeddings, settings.topic_encoder)
    if (Path(name) / "topic_embeddings.safetensors").is_file():
        from workers.topics.vectors import vector_topics

        return vector_topics(Path(name), embeddings, settings.topic_device)
    _refuse_what_cannot_be_loaded(name)
    from workers.topics.fitted import fitted_topics

    return fitted_topics(name, embeddings, settings.topic_device)


def _without_torch(name: str, embeddings: str, encoder: str) -> TopicModel:
    if embeddings:
        raise TopicError(
            f"TOPIC_ENCODER is {encoder}, which has its own embeddings: unset TOPIC_EMBEDDINGS_MODEL"
        )
    from workers.topics.vectors import light_topics, static_topics

    return (static_topics if encoder == STATIC else light_topics)(Path(name))


def no_topics(texts: Sequence[str]) -> list[str]:
    """Topics are off."""
    return [UNDEFINED] * len(texts)


def _refuse_what_cannot_be_loaded(name: str) -> None:
    path = Path(name)
    if path.is_file():
        raise TopicError(
            f"TOPIC_MODEL {name!r} is a single file; a pickled model is refused, because loading one runs"
            " the code in it: save it as a folder with serialization='safetensors'"
        )
    if path.is_dir() and not (path / "topic_embeddings.bin").is_file():
        raise TopicError(f"TOPIC_MODEL {name!r} holds no topic_embeddings.safetensors")
    if not path.exists() and (name.startswith((".", "/", "~")) or name.count("/") != 1):
        raise TopicError(f"TOPIC_MODEL {name!r} is neither a folder nor a hub name such as owner/model")
