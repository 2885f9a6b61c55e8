"""What each weight of the fusion is worth: nDCG@10 of labelled sets with the weights that ship, without each, and with twice of each.

usage: python benchmarks/fusion.py SETS_DIR [SET …] [--models DIR]

SETS_DIR holds folders with corpus.jsonl and queries.jsonl (see the README of the evaluation data).
"""

import argparse
import math
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from crawler.files import load
from crawler.records import read_jsonl
from index import fuse
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, open_embedder
from index.hybrid import Index
from index.weights import default_folder

WEIGHTS = ("TOLD_WEIGHT", "ALONE_WEIGHT", "ASKED_WORDS", "TEXT_WORDS", "WORDINGS_WEIGHT", "SAME_LANGUAGE")


def ndcg(found: Sequence[str], relevant: Collection[str]) -> float:
    """nDCG@10 with gains of 0 and 1."""
    gained = sum(1 / math.log2(place + 2) for place, id_ in enumerate(found[:10]) if id_ in relevant)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))


def open_set(folder: Path, site: Path, embedder: Embedder) -> tuple[Index, list[dict[str, object]]]:
    """A set's index, made in `site`, and its questions that something answers."""
    sync(site, list(load([folder / "corpus.jsonl"]).entries), embedder)
    queries = [row for _, row in read_jsonl(folder / "queries.jsonl") if row["relevant"]]
    return Index.open(site, embedder, load_calibration()), queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--models", type=Path, default=default_folder())
    args = parser.parse_args()
    embedder = open_embedder(DEFAULT_EMBEDDER, args.models)
    folders = sorted(path for path in args.sets.iterdir() if (path / "queries.jsonl").exists())
    shipped = {name: getattr(fuse, name) for name in WEIGHTS}
    trials = [("shipped", {})] + [
        (f"{times} × {name}", {name: times * shipped[name]}) for name in WEIGHTS for times in (0, 2)
    ]
    for folder in folders:
        if args.names and folder.name not in args.names:
            continue
        with tempfile.TemporaryDirectory(prefix="kefu-fusion-") as work:
            index, queries = open_set(folder, Path(work) / "shop", embedder)
            for label, changed in trials:
                for name, value in (shipped | changed).items():
                    setattr(fuse, name, value)
                found = index.search_many([str(query["question"]) for query in queries], 10)
                scores = [
                    ndcg([hit.entry.id for hit in one.hits], query["relevant"])  # type: ignore[arg-type]
                    for one, query in zip(found, queries, strict=True)
                ]
                print(f"{folder.name:18} {label:20} {sum(scores) / len(scores):.3f}", flush=True)


if __name__ == "__main__":
    main()
