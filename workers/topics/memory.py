"""A bounded memory in front of a topic model: what was asked lately is not asked again."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

from analytics.language import UNDEFINED
from workers import metrics

# 16 bytes of digest, a shared name and the dict's own share: about 20 MB when full.
CAPACITY = 100_000


class RememberedTopics:
    """Asks `classify` once per batch, for texts not seen lately; keeps digests, never anybody's words."""

    def __init__(self, classify: Callable[[list[str]], list[str]], capacity: int = CAPACITY) -> None:
        self._classify = classify
        self._capacity = capacity
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> list[str]:
        keys = [_key(text) for text in texts]
        answers = {key: self._known[key] for key in keys if key in self._known}
        fresh = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in answers and text.strip()
        }
        metrics.count("topic_cache:miss", len(fresh))
        metrics.count("topic_cache:hit", len(answers))
        if fresh:
            # A lone surrogate is legal JSON and stops every tokenizer, which would fail the whole batch.
            readable = [text.encode("utf-8", "replace").decode("utf-8") for text in fresh.values()]
            metrics.observe("model_texts", len(readable))
            with metrics.timed("model_seconds"):
                answers.update(zip(fresh, self._classify(readable), strict=True))
        self._remember(answers)
        return [answers.get(key, UNDEFINED) for key in keys]

    def _remember(self, answers: dict[bytes, str]) -> None:
        for key, name in answers.items():
            self._known[key] = name
            self._known.move_to_end(key)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
