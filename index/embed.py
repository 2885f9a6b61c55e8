"""Texts to unit vectors. `Embed` is the plug point; `open_embedder` makes one from a model name by sentence-transformers."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from index import catalogue, weights
from index.compiled import compile_layers
from index.errors import ModelUnavailable
from index.words import tokens

Vectors = npt.NDArray[np.float32]
Kind = Literal["query", "passage"]
# (texts, kind, done) -> unit vectors of shape (n, dimension); `done` is told how many texts each batch finished.
Embed = Callable[[Sequence[str], Kind, Callable[[int], None]], Vectors]
BATCH = 32


@dataclass(frozen=True)
class Embedder:
    """An `Embed` and what an index must know of it: vectors belong to `digest`, not to a name."""

    name: str
    digest: str
    dimension: int
    embed: Embed


def open_embedder(name: str, models: Path, device: str = "") -> Embedder:
    """An embedder by catalogue name (must be installed), hub id or local folder.

    Raises:
        ModelUnavailable: it is not installed, or the hub does not give it.

    """
    known = catalogue.find(name)
    if known is None:
        return _load(name, name, "", device)
    folder = weights.installed(name, models)
    if folder is None:
        raise ModelUnavailable(f"the embedder {name} is not installed. Run 'kefu models pull {name}'")
    return _load(name, str(folder), weights.digest(name, models), device)


def _load(name: str, where: str, digest: str, device: str) -> Embedder:
    from sentence_transformers import SentenceTransformer

    quiet_transformers()
    try:
        model = SentenceTransformer(
            where, device=device or None, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )
    # torch says by assertion that it was built without the device that is asked for.
    except (OSError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelUnavailable(
            f"the embedder {name} cannot be loaded ({first_line(error)}). Give a name from 'kefu models', a hub id or a folder"
        ) from error
    model.eval()
    digest = digest or _digest_of(model)
    compile_layers(model.transformers_model)
    return Embedder(name, digest, int(model.get_embedding_dimension() or 0), _embed_with(model))


def _embed_with(model: Any) -> Embed:
    prompts: dict[str, str] = dict(model.prompts or {})

    def embed(texts: Sequence[str], kind: Kind, done: Callable[[int], None]) -> Vectors:
        prompt = prompts.get(kind) or (prompts.get("document", "") if kind == "passage" else "")
        out = np.zeros((len(texts), int(model.get_embedding_dimension() or 0)), np.float32)
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            out[rows] = model.encode(
                [texts[i] for i in rows],
                prompt=prompt,
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            done(len(rows))
        return out

    return embed


def _digest_of(model: Any) -> str:
    """sha256 over the weights of a model that the catalogue does not know, and over what else its vectors depend on."""
    modules = [f"{type(module).__name__} {getattr(module, 'get_config_dict', dict)()}" for module in model]
    beside = (sorted((model.prompts or {}).items()), model.max_seq_length, model.truncate_dim, modules)
    total = hashlib.sha256(repr(beside).encode())
    for name, tensor in sorted(model.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().float().numpy().tobytes())
    return total.hexdigest()


def quiet_transformers() -> None:
    """No progress bars and load reports on standard error: loading is said by whoever asked for it."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)


def first_line(error: Exception) -> str:
    """What a library's error says, in one line of at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def fake_embedder(dimension: int = 256) -> Embedder:
    """An embedder for tests: hashed tokens, so that texts with words in common are alike. No model."""

    def embed(texts: Sequence[str], kind: Kind, done: Callable[[int], None]) -> Vectors:
        rows = np.full((len(texts), dimension), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in tokens(text):
                row[int(hashlib.sha256(token.encode()).hexdigest(), 16) % dimension] += 1.0
        done(len(texts))
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    return Embedder("fake", f"fake-{dimension}", dimension, embed)
