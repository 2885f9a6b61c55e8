"""BM25 over entries, by bm25s (Lù 2024, https://arxiv.org/abs/2407.03618). Knows tokens, not languages."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


class Lexical:
    """A BM25 index (Lucene variant, k1 0.9, b 0.4: entries are short). `weight` makes scores of different questions comparable."""

    def __init__(self, bm25: Any, vocabulary: dict[str, int], frequencies: npt.NDArray[np.int32], count: int) -> None:
        self._bm25 = bm25
        self._vocabulary = vocabulary
        self._frequencies = frequencies
        self._count = count

    def scores(self, tokens: Sequence[str]) -> Scores:
        """BM25 score of every entry, shape (entries,)."""
        known = [token for token in tokens if token in self._vocabulary]
        if not known or not self._count:
            return np.zeros(self._count, np.float32)
        return np.asarray(self._bm25.get_scores(known), np.float32)

    def shares(self, tokens: Sequence[str]) -> Scores:
        """BM25 score of every entry over the highest there could be, 0 to 1, shape (entries,)."""
        return self.scores(tokens) / (sum(map(self.weight, tokens)) or 1.0)

    def weight(self, token: str) -> float:
        """Inverse document frequency of a token; a token that no entry holds weighs most."""
        n = int(self._frequencies[self._vocabulary[token]]) if token in self._vocabulary else 0
        return float(np.log(1 + (self._count - n + 0.5) / (n + 0.5)))

    def save(self, folder: Path) -> None:
        """Write into `folder`: arrays and JSON, no pickle."""
        if self._bm25 is not None:
            self._bm25.save(str(folder / "bm25"))
        np.save(folder / "frequencies.npy", self._frequencies, allow_pickle=False)
        (folder / "vocabulary.json").write_text(json.dumps(self._vocabulary, ensure_ascii=False), "utf-8")


def build(documents: Sequence[Sequence[str]]) -> Lexical:
    """Index tokenised documents."""
    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(token, len(vocabulary)) for token in document] for document in documents]
    frequencies = np.zeros(len(vocabulary), np.int32)
    for document in ids:
        for token in set(document):
            frequencies[token] += 1
    if not vocabulary:
        return Lexical(None, {}, frequencies, len(documents))
    bm25s = _bm25s()
    bm25 = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    bm25.index((ids, vocabulary), show_progress=False, create_empty_token=False)
    return Lexical(bm25, vocabulary, frequencies, len(documents))


def load(folder: Path, count: int) -> Lexical:
    """Read what `Lexical.save` wrote; `count` is the number of entries."""
    vocabulary = json.loads((folder / "vocabulary.json").read_text("utf-8"))
    frequencies = np.load(folder / "frequencies.npy", allow_pickle=False)
    if not vocabulary:
        return Lexical(None, {}, frequencies, count)
    return Lexical(_bm25s().BM25.load(str(folder / "bm25"), load_corpus=False), vocabulary, frequencies, count)


def _bm25s() -> Any:
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets DEBUG
    return bm25s
