"""Fit the weights of the fusion on labelled sets, each left out in turn, and compare them with those that ship.

usage: python benchmarks/fusion.py SETS_DIR … [--models DIR]

SETS_DIR holds folders with corpus.jsonl and queries.jsonl (see the README of the evaluation data). Every SETS_DIR counts the same,
and each set in it. Three kinds of sets have weights of their own: entries with one or two wordings of their question, with many, and
texts without a question. A conditional logit (McFadden 1974) over the fields of the first 50 entries, without the reader.
Prints nDCG@10 of each set (at most 400 questions) with the weights that ship and with those fitted to the others of its kind; then the weights fitted to all,
as parts of asked + told + alone = 1, in Chinese and in other languages too. Those that ship are rounded by hand between what this
gives for sets that people wrote and for invented businesses.
"""

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from crawler.files import load
from crawler.records import read_jsonl
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, open_embedder
from index.fuse import BESIDE_MANY
from index.hybrid import Index
from index.weights import default_folder

FIELDS = "asked told alone words spelt wordings same_language".split()
QUESTIONS, SEED = 400, 20261123
PRIOR = 1e-6


@dataclass(frozen=True)
class Ranking:
    """The entries found for a question, by the weights that ship: their fields, shape (n, 7), and whether each answers."""

    language: str
    rows: np.ndarray
    right: np.ndarray
    answers: int

    def ndcg(self, scores: np.ndarray) -> float:
        """nDCG@10 of the order that `scores` give."""
        return ndcg(self.right[np.argsort(-scores, kind="stable")], self.answers)


def ndcg(right: Sequence[bool] | np.ndarray, answers: int) -> float:
    """nDCG@10 with gains of 0 and 1: which of those found are right, best first, of so many."""
    gained = sum(1 / math.log2(place + 2) for place, one in enumerate(right[:10]) if one)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(10, answers)))


@dataclass(frozen=True)
class LabelledSet:
    """Rankings of one set; `kind` says how its entries are worded, `share` what it counts."""

    name: str
    kind: str
    share: float
    rankings: Sequence[Ranking]

    @property
    def family(self) -> str:
        """Sets of one family share their texts."""
        return "xquad" if self.name.startswith(("xquad", "near")) else self.name


def read_set(folder: Path, share: float, embedder: Embedder) -> LabelledSet:
    queries = [row for _, row in read_jsonl(folder / "queries.jsonl") if row["relevant"]]
    queries = random.Random(SEED).sample(queries, min(QUESTIONS, len(queries)))
    with tempfile.TemporaryDirectory(prefix="kefu-fusion-") as work:
        sync(Path(work) / "shop", list(load([folder / "corpus.jsonl"]).entries), embedder)
        index = Index.open(Path(work) / "shop", embedder, load_calibration())
    vectors = index._vectors([query["question"] for query in queries])
    rankings = [
        ranked(index, query["question"], vector[None], query["relevant"])
        for query, vector in zip(queries, vectors, strict=True)
    ]
    table = index._table
    many = table.weights == BESIDE_MANY
    kind = "texts" if not table.has_question.any() else "many wordings" if many else "few wordings"
    return LabelledSet(folder.name, kind, share, rankings)


def ranked(index: Index, question: str, vector: np.ndarray, relevant: Collection[str]) -> Ranking:
    asked = index._asked(question, vector)
    found = index._ranking(asked)
    fields = [[*(getattr(one, name) for name in FIELDS[:-1]), one.entry.language == asked.answered_in] for one in found]
    right = np.array([one.entry.id in relevant for one in found])
    return Ranking(asked.language, np.array(fields, float), right, len(relevant))


def shipped(one: LabelledSet) -> float:
    """nDCG@10 of the order in which the entries were found."""
    return float(np.mean([ranking.ndcg(-np.arange(len(ranking.right))) for ranking in one.rankings]))


def fit(sets: Sequence[LabelledSet], language: str = "") -> np.ndarray:
    """Weights of `FIELDS` that make what answers most likely; `language` is zh, other or, for both, ""."""
    chosen = [
        (ranking, one.share / len(one.rankings))
        for one in sets
        for ranking in one.rankings
        if ranking.right.any() and language in ("", "zh" if ranking.language == "zh" else "other")
    ]
    rows = np.concatenate([ranking.rows for ranking, _ in chosen])
    wanted = np.concatenate([ranking.right / ranking.right.sum() for ranking, _ in chosen])
    sizes = [len(ranking.right) for ranking, _ in chosen]
    starts, share = np.cumsum([0, *sizes[:-1]]), np.repeat([share for _, share in chosen], sizes)
    of = np.repeat(np.arange(len(sizes)), sizes)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = rows @ weights
        scores -= np.maximum.reduceat(scores, starts)[of]
        log_p = scores - np.log(np.add.reduceat(np.exp(scores), starts))[of]
        gradient = rows.T @ (share * (np.exp(log_p) - wanted)) + 2 * PRIOR * weights
        return float(-(share * wanted * log_p).sum() + PRIOR * weights @ weights), gradient

    return np.asarray(minimize(loss, np.zeros(len(FIELDS)), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x)


def said(weights: np.ndarray) -> str:
    parts = weights / weights[:3].sum()
    return "  ".join(f"{name} {part:.2f}" for name, part in zip(FIELDS, parts, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, default=default_folder())
    args = parser.parse_args()
    embedder = open_embedder(DEFAULT_EMBEDDER, args.models)
    sets = []
    for folder in args.sets:
        paths = sorted(path for path in folder.iterdir() if (path / "queries.jsonl").exists())
        for path in paths:
            print(f"asking {path.name}", file=sys.stderr, flush=True)
            sets.append(read_set(path, 1 / len(paths), embedder))
    for kind in sorted({one.kind for one in sets}):
        alike = [one for one in sets if one.kind == kind]
        for one in alike:
            others = [other for other in alike if other.family != one.family]
            figure = f"{shipped(one):.3f}"
            if others:
                weights = fit(others)
                fitted = np.mean([ranking.ndcg(ranking.rows @ weights) for ranking in one.rankings])
                figure += f"  fitted to the others {fitted:.3f}"
            print(f"{kind:14} {one.name:22} as shipped {figure}", flush=True)
        spoken = {"zh" if ranking.language == "zh" else "other" for one in alike for ranking in one.rankings}
        for language in ("", *sorted(spoken)):
            print(f"{kind:14} {language or 'all':22} {said(fit(alike, language))}", flush=True)


if __name__ == "__main__":
    main()
