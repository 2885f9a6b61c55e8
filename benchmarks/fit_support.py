"""Fit what is made of the judge's marks: the logistic regression that says whether a whole answer is supported, `chatbot/support.json`.

usage: python benchmarks/fit_support.py --written DIR --shops DIR [--summedits FILE …] [--squad FILE …] [--out FILE] [--score CLAIMS.jsonl …]

The claims are those of the documents that `benchmarks/train_support.py` kept out of the judge's training. Prints balanced accuracy and
AUROC on them by kind, and on the files of --score ({"sources","answer","supported"}), which nothing is fitted to; beside them, what the
comparison of words and facts does alone.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from support_claims import Claim
from train_support import MADE, SEED, all_claims, kept_out

from chatbot.support import FEATURES, Fit, Judge, features, open_judge, read_together
from chatbot.verify import clean, sentences, supported_by
from crawler.records import read_jsonl
from index import weights

MADE_EACH = 300


def measured(rows: Sequence[tuple[str, tuple[str, ...]]], judge: Judge) -> np.ndarray:
    """The features of (answer, sources), shape (rows, features)."""
    return np.array([features(read_together(answer, sources, judge)[1]) for answer, sources in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--written", type=Path, required=True)
    parser.add_argument("--shops", type=Path, required=True)
    parser.add_argument("--summedits", type=Path, nargs="+", default=[])
    parser.add_argument("--squad", type=Path, nargs="+", default=[])
    parser.add_argument("--score", type=Path, nargs="+", default=[])
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    judge = open_judge(weights.default_folder())
    if judge is None:
        raise SystemExit("the default embedder is not installed. Run 'kefu models pull multilingual-e5-small-q4'")
    rng = random.Random(SEED)
    claims = all_claims(args, rng)
    left = kept_out(claims)
    claims = [claim for claim in claims if claim.document in left]
    made = [claim for claim in claims if claim.kind in MADE]
    claims = [claim for claim in claims if claim.kind not in MADE] + rng.sample(made, min(MADE_EACH, len(made)))
    x = measured([(claim.text, claim.sources) for claim in claims], judge)
    y = np.array([not claim.wrong for claim in claims])
    model = LogisticRegression(class_weight="balanced").fit(x, y)
    print({name: round(float(w), 3) for name, w in zip(FEATURES, model.coef_[0], strict=True)}, model.intercept_)
    kinds = np.array([claim.kind for claim in claims])
    for kind in sorted(set(kinds)):
        own = kinds == kind
        others = LogisticRegression(class_weight="balanced").fit(x[~own], y[~own])
        if 0 < y[own].sum() < own.sum():
            told(kind, y[own], others.decision_function(x[own]))
            alone = by_words([c for c, mine in zip(claims, own, strict=True) if mine])
            told("  words and facts alone", y[own], alone)
            told("  both", y[own], np.minimum(alone, others.decision_function(x[own])))
    for path in args.score:
        rows = [row for _, row in read_jsonl(path)]
        found = measured([(row["answer"], tuple(row["sources"])) for row in rows], judge)
        truth = np.array([row["supported"] for row in rows])
        told(path.stem, truth, model.decision_function(found))
        told(
            "  words and facts alone",
            truth,
            by_words([Claim("", "", row["answer"], tuple(row["sources"])) for row in rows]),
        )
        for place, name in enumerate(FEATURES):
            print(f"    AUROC of {name} {roc_auc_score(truth, -found[:, place]):.3f}")
    if args.out:
        fitted = Fit(tuple(round(float(w), 4) for w in model.coef_[0]), round(float(model.intercept_[0]), 4))
        args.out.write_text(json.dumps(asdict(fitted)) + "\n", "utf-8")


def by_words(claims: Sequence[Claim]) -> np.ndarray:
    """1 where every sentence passes the comparison of words and facts with a source, else −1."""
    texts = [[clean(sentence) for sentence in sentences([claim.text])] for claim in claims]
    passed = [
        all(supported_by(text, [*claim.sources, "\n".join(claim.sources)]) for text in said)
        for said, claim in zip(texts, claims, strict=True)
    ]
    return np.where(passed, 1.0, -1.0)


def told(kind: str, truth: np.ndarray, logits: np.ndarray) -> None:
    """One line of figures."""
    print(
        f"{kind:24} {len(truth):4} balanced {balanced_accuracy_score(truth, logits > 0):.3f} AUROC {roc_auc_score(truth, logits):.3f}"
        f" supported right {(logits[truth] > 0).mean():.3f} unsupported right {(logits[~truth] <= 0).mean():.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
