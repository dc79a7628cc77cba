"""The packaged all-MiniLM-L6-v2 on torch alone: ready in seconds, and no text pays for a longer one.

The same vectors as sentence-transformers gives, whose import takes longer than all the rest of the start.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from workers.topics.artefact import Vectors

DIMENSION = 384
HEADS = 12
LAYERS = 6
MOST_TOKENS = 256
EPSILON = 1e-12
# Tokens of a batch: on one CPU thread a small one stays in the cache, a GPU wants to be filled.
BUDGET = {"cpu": 1024, "cuda": 65_536}
BF16_FLAGS = {"amx_bf16", "avx512_bf16"}


class MiniLM:
    """A BERT of six layers, the mean of its token vectors, length one."""

    name = "sentence-transformers/all-MiniLM-L6-v2"
    dimension = DIMENSION

    def __init__(
        self, folder: Path, device: str, weights_sha256: str, dtype: torch.dtype | None = None
    ) -> None:
        self.weights_sha256 = weights_sha256
        self.device = device
        self.dtype = dtype or best_dtype(device)
        self._budget = BUDGET.get(device.partition(":")[0], BUDGET["cpu"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        weights = load_file(folder / "model.safetensors")
        self._weights = {
            name: tensor.to(device, self.dtype)
            for name, tensor in weights.items()
            if tensor.is_floating_point()
        }

    def encode(self, texts: Sequence[str]) -> Vectors:
        tokens = self._tokenizer.encode_batch(list(texts))
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        with torch.inference_mode():
            for batch in self._batches(tokens):
                vectors[batch] = self._embed([tokens[number] for number in batch])
        return vectors

    def _batches(self, tokens: Sequence[Encoding]) -> Iterator[list[int]]:
        """Texts of like length stand together, so that hardly anything is padded."""
        batch: list[int] = []
        for number in sorted(range(len(tokens)), key=lambda number: len(tokens[number].ids)):
            if batch and (len(batch) + 1) * len(tokens[number].ids) > self._budget:
                yield batch
                batch = []
            batch.append(number)
        if batch:
            yield batch

    def _embed(self, batch: Sequence[Encoding]) -> Vectors:
        longest = len(batch[-1].ids)
        ids = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in batch], device=self.device)
        sizes = torch.tensor([[len(one.ids)] for one in batch], device=self.device)
        real = torch.arange(longest, device=self.device) < sizes
        hidden = self._read(ids, None if bool(real.all()) else real[:, None, None, :])
        total = (hidden.float() * real[:, :, None]).sum(dim=1)
        vectors: Vectors = normalize(total).cpu().numpy()
        return vectors

    def _read(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        word, place, kind = (
            self._weights[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        hidden = self._norm(word[ids] + place[: ids.shape[1]] + kind[0], "embeddings.LayerNorm")
        for number in range(LAYERS):
            layer = f"encoder.layer.{number}"
            seen = self._attend(hidden, f"{layer}.attention.self", mask)
            hidden = self._norm(
                hidden + self._linear(seen, f"{layer}.attention.output.dense"),
                f"{layer}.attention.output.LayerNorm",
            )
            more = gelu(self._linear(hidden, f"{layer}.intermediate.dense"))
            hidden = self._norm(
                hidden + self._linear(more, f"{layer}.output.dense"), f"{layer}.output.LayerNorm"
            )
        return hidden

    def _attend(self, hidden: Tensor, name: str, mask: Tensor | None) -> Tensor:
        shape = (*hidden.shape[:2], HEADS, DIMENSION // HEADS)
        query, key, value = (
            self._linear(hidden, f"{name}.{part}").view(shape).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return seen.transpose(1, 2).reshape(hidden.shape)

    def _linear(self, hidden: Tensor, name: str) -> Tensor:
        return linear(hidden, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, hidden: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return layer_norm(hidden, (DIMENSION,), weight, bias, EPSILON)


def best_dtype(device: str) -> torch.dtype:
    """Half the bytes where the processor multiplies them itself; elsewhere they would only be slower."""
    if device.startswith("cuda"):
        return torch.float16
    return torch.bfloat16 if device == "cpu" and cpu_flags() & BF16_FLAGS else torch.float32


def cpu_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())
