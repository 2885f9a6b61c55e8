"""Fit `index/calibration.json` on labelled sets, and say how it carries over to a set that it never saw.

usage: python benchmarks/fit_calibration.py SETS_DIR … [--squad FILE …] [--models DIR] [--out DIR] [--write]

SETS_DIR holds folders with corpus.jsonl and queries.jsonl (see the README of the evaluation data); FILEs are in the form of
SQuAD (CMRC 2018, DRCD), of which 380 paragraphs and 700 questions are drawn, a fifth of the paragraphs then taken out. Of every
set some questions are asked once more without the entries that answer them: examples of "not answered here", which teach the
weights, but not the level.
Prints, leave-one-set-out, AUROC and calibration error (10 bins) of the probability: questions whose entry stands among the
first five against those that nothing answers, near, far and hidden. Sets of the same paragraphs are left out together. Then what
`kefu calibrate` does with each site: how much the level should follow how sure its own questions are, learned from the others,
and the log loss before and after. --out
writes the calibration that judges each set, to be given as KEFU_CALIBRATION; --write fits on all sets and ships that.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from crawler.files import load
from crawler.language import detect
from crawler.records import FaqEntry, read_jsonl
from index.build import sync
from index.calibrate import Calibration, Logistic, as_json
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, open_embedder
from index.errors import IndexFailure
from index.hybrid import Index
from index.passage import Found
from index.reader import Reader, open_reader
from index.refit import ask_itself
from index.weights import default_folder

KIND = ("forms", "above_mean_forms", "text", "above_mean_text")
ACROSS = ("across", "above_mean_across")
CHEAP = ("told", "above_mean", "length", *KIND, *ACROSS)
# Beside what was read, how near the first is does not carry over, and its language says no more.
WITH_READER = ("above_mean", "length", *KIND, "read", "read_forms", "read_text")
MAX_QUERIES = 400
MAX_HIDDEN = 60
FEWEST_KNOWN = 8
# Strength of the priors on a site's own shift, and on how much it follows what is known.
SHIFT_PRIOR, WEIGHT_PRIOR = 0.25, 5.0
PARAGRAPHS, QUESTIONS = 380, 700


@dataclass(frozen=True)
class LabelledSet:
    """Entries and the questions asked of them, each with the ids of the entries that answer it; `kind` where none does."""

    name: str
    entries: list[FaqEntry]
    queries: list[dict[str, Any]]

    @property
    def family(self) -> str:
        """Sets of one family share their texts."""
        return "xquad" if self.name.startswith(("xquad", "near")) else self.name


@dataclass(frozen=True)
class Examples:
    """Feature rows; whether the first hit answers; what each is: found, missed, near, far, hidden."""

    names: tuple[str, ...]
    rows: np.ndarray
    right: np.ndarray
    kinds: np.ndarray

    @property
    def real(self) -> "Examples":
        """Those that were asked of the whole site."""
        kept = self.kinds != "hidden"
        return Examples(self.names, self.rows[kept], self.right[kept], self.kinds[kept])


@dataclass(frozen=True)
class Asked:
    """The same questions without the reader, and, where it has not learned from the set, with it.

    `known` are the features of what the site is known to answer: its own wordings, each taken out, or said
    shorter.
    """

    cheap: Examples
    read: Examples | None
    known: Sequence[Mapping[str, float]] = ()


def read_folder(folder: Path) -> LabelledSet:
    """A set as the evaluation data has it, its entries as `kefu import` reads them."""
    queries = [row for _, row in read_jsonl(folder / "queries.jsonl")]
    return LabelledSet(folder.name, list(load([folder / "corpus.jsonl"]).entries), queries)


def read_squad(path: Path, rng: random.Random) -> LabelledSet:
    """Paragraphs as entries without a question; the questions of those that are taken out are near and not covered."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    rng.shuffle(articles)
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]][:PARAGRAPHS]
    texts = {f"p{number}": paragraph["context"] for number, paragraph in enumerate(paragraphs)}
    gone = set(rng.sample(sorted(texts), len(texts) // 5))
    asked = [(f"p{n}", item["question"]) for n, paragraph in enumerate(paragraphs) for item in paragraph["qas"]]
    rng.shuffle(asked)
    queries = [{"question": text, "relevant": [] if id_ in gone else [id_]} for id_, text in asked[:QUESTIONS]]
    entries = [FaqEntry(id_, "", text, language=detect(text)) for id_, text in texts.items() if id_ not in gone]
    return LabelledSet(path.stem, entries, queries)


def ask(labelled: LabelledSet, site: Path, embedder: Embedder, reader: Reader | None, rng: random.Random) -> Asked:
    """What search says of the questions of one set, and of some without what answers them, by an index made in `site`."""
    queries = rng.sample(labelled.queries, min(MAX_QUERIES, len(labelled.queries)))
    hidden = [query for query in queries if query["relevant"]][:MAX_HIDDEN]
    asked = [*((query, False) for query in queries), *((query, True) for query in hidden)]
    sync(site, labelled.entries, embedder)

    def found(reader: Reader | None) -> list[Found]:
        in_doubt = Calibration(Logistic({}, 0.0), Logistic({}, 0.0), reader.name if reader else "")
        index = Index.open(site, embedder, in_doubt, reader)
        return [(index.hiding(q["relevant"]) if gone else index).search(q["question"], 5) for q, gone in asked]

    cheap = _examples(asked, found(None), CHEAP)
    if not reader:
        return Asked(cheap, None)
    return Asked(cheap, _examples(asked, found(reader), WITH_READER), known_to(site, embedder, reader))


def known_to(site: Path, embedder: Embedder, reader: Reader) -> list[Mapping[str, float]]:
    """What search says of a site's own wordings; nothing where there are few."""
    try:
        cases = ask_itself(site, embedder, reader, fewest=FEWEST_KNOWN)
    except IndexFailure:
        return []
    return [case.features for case in cases if case.kind == "known"]


def _examples(asked: Sequence[tuple[dict[str, Any], bool]], found: Sequence[Found], names: tuple[str, ...]) -> Examples:
    rows, right, kinds = [], [], []
    for (query, hidden), one in zip(asked, found, strict=True):
        hits = [hit.entry.id in query["relevant"] for hit in one.hits]
        answered = "found" if any(hits) else "missed"
        kinds.append("hidden" if hidden else answered if query["relevant"] else query.get("kind") or "near")
        rows.append([one.features.get(name, 0.0) for name in names])
        right.append(bool(hits) and hits[0])
    return Examples(names, np.array(rows), np.array(right, int), np.array(kinds))


def fit_both(parts: Sequence[Asked], embedder: Embedder, reader: Reader | None) -> Calibration:
    """The calibration without the reader, and the one for what the reader was asked."""
    cheap, read = fit([part.cheap for part in parts]), [part.read for part in parts if part.read]
    known = (fit(read), reader.name) if reader and read else (None, "")
    return Calibration(cheap, *known, embedder.digest)


def fit(parts: Sequence[Examples]) -> Logistic:
    """`fit_weights`, and the level by real questions alone: how many of them nothing answers, hidden ones do not say."""
    model, real = fit_weights(parts), [part.real for part in parts]
    share = 1 / np.concatenate([np.full(len(part.right), len(part.right)) for part in real])
    rows, right = np.concatenate([part.rows for part in real]), np.concatenate([part.right for part in real])
    shift = best_shift(rows @ [model.weights[name] for name in parts[0].names] + model.intercept, right, share)
    return replace(model, intercept=round(model.intercept + shift, 4))


def best_shift(log_odds: np.ndarray, right: np.ndarray, share: np.ndarray, prior: float = 0.0) -> float:
    """What is to be added to log odds, each example with its share of the loss."""

    def loss(shift: np.ndarray) -> float:
        return float(share @ np.logaddexp(0, (log_odds + shift[0]) * (1 - 2 * right)) + prior * shift[0] ** 2 / 2)

    return float(minimize(loss, np.zeros(1)).x[0])


def fit_weights(parts: Sequence[Examples]) -> Logistic:
    """Logistic regression in which every set weighs the same, then what questions in another language need beside it."""
    rows, right = np.concatenate([part.rows for part in parts]), np.concatenate([part.right for part in parts])
    share = np.concatenate([np.full(len(part.right), len(right) / len(parts) / len(part.right)) for part in parts])
    names = np.array(parts[0].names)
    beside = np.isin(names, ACROSS)
    plain, across = rows[:, ~beside], rows[:, beside]
    mean, scale = plain.mean(0), plain.std(0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=2000).fit((plain - mean) / scale, right, sample_weight=share)
    weights = np.zeros(len(names))
    weights[~beside] = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - (weights[~beside] * mean).sum())
    there = rows[:, names == ACROSS[0]].any(1)
    weights[beside] = _offset_fit(across[there], right[there], plain[there] @ weights[~beside] + intercept)
    return Logistic({name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}, round(intercept, 4))


def _offset_fit(rows: np.ndarray, right: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression over what is predicted already (in logits), with a weak prior around 0."""

    def loss(weights: np.ndarray) -> float:
        signed = (rows @ weights + offset) * (1 - 2 * right)
        return float(np.logaddexp(0, signed).sum() + 1e-3 * (weights**2).sum())

    return minimize(loss, np.zeros(rows.shape[1])).x if len(rows) else np.zeros(rows.shape[1])


def expected_calibration_error(p: np.ndarray, labels: np.ndarray) -> float:
    """Mean gap between probability and share right, over 10 bins of equal width."""
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(
        abs(p[bins == b].mean() - labels[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any()
    )


def report(name: str, part: Asked, calibration: Calibration) -> None:
    """One line about a set, judged by a calibration that has not seen it, without and with the reader."""
    cheap = _features(part.cheap)
    p = np.array(list(map(calibration.probability, cheap)))
    print(f"{name:18} {_said(part.cheap, p)}", flush=True)
    if part.read and calibration.read:
        doubt = np.array(list(map(calibration.doubts, cheap)))
        p = np.where(doubt, list(map(calibration.probability, _features(part.read))), p)
        right = np.where(doubt, part.read.right, part.cheap.right)
        print(f"{'  read':18} {_said(replace(part.read, right=right), p)}  read {doubt.mean():.2f}", flush=True)


def _said(part: Examples, p: np.ndarray) -> str:
    whole = part.kinds != "hidden"
    said = [f"n={whole.sum():4} right {part.right[whole].mean():.3f}"]
    found = p[part.kinds == "found"]
    for kind in ("near", "far", "hidden"):
        other = p[part.kinds == kind]
        if len(other):
            auroc = roc_auc_score([1] * len(found) + [0] * len(other), [*found, *other])
            said.append(f"AUROC {kind} {auroc:.3f}")
    said.append(f"ECE {expected_calibration_error(p[whole], part.right[whole]):.3f}")
    return "  ".join(said)


@dataclass(frozen=True)
class Site:
    """How sure a site's own questions are; the log odds of its visitors' questions, and whether the first hit answers them."""

    family: str
    known: float
    log_odds: np.ndarray
    right: np.ndarray

    def loss(self, shift: float) -> float:
        """Mean log loss after a shift."""
        return float(np.logaddexp(0, (self.log_odds + shift) * (1 - 2 * self.right)).mean())


def site_of(family: str, part: Asked, unseen: Calibration) -> Site:
    """A site as a calibration that has not seen it judges it."""
    assert part.read
    real = part.read.real
    known = float(np.mean([unseen.log_odds(features) for features in part.known]))
    return Site(family, known, np.array(list(map(unseen.log_odds, _features(real)))), real.right)


def own_shift(sites: Sequence[Site]) -> tuple[float, float]:
    """The mean of how sure sites' own questions are, and how far the best shift goes with it (ridge regression)."""
    known = np.array([site.known for site in sites])
    best = [best_shift(s.log_odds, s.right, np.ones(len(s.right)), SHIFT_PRIOR) for s in sites]
    less = known - known.mean()
    return float(known.mean()), float(less @ best / (less @ less + WEIGHT_PRIOR))


def report_own_shift(sites: Sequence[Site]) -> tuple[float, float]:
    """What a site's own shift is worth, learned from the other sites. Returns `own_shift` of all."""
    if len({site.family for site in sites}) < 2:
        return 0.0, 0.0
    losses = []
    for site in sites:
        mean, weight = own_shift([other for other in sites if other.family != site.family])
        best = best_shift(site.log_odds, site.right, np.ones(len(site.right)))
        losses.append([site.loss(shift) for shift in (0.0, weight * (site.known - mean), best)])
    before, after, least = np.mean(losses, 0)
    print(
        f"a site's own shift, {len(sites)} sites: log loss {before:.3f} to {after:.3f}; with the best shift {least:.3f}"
    )
    return own_shift(sites)


def _features(part: Examples) -> list[dict[str, float]]:
    return [dict(zip(part.names, row, strict=True)) for row in part.rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--squad", type=Path, nargs="*", default=[])
    parser.add_argument("--models", type=Path, default=default_folder())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    embedder, reader = open_embedder(DEFAULT_EMBEDDER, args.models), open_reader("", args.models)
    rng = random.Random(20261122)
    folders = [path for sets in args.sets for path in sorted(sets.iterdir()) if (path / "queries.jsonl").exists()]
    sets = [*map(read_folder, folders), *(read_squad(path, rng) for path in args.squad)]
    # The reader has learned from those in the form of SQuAD: what it says of them tells nothing.
    data = []
    for place, labelled in enumerate(sets):
        print(f"asking {labelled.name}, {place + 1} of {len(sets)}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="kefu-fit-") as work:
            data.append(ask(labelled, Path(work) / "shop", embedder, reader if place < len(folders) else None, rng))
    sites = []
    for labelled, part in zip(sets, data, strict=True):
        others = [other for of, other in zip(sets, data, strict=True) if of.family != labelled.family]
        unseen = fit_both(others, embedder, reader)
        report(labelled.name, part, unseen)
        if part.known:
            sites.append(site_of(labelled.family, part, unseen))
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            (args.out / f"{labelled.name}.json").write_text(as_json(unseen), "utf-8")
    mean, weight = report_own_shift(sites)
    shipped = as_json(
        replace(fit_both(data, embedder, reader), known_mean=round(mean, 4), known_weight=round(weight, 4))
    )
    print(shipped)
    if args.write:
        (Path(__file__).parent.parent / "index" / "calibration.json").write_text(shipped, "utf-8")


if __name__ == "__main__":
    main()
