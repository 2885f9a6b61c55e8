"""Fit `index/calibration.json` on labelled sets, and say how it carries over to a set that it never saw.

usage: python benchmarks/fit_calibration.py SETS_DIR [--models DIR] [--write]

SETS_DIR holds folders with corpus.jsonl and queries.jsonl (see the README of the evaluation data). For every set the index is
built twice more with half of the entries hidden, so that questions whose entry is gone are examples of "not answered here".
Prints, leave-one-set-out: AUROC of the probability and calibration error (10 bins); with --write, fits on all sets.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from crawler.records import from_json, read_jsonl
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, open_embedder
from index.hybrid import Index, sync
from index.weights import default_folder

FEATURES = ("similarity", "margin", "spread", "coverage", "question")
MAX_QUERIES = 400


def examples(folder: Path, embedder: Embedder, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Feature rows and labels (the first hit answers) of one set."""
    entries = [from_json(row, where=where) for where, row in read_jsonl(folder / "corpus.jsonl")]
    queries = [row for _, row in read_jsonl(folder / "queries.jsonl")]
    rng.shuffle(queries)
    ids = [entry.id for entry in entries]
    rng.shuffle(ids)
    halves: list[set[str]] = [set(), set(ids[: len(ids) // 2]), set(ids[len(ids) // 2 :])]
    rows, labels = [], []
    site = Path(tempfile.mkdtemp(prefix="kefu-fit-")) / folder.name.replace("_", "-")
    for hidden in halves:
        sync(site, [entry for entry in entries if entry.id not in hidden], embedder)
        index = Index.open(site, embedder, load_calibration())
        wanted = [q for q in queries if not hidden or (q["relevant"] and set(q["relevant"]) <= hidden)]
        wanted = wanted[: MAX_QUERIES if not hidden else MAX_QUERIES // 4]
        for query, found in zip(wanted, index.search_many([q["question"] for q in wanted], 10), strict=True):
            rows.append([found.features.get(name, 0.0) for name in FEATURES])
            labels.append(bool(found.hits) and found.hits[0].entry.id in query["relevant"])
    return np.array(rows), np.array(labels, int)


def fit(rows: np.ndarray, labels: np.ndarray, sets: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept in the features' own units; every set weighs the same."""
    mean, scale = rows.mean(0), rows.std(0) + 1e-9
    share = np.array([1.0 / (sets == name).sum() for name in sets])
    model = LogisticRegression(C=1.0, max_iter=2000).fit(
        (rows - mean) / scale, labels, sample_weight=share * len(rows) / len(set(sets))
    )
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - (weights * mean).sum())


def expected_calibration_error(p: np.ndarray, labels: np.ndarray) -> float:
    """Mean gap between probability and share right, over 10 bins of equal width."""
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(
        abs(p[bins == b].mean() - labels[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any()
    )


def report(names: Sequence[str], rows: np.ndarray, labels: np.ndarray, sets: np.ndarray) -> None:
    for name in names:
        weights, intercept = fit(rows[sets != name], labels[sets != name], sets[sets != name])
        p = 1 / (1 + np.exp(-(rows[sets == name] @ weights + intercept)))
        gold = labels[sets == name]
        single = roc_auc_score(gold, rows[sets == name][:, 0])
        print(
            f"{name:18} n={len(gold):4} right {gold.mean():.2f}  AUROC {roc_auc_score(gold, p):.3f} (similarity alone {single:.3f})  ECE {expected_calibration_error(p, gold):.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--models", type=Path, default=default_folder())
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    embedder = open_embedder(DEFAULT_EMBEDDER, args.models)
    rng = random.Random(20261122)
    data: dict[str, Any] = {}
    for folder in sorted(path for path in args.sets.iterdir() if (path / "queries.jsonl").exists()):
        data[folder.name] = examples(folder, embedder, rng)
        print(f"{folder.name}: {len(data[folder.name][1])} examples", flush=True)
    rows = np.concatenate([part[0] for part in data.values()])
    labels = np.concatenate([part[1] for part in data.values()])
    sets = np.concatenate([np.full(len(part[1]), name) for name, part in data.items()])
    report(list(data), rows, labels, sets)
    weights, intercept = fit(rows, labels, sets)
    model = {
        "weights": dict(zip(FEATURES, (round(float(w), 4) for w in weights), strict=True)),
        "intercept": round(intercept, 4),
    }
    print(json.dumps(model))
    if args.write:
        (Path(__file__).parent.parent / "index" / "calibration.json").write_text(
            json.dumps(model, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
