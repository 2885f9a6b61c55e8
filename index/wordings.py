"""What the many wordings of an entry have in common: a linear classifier over question vectors, by ridge regression.

Nearness to one wording takes all of a vector alike. Where entries have several, regressing which entry a wording belongs to
(one against the rest) finds the directions that tell these entries apart. (Rifkin, Yeo and Poggio 2003, "Regularized
Least-Squares Classification".)
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.embed import Vectors
from index.stores import Rows

FILE = "wordings.npz"
FEWEST = 3  # wordings of an entry, to be told apart by them
RIDGE = 1.0  # beside the mean eigenvalue of the scatter

Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Wordings:
    """Sums over the question vectors of the entries that have several, from which an entry can be taken away again.

    `rows` are those entries, shape (taught,); `counts` of their wordings, shape (taught,); `sums` of their vectors, shape
    (taught, dimension); `products` of all of these with themselves, shape (dimension, dimension).
    """

    rows: Rows
    counts: Rows
    sums: Sums
    products: Sums

    @classmethod
    def of(cls, vectors: Vectors, owners: Rows) -> "Wordings":
        """From the vectors of all wordings, shape (n, dimension), and the rows of their entries, in order, shape (n,)."""
        rows, counts = np.unique(owners, return_counts=True)
        taught = np.isin(owners, rows[counts >= FEWEST])
        rows, starts, counts = np.unique(owners[taught], return_index=True, return_counts=True)
        kept = vectors[taught].astype(np.float64)
        sums = np.add.reduceat(kept, starts) if len(rows) else np.zeros((0, vectors.shape[1]))
        return cls(rows, counts, sums, kept.T @ kept)

    def without(self, gone: Collection[int], vectors: Vectors, owners: Rows) -> "Wordings":
        """As if the entries of the rows `gone` were not there; `vectors` and `owners` as they were given to `of`."""
        kept = ~np.isin(self.rows, list(gone))
        lost = vectors[np.isin(owners, self.rows[~kept])].astype(np.float64)
        return Wordings(self.rows[kept], self.counts[kept], self.sums[kept], self.products - lost.T @ lost)

    def classifier(self) -> "Classifier":
        """What tells these entries apart."""
        number, dimension = max(1, self.counts.sum()), len(self.products)
        mean = self.sums.sum(0) / number
        scatter = self.products - number * np.outer(mean, mean)
        ridge = RIDGE * np.trace(scatter) / dimension + 1e-9
        apart = np.linalg.solve(scatter + ridge * np.eye(dimension), (self.sums - self.counts[:, None] * mean).T).T
        return Classifier(self.rows, mean, apart)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        np.savez(folder / FILE, rows=self.rows, counts=self.counts, sums=self.sums, products=self.products)


@dataclass(frozen=True)
class Classifier:
    """A line for each entry: `weights` of shape (taught, dimension) over vectors less their `mean`."""

    rows: Rows
    mean: Sums
    weights: Sums

    def scores(self, vector: Vectors, entries: int) -> Vectors:
        """How far a question of shape (dimension,) is each entry's, about 0 to 1, shape (entries,); 0 for what has few wordings."""
        found = np.zeros(entries, np.float32)
        found[self.rows] = self.weights @ (vector - self.mean)
        return found


def load(folder: Path) -> Wordings:
    """Read what `Wordings.save` wrote."""
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        return Wordings(*(arrays[name] for name in ("rows", "counts", "sums", "products")))
