"""Vector stores. `VectorStore` is the plug point; `STORES` names those there are, imported when chosen."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.embed import Vectors
from index.errors import IndexFailure

Rows = npt.NDArray[np.int64]


class VectorStore(Protocol):
    """Unit vectors by row number, compared by inner product."""

    def add(self, vectors: Vectors) -> None:
        """Append rows of shape (n, dimension)."""

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, Rows]:
        """Scores and row numbers of the nearest `k`, each of shape (queries, k), best first; k is at most the rows there are."""

    def vectors(self) -> Vectors:
        """All rows, shape (n, dimension)."""

    def save(self, folder: Path) -> None:
        """Write into `folder`, which exists."""


OpenStore = Callable[[int, Path | None], VectorStore]


def _faiss(dimension: int, folder: Path | None) -> VectorStore:
    from index.stores.faiss_local import FaissStore

    return FaissStore(dimension, folder)


STORES: dict[str, OpenStore] = {"faiss": _faiss}


def open_store(name: str, dimension: int, folder: Path | None = None) -> VectorStore:
    """A store by name, empty or read from `folder`."""
    if name not in STORES:
        raise IndexFailure(f"there is no vector store {name}. Known: {', '.join(STORES)}")
    return STORES[name](dimension, folder)
