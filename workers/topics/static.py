"""Text to vectors by a table alone: the mean of the vectors of its tokens, thousands of texts a second.

`topic_model/distil.py` makes the table out of all-MiniLM-L6-v2; it lies inside the folder of its topics.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from workers.topics.artefact import Vectors
from workers.topics.errors import TopicError

STATIC_NAME = "all-MiniLM-L6-v2-static"
TABLE = "encoder.safetensors"
TOKENIZER = "tokenizer.json"
MOST_TOKENS = 256


class StaticEncoder:
    """Bytes times a scale a token; the scale holds how much the token says, so "the" hardly counts."""

    name = STATIC_NAME

    def __init__(self, folder: Path, expected: str = "") -> None:
        self.weights_sha256 = static_sha256(folder)
        if expected and self.weights_sha256 != expected:
            raise TopicError(f"the static encoder in '{folder}' is damaged: its digest is not the manifest's")
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            parts = load_file(folder / TABLE)
            self._table: Vectors = parts["vectors"].astype(np.float32) * parts["scales"][:, None]
        except (OSError, ValueError, LookupError, SafetensorError) as error:
            raise TopicError(f"the static encoder in '{folder}' is not readable: {error!r}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self.dimension = int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, tokens in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if tokens.ids:
                vectors[row] = self._table[tokens.ids].mean(axis=0)
        return vectors


def static_sha256(folder: Path) -> str:
    """One digest over the table and the tokenizer: either would change every vector."""
    digest = hashlib.sha256()
    try:
        for name in (TABLE, TOKENIZER):
            digest.update((folder / name).read_bytes())
    except OSError as error:
        raise TopicError(f"the static encoder in '{folder}' is not readable: {error!r}") from error
    return digest.hexdigest()
