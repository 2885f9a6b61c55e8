"""Fit what is made of the judge's yes and no: the logistic regressions of `chatbot/judge.json`.

usage: python benchmarks/fit_judge.py claims --out ROWS.jsonl [--written DIR] [--each N] [CLAIMS.jsonl …]
       python benchmarks/fit_judge.py answers --out ROWS.jsonl --squad FILE [--questions N] [--paragraphs N]
       python benchmarks/fit_judge.py fit --claims ROWS.jsonl … --answers ROWS.jsonl … [--score ROWS.jsonl …] [--out FILE]

`claims` asks the default generator about claims: those of --written (`data/claims`) and of files of {"sources","answer","supported"}, at most N of a
file, by whole documents. `answers` asks questions of a file in the form of SQuAD (CMRC 2018, DRCD) over its paragraphs, of every third one without
its own, and notes what the generator writes and what it then says of it. `fit` prints balanced accuracy and AUROC of each kind by a fit to
the other kinds, and of the rows of --score, to which nothing is fitted. A claim takes about a second on 2 cores, an answer ten.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from chatbot.bands import Bands
from chatbot.bot import SEARCHED, together
from chatbot.generators import Generator, open_generator
from chatbot.judge import Judge, features, grounded_in
from chatbot.prompt import MAX_PASSAGES, Prompt, build_prompt
from chatbot.verify import clean, sentences
from crawler.language import detect
from crawler.records import FaqEntry, normalised, read_jsonl
from index import weights
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from index.embed import open_embedder
from index.hybrid import Index
from index.passage import Hit, Passage
from index.reader import open_reader

SEED = 20261123
FITS = {
    "verify": ("odds", "missing", "sources"),
    "sentence": ("own",),
    "answer": ("says", "odds"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    claims = what.add_parser("claims")
    claims.add_argument("files", type=Path, nargs="*")
    claims.add_argument("--written", type=Path)
    claims.add_argument("--each", type=int, default=10**9)
    claims.set_defaults(rows=claim_rows)
    answers = what.add_parser("answers")
    answers.add_argument("--squad", type=Path, required=True)
    answers.add_argument("--questions", type=int, default=90)
    answers.add_argument("--paragraphs", type=int, default=400)
    answers.set_defaults(rows=answer_rows)
    fit = what.add_parser("fit")
    for name in ("--claims", "--answers", "--score"):
        fit.add_argument(name, type=Path, nargs="+", default=[])
    for one in (claims, answers, fit):
        one.add_argument("--out", type=Path)
    args = parser.parse_args()
    if not hasattr(args, "rows"):
        fit_all(args)
        return
    generator = open_generator(DEFAULT_GENERATOR, weights.default_folder())
    with args.out.open("w", encoding="utf-8") as file:
        for number, row in enumerate(args.rows(args, generator), 1):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            print(f"\r{number}", end="", file=sys.stderr, flush=True)


def claim_rows(args: argparse.Namespace, generator: Generator) -> Iterator[dict[str, Any]]:
    """Features of claims, what the bot's own judge says (`own`), and whether they are supported."""
    weigh = generator.weigh
    assert weigh  # the default generator has one
    for kind, documents in claims_of(args):
        drawn = list(documents.items())
        random.Random(SEED).shuffle(drawn)
        taken = 0
        for sources, claims in drawn:
            if taken >= args.each:
                break
            for text, truth in claims:
                found = features(text, sources, weigh)
                own = Judge(weigh, prompt_over(sources, text)).supports(text) if len(sources) <= MAX_PASSAGES else None
                yield {"kind": kind, "supported": truth, "own": own, **found}
                taken += 1


def prompt_over(sources: Sequence[str], claim: str) -> Prompt:
    """As if the sources were what a site has published, and the claim were written of it."""
    language = detect(claim)
    entries = [
        FaqEntry(str(n), "", text, url="https://x.example/", language=detect(text)) for n, text in enumerate(sources)
    ]
    hits = [Hit(Passage(entry, "pair", entry.answer), 1.0, 1.0) for entry in entries]
    return build_prompt(["?"], hits, language, "X")


Claims = dict[tuple[str, ...], list[tuple[str, bool]]]


def claims_of(args: argparse.Namespace) -> Iterator[tuple[str, Claims]]:
    """By kind, the claims on each document."""
    for path in sorted(args.written.glob("*.jsonl")) if args.written else ():
        found: Claims = defaultdict(list)
        for _, row in read_jsonl(path):
            for claim in row["claims"]:
                wrong = claim.get("contradicted") or claim.get("added")
                found[tuple(row["sources"])].append((claim["text"], not wrong))
        yield path.stem, found
    for path in args.files:
        found = defaultdict(list)
        for _, row in read_jsonl(path):
            found[tuple(row["sources"])].append((row["answer"], row["supported"]))
        yield path.stem, found


def answer_rows(args: argparse.Namespace, generator: Generator) -> Iterator[dict[str, Any]]:
    """What the search and the judge say of answers that the bot might show, and whether they are right."""
    assert generator.weigh  # the default generator has one
    rng, models = random.Random(SEED), weights.default_folder()
    paragraphs = [p for article in json.loads(args.squad.read_text("utf-8"))["data"] for p in article["paragraphs"]]
    rng.shuffle(paragraphs)
    entries = [
        FaqEntry(f"p{n}", "", p["context"], url=f"https://x.example/{n}", language=detect(p["context"]))
        for n, p in enumerate(paragraphs[: args.paragraphs])
    ]
    embedder = open_embedder(DEFAULT_EMBEDDER, models, "cpu")
    with tempfile.TemporaryDirectory(prefix="kefu-judge-") as folder:
        sync(Path(folder) / "site", entries, embedder)
        index = Index.open(Path(folder) / "site", embedder, load_calibration(), open_reader("", models, "cpu"))
        for number, paragraph in enumerate(paragraphs[: args.questions]):
            asked = rng.choice(paragraph["qas"])
            gone = number % 3 == 0
            found = (index.hiding({f"p{number}"}) if gone else index).search(asked["question"], SEARCHED)
            if found.probability < Bands().generate:
                continue
            prompt = build_prompt([asked["question"]], together(found), detect(asked["question"]), args.squad.stem)
            judge = Judge(generator.weigh, prompt)
            passages = [f"{hit.entry.title}\n{hit.entry.answer}" for hit in prompt.hits]
            written = [clean(sentence) for sentence in sentences(generator.generate(prompt))]
            shown = (one for one in written if grounded_in(one, passages, judge, asked["question"], index.most_like))
            text = " ".join(shown)
            if not text:
                continue
            says, odds = judge.says([asked["question"]]), judge.answers([asked["question"]], text)
            golds = {normalised(answer["text"]) for answer in asked["answers"]}
            right = not gone and any(gold in normalised(text) for gold in golds)
            yield {"kind": args.squad.stem, "says": says, "odds": odds, "supported": right}


def fit_all(args: argparse.Namespace) -> None:
    """Fit and print, and write what was fitted."""
    rows = {"verify": read_all(args.claims), "answer": read_all(args.answers)}
    # A sentence that the bot judges has its facts in a passage, or it was cut before.
    rows["sentence"] = [row for row in rows["verify"] if not row["missing"] and row["own"] is not None]
    fits = {}
    for name, names in FITS.items():
        for kind in sorted({row["kind"] for row in rows[name]}):
            others = [row for row in rows[name] if row["kind"] != kind]
            if others:
                told(name, kind, fitted(others, names), [row for row in rows[name] if row["kind"] == kind], names)
        if rows[name]:
            model = fitted(rows[name], names)
            fits[name] = {
                "weights": {key: round(float(w), 4) for key, w in zip(names, model.coef_[0], strict=True)},
                "intercept": round(float(model.intercept_[0]), 4),
            }
            if name == "verify":
                for path in args.score:
                    told("score", path.stem, model, read_all([path]), names)
    print(json.dumps(fits, indent=1))
    if args.out:
        args.out.write_text(json.dumps(fits, indent=1) + "\n", "utf-8")


def read_all(paths: Sequence[Path]) -> list[dict[str, Any]]:
    return [row for path in paths for _, row in read_jsonl(path)]


def matrix(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> np.ndarray:
    return np.array([[row[name] for name in names] for row in rows])


def fitted(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> LogisticRegression:
    """Each kind counts as much as another, and as much supported as not: what a site's answers are like is not known."""
    counts: dict[tuple[str, bool], int] = defaultdict(int)
    for row in rows:
        counts[row["kind"], row["supported"]] += 1
    each = [1 / counts[row["kind"], row["supported"]] for row in rows]
    truth = np.array([row["supported"] for row in rows])
    return LogisticRegression(C=10.0).fit(matrix(rows, names), truth, np.array(each) * len(rows) / sum(each))


def told(name: str, kind: str, model: LogisticRegression, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    truth, logits = np.array([row["supported"] for row in rows]), model.decision_function(matrix(rows, names))
    if 0 < truth.sum() < len(truth):
        print(
            f"{name:9} {kind:24} {len(rows):4} balanced {balanced_accuracy_score(truth, logits > 0):.3f} AUROC {roc_auc_score(truth, logits):.3f} "
            f"supported right {(logits[truth] > 0).mean():.3f} unsupported right {(logits[~truth] <= 0).mean():.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
