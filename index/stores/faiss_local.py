"""Vectors in one file, by FAISS: every row compared while they are few, an inverted file when they are many.

Checksums are the caller's: FAISS loads many damaged files without complaint. What is loaded is mapped, not read.
"""

import os
import threading
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.embed import Vectors
from index.errors import SnapshotDamaged
from index.stores import Rows

FILE = "faiss.index"
# Up to here comparing with every row takes about a millisecond (benchmarks/RESULTS.md).
FLAT_MOST = 10_000
# Lists that one search looks into. Of 2√n lists, 64 give recall@10 ≥ .99 from 10,000 to 300,000 rows; HNSW takes
# several times as long to build and finds no more.
PROBED = 64
TRAINED_ON = 64  # rows for each list
READ_FLAGS = faiss.IO_FLAG_MMAP_IFC if os.name != "nt" else 0  # Windows cannot remove a file that is mapped

_reading = threading.Lock()


class FaissStore:
    """An inner-product index, flat or IVF by size. IVF may miss a row, but scores of what it finds are exact."""

    def __init__(self, dimension: int, folder: Path | None = None) -> None:
        self._index: Any = faiss.IndexFlatIP(dimension) if folder is None else _read(folder / FILE)
        if self._index.d != dimension:
            raise SnapshotDamaged(f"the vectors have {self._index.d} dimensions instead of {dimension}")

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append rows of shape (n, dimension). Best called once: what is there already is indexed anew."""
        rows = np.concatenate([self.vectors(), vectors]) if len(self) else np.ascontiguousarray(vectors, np.float32)
        self._index = _flat(rows) if len(rows) <= FLAT_MOST else _inverted(rows)

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, Rows]:
        """Scores and row numbers of the nearest `k`, each of shape (queries, k), best first."""
        asked, k = np.ascontiguousarray(queries, np.float32), min(k, len(self))
        if not k:
            return np.zeros((len(asked), 0), np.float32), np.zeros((len(asked), 0), np.int64)
        scores, rows = self._index.search(asked, k)
        if (rows < 0).any():  # the lists looked into hold fewer than k rows
            everywhere: Any = faiss.SearchParametersIVF()
            everywhere.nprobe = self._index.nlist
            scores, rows = self._index.search(asked, k, params=everywhere)
        return scores, rows

    def vectors(self) -> Vectors:
        """All rows, shape (n, dimension)."""
        rows: Vectors = self._index.reconstruct_n(0, len(self))
        return rows

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        with (folder / FILE).open("wb") as file:  # Python says what went wrong, FAISS only that something did
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def _flat(rows: Vectors) -> faiss.Index:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return index


def _inverted(rows: Vectors) -> faiss.Index:
    lists = 2 * int(len(rows) ** 0.5)
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = min(PROBED, lists)
    index.cp.niter, index.cp.max_points_per_centroid = 10, TRAINED_ON
    index.train(rows)
    index.add(rows)
    return index


def _read(path: Path) -> faiss.Index:
    """Read an index file; nothing in it may claim to be longer than the file."""
    try:
        with _reading:  # the limit is one for the process
            faiss.set_deserialization_vector_byte_limit(path.stat().st_size)
            return faiss.read_index(str(path), READ_FLAGS)
    except (RuntimeError, OSError) as error:
        raise SnapshotDamaged(f"{path.name} cannot be read") from error
