"""What the many wordings of an entry have in common: a linear classifier over question vectors, by ridge regression.

Nearness to one wording takes all of a vector alike. Where entries have several, regressing which entry a wording belongs to
(one against the rest) finds the directions that tell these entries apart. (Rifkin, Yeo and Poggio 2003, "Regularized
Least-Squares Classification".)
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embed import Vectors
from index.stores import Rows

FILE = "wordings.npz"
WEIGHTS = "wordings.npy"  # apart, to be mapped
FEWEST = 3  # wordings of an entry, to be told apart by them
RIDGE = 1.0  # beside the mean eigenvalue of the scatter
BLOCK = 8192


@dataclass(frozen=True)
class Wordings:
    """A line for each entry that has several: `weights` of shape (taught, dimension) over vectors less their `mean`.

    `rows` are those entries, shape (taught,).
    """

    rows: Rows
    mean: Vectors
    weights: Vectors

    @classmethod
    def of(cls, vectors: Vectors, owners: Rows) -> "Wordings":
        """From the vectors of all wordings, shape (n, dimension), and the rows of their entries, in order, shape (n,)."""
        rows, counts = np.unique(owners, return_counts=True)
        taught = np.isin(owners, rows[counts >= FEWEST])
        rows, starts, counts = np.unique(owners[taught], return_index=True, return_counts=True)
        kept = vectors[taught]
        number, dimension = max(1, len(kept)), kept.shape[1]
        mean = kept.sum(0, np.float64) / number
        scatter = -number * np.outer(mean, mean)
        for start in range(0, len(kept), BLOCK):
            block = kept[start : start + BLOCK].astype(np.float64)
            scatter += block.T @ block
        sums = np.add.reduceat(kept, starts, dtype=np.float64) if len(rows) else np.zeros((0, dimension))
        ridge = RIDGE * np.trace(scatter) / dimension + 1e-9
        weights = np.linalg.solve(scatter + ridge * np.eye(dimension), (sums - counts[:, None] * mean).T).T
        return cls(rows, mean.astype(np.float32), weights.astype(np.float32, order="C"))

    def scores(self, vector: Vectors, among: Rows, entries: int) -> Vectors:
        """How far a question of shape (dimension,) is an entry's, about 0 to 1, shape (entries,).

        0 for what has few wordings and what is not `among` the rows that are asked for.
        """
        found = np.zeros(entries, np.float32)
        if len(self.rows):
            among = np.unique(among)
            at = np.minimum(np.searchsorted(self.rows, among), len(self.rows) - 1)
            taught = at[self.rows[at] == among]
            found[self.rows[taught]] = self.weights[taught] @ (vector - self.mean)
        return found

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        np.savez(folder / FILE, rows=self.rows, mean=self.mean)
        np.save(folder / WEIGHTS, self.weights)


def load(folder: Path) -> Wordings:
    """Read what `Wordings.save` wrote."""
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        rows, mean = arrays["rows"], arrays["mean"]
    return Wordings(rows, mean, np.load(folder / WEIGHTS, mmap_mode="r", allow_pickle=False))
