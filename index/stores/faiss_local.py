"""Exact search in one file, by FAISS."""

from pathlib import Path

import faiss
import numpy as np

from index.embed import Vectors
from index.errors import SnapshotDamaged
from index.stores import Rows

FILE = "faiss.index"


class FaissStore:
    """A flat inner-product index. Checksums are the caller's: FAISS loads many damaged files without complaint."""

    def __init__(self, dimension: int, folder: Path | None = None) -> None:
        self._index = faiss.IndexFlatIP(dimension) if folder is None else _read(folder / FILE)
        if self._index.d != dimension:
            raise SnapshotDamaged(f"the vectors have {self._index.d} dimensions instead of {dimension}")

    def add(self, vectors: Vectors) -> None:
        """Append rows of shape (n, dimension)."""
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, Rows]:
        """Scores and row numbers of the nearest `k`, each of shape (queries, k), best first."""
        scores, rows = self._index.search(np.ascontiguousarray(queries, np.float32), min(k, self._index.ntotal))
        return scores, rows

    def vectors(self) -> Vectors:
        """All rows, shape (n, dimension)."""
        rows: Vectors = self._index.reconstruct_n(0, self._index.ntotal)
        return rows

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        faiss.write_index(self._index, str(folder / FILE))


def _read(path: Path) -> faiss.Index:
    try:
        return faiss.read_index(str(path))
    except RuntimeError as error:
        raise SnapshotDamaged(f"{path.name} cannot be read") from error
