"""How fast entries are indexed, against the bare encoder on the same texts: `python benchmarks/index_build.py SETS_DIR [--models DIR]`.

SETS_DIR holds folders with corpus.jsonl. Both embed the same texts with the same prompts in batches of 32; Kefu also splits,
tokenises, writes, syncs and publishes, and for a new site embeds the questions that centres are made from. In turns, so that
what else the machine does falls on all. About five minutes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentence_transformers import SentenceTransformer

from crawler.records import FaqEntry, from_json, read_jsonl
from index import weights
from index.build import sync
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import open_embedder
from index.passage import split

ENTRIES = 60
ROUNDS = 3


def entries_of(sets: Path) -> list[FaqEntry]:
    """Entries of all sets alike."""
    files = sorted(sets.glob("*/corpus.jsonl"))
    rows = [[from_json(row, where=where) for where, row in read_jsonl(file)][: ENTRIES // len(files)] for file in files]
    return [entry for found in rows for entry in found]


def bare(model: SentenceTransformer, entries: list[FaqEntry]) -> None:
    """`encode` for every distinct passage, as a hand-written script would call it."""
    passages = {(p.kind, p.text) for entry in entries for p in split(entry)}
    for kind in ("query", "passage"):
        texts = [text for its_kind, text in passages if its_kind == kind]
        model.encode(texts, prompt=model.prompts[kind], batch_size=32, normalize_embeddings=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    asked = parser.parse_args()
    entries, embedder = entries_of(asked.sets), open_embedder(DEFAULT_EMBEDDER, asked.models, "cpu")
    model = SentenceTransformer(str(weights.installed(DEFAULT_EMBEDDER, asked.models)), device="cpu")
    count = len({(p.kind, p.text) for entry in entries for p in split(entry)})
    print(f"{len(entries)} entries, {count} distinct passages")
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            new, there = Path(name) / f"new-{number}", Path(name) / f"there-{number}"
            sync(there, [FaqEntry("x", "?", "An entry that was there before.")], embedder)
            alone = seconds(partial(bare, model, entries))
            ours = {site.name: seconds(partial(sync, site, entries, embedder)) for site in (new, there)}
            again = seconds(partial(sync, there, entries, embedder))
            print(
                f"bare {_say(alone)}; "
                + "; ".join(f"{k} {_say(v)}" for k, v in ours.items())
                + f"; unchanged {_say(again)}"
            )
            ratios.append([alone[clock] / took[clock] for took in ours.values() for clock in (0, 1)])
    medians = [statistics.median(found) for found in zip(*ratios, strict=True)]
    print(
        "speed against the bare encoder, by wall clock and processor time: a new site {:.2f}, {:.2f}; one that was there {:.2f}, {:.2f}".format(
            *medians
        )
    )


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Wall clock and processor time of a call."""
    began = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began[0], time.process_time() - began[1]


def _say(took: tuple[float, float]) -> str:
    return f"{took[0]:.2f} s ({took[1]:.2f} of processor time)"


if __name__ == "__main__":
    main()
