"""Kefu's index beside txtai's, in one run: the same entries, the same vectors, the same encoder.

    python benchmarks/search.py SETS_DIR [--sizes 1000 10000 100000] [--rounds 3] [--vectors FILE] [--json FILE]

Prints medians of the rounds for each size and system, and Kefu's figures over those of txtai, round by round, as medians; only
entries/s is better above 1. Entries and questions are those of index_search.py: 1,000 real ones, embedded once (kept in
--vectors FILE if given), and numbered copies with small noise. Systems take turns, each step in a process of its own, warmed up.

build: entries to an index on disk, less the time that looking vectors up takes (Kefu by an `Embedder`, txtai by
  method="external"). Peak: the most memory that the process ever had; "before" is what of it was there before the build.
search: the 10 best for a question, encoded by the real encoder. "added" is the whole less the time that it spent in the
  encoder, "less bare" the whole less the bare encoder on the same question, in turns. Resident: what opening and asking add.
txtai (installed by hand), the same passages: Kefu's passages as rows, content=True: like Kefu it keeps the texts and gives
  them back, but a hit is a passage. txtai, a row an entry: question and answer in one row, content=False: ids only, the
  least that it can do. Both hybrid=True (BM25 and vectors), all else as it comes.
floor: encoder and IndexFlatIP over the same passages, no words.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import replace
from functools import partial
from itertools import islice, product
from pathlib import Path

import faiss
import numpy as np
from index_search import QUERIES, many, peak_mib, real_texts, remember, remembered

from crawler.records import FaqEntry
from index import weights
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, Kind, Vectors, open_embedder
from index.hybrid import Index
from index.passage import split

K = 10
WARM_UP = 20  # entries built and questions asked before anything is timed
TIMES = ("whole", "bare encoder", "added", "less bare")
Search = Callable[[str], Sized]
Figures = dict[str, float]
Runs = dict[tuple[int, str], list[Figures]]  # (entries, system) -> its rounds


def load_kefu(folder: Path, embedder: Embedder) -> Search:
    index = Index.open(folder, embedder, load_calibration())
    return lambda question: index.search(question, K).hits


def build_txtai(folder: Path, entries: Sequence[FaqEntry], embedder: Embedder, *, least: bool) -> None:
    from txtai import Embeddings  # type: ignore[import-not-found]

    rows = [passage for entry in entries for passage in split(entry) if passage.part == "pair" or not least]
    kinds = (passage.kind for passage in rows)  # vectors are asked for in the order of the rows
    config = {"method": "external", "hybrid": True, "content": not least}
    index = Embeddings(config, transform=lambda texts: embedded(texts, islice(kinds, len(texts)), embedder))
    index.index((str(number), passage.text, None) for number, passage in enumerate(rows))
    index.save(str(folder))


def load_txtai(folder: Path, embedder: Embedder) -> Search:
    from txtai import Embeddings

    index = Embeddings()
    index.load(str(folder), config={"transform": lambda texts: encoded(embedder, texts)})
    return lambda question: index.search(question, K)


def build_floor(folder: Path, entries: Sequence[FaqEntry], embedder: Embedder) -> None:
    rows = [passage for entry in entries for passage in split(entry)]
    index = faiss.IndexFlatIP(embedder.dimension)
    index.add(embedded([row.text for row in rows], (row.kind for row in rows), embedder))
    folder.mkdir()
    faiss.write_index(index, str(folder / "faiss.index"))


def load_floor(folder: Path, embedder: Embedder) -> Search:
    index = faiss.read_index(str(folder / "faiss.index"))
    return lambda question: index.search(encoded(embedder, [question]), K)[1][0]


def embedded(texts: Sequence[str], kinds: Iterable[Kind], embedder: Embedder) -> Vectors:
    of_row, out = list(kinds), np.zeros((len(texts), embedder.dimension), np.float32)
    for kind in {*of_row}:
        rows = [row for row, its_kind in enumerate(of_row) if its_kind == kind]
        out[rows] = encoded(embedder, [texts[row] for row in rows], kind)
    return out


def encoded(embedder: Embedder, texts: Sequence[str], kind: Kind = "query") -> Vectors:
    return embedder.embed(texts, kind, lambda n: None)


# How each writes an index of entries into a folder, and how it opens a search in it.
SYSTEMS: dict[str, tuple[Callable[..., object], Callable[[Path, Embedder], Search]]] = {
    "Kefu": (sync, load_kefu),
    "txtai, the same passages": (partial(build_txtai, least=False), load_txtai),
    "txtai, a row an entry": (partial(build_txtai, least=True), load_txtai),
    "floor": (build_floor, load_floor),
}


def build(asked: argparse.Namespace) -> Figures:
    embedder, spent = clocked(remembered(asked.vectors))
    entries, write = many(real_texts(asked.sets)[0], asked.sizes[0]), SYSTEMS[asked.system][0]
    write(asked.work / "warm-up", entries[:WARM_UP], embedder)
    spent.clear()
    before, began = peak_mib(), time.perf_counter()
    write(asked.work / "shop", entries, embedder)
    took, peak = time.perf_counter() - began - sum(spent), peak_mib()
    return {"entries/s": len(entries) / took, "peak": peak, "before": before, "build added": peak - before}


def ask(asked: argparse.Namespace) -> Figures:
    embedder, spent = clocked(open_embedder(DEFAULT_EMBEDDER, asked.models, "cpu"))
    questions, load = real_texts(asked.sets)[1][: asked.questions], SYSTEMS[asked.system][1]
    small = load(asked.work / "warm-up", embedder)
    for question in questions:
        small(question)
    before, began = resident_mib(), time.perf_counter()
    search = load(asked.work / "shop", embedder)
    opened_s = time.perf_counter() - began
    if any(len(search(question)) != K for question in questions[:WARM_UP]):
        raise SystemExit(f"a search gave fewer than {K} hits")
    times = np.array([timed(search, embedder, spent, question, n % 2) for n, question in enumerate(questions)]) * 1000
    found = {"open s": opened_s, "resident added": resident_mib() - before, "resident before": before}
    for name, values in zip(TIMES, times.T, strict=True):
        found |= {f"{name} p{p}": float(np.percentile(values, p)) for p in (50, 95)}
    return found


def timed(search: Search, embedder: Embedder, spent: list[float], question: str, bare_first: int) -> tuple[float, ...]:
    """`TIMES` in seconds. The bare encoder comes first by turns, so that neither gains by what the caches hold."""
    spent.clear()
    if bare_first:
        encoded(embedder, [question])
    began = time.perf_counter()
    search(question)
    whole = time.perf_counter() - began
    if not bare_first:
        encoded(embedder, [question])
    inside, bare = reversed(spent) if bare_first else spent
    return whole, bare, whole - inside, whole - bare


def clocked(embedder: Embedder) -> tuple[Embedder, list[float]]:
    """The embedder, and the seconds of each of its calls so far."""
    spent: list[float] = []

    def embed(texts: Sequence[str], kind: Kind, done: Callable[[int], None]) -> Vectors:
        began = time.perf_counter()
        vectors = embedder.embed(texts, kind, done)
        spent.append(time.perf_counter() - began)
        return vectors

    return replace(embedder, embed=embed), spent


def resident_mib() -> float:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def run(asked: argparse.Namespace, vectors: Path) -> Runs:
    runs: Runs = {}
    for number in range(asked.rounds):
        for size, name in product(asked.sizes, np.roll([*SYSTEMS], -number).tolist()):
            with tempfile.TemporaryDirectory() as work:
                rest = [asked.sets, "--models", asked.models, "--vectors", vectors, "--questions", asked.questions]
                rest += ["--sizes", size, "--work", work, "--system", name, "--step"]
                found = in_child(*rest, "build") | in_child(*rest, "ask")
            print(f"round {number + 1}, {size} entries, {name}: {json.dumps(found)}", file=sys.stderr, flush=True)
            runs.setdefault((size, name), []).append(found)
    return {key: runs[key] for key in product(asked.sizes, SYSTEMS)}


def in_child(*words: object) -> Figures:
    child = subprocess.run([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(child.stdout.splitlines()[-1]))


COLUMNS = {
    "build, entries/s": ("entries/s",),
    "peak of the build (before), MiB": ("peak", "before"),
    "open, s": ("open s",),
    "resident (before), MiB": ("resident added", "resident before"),
} | {f"{what} p50, p95, ms": (f"{what} p50", f"{what} p95") for what in TIMES}
COMPARED = ("entries/s", "build added", "resident added", "whole p50", "whole p95", "added p50", "added p95")


def medians(runs: Runs) -> list[list[str]]:
    rows = [["entries", "system", *COLUMNS]]
    for (size, name), rounds in runs.items():
        cells = [[statistics.median(found[key] for found in rounds) for key in keys] for keys in COLUMNS.values()]
        said = (", ".join(f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in cell) for cell in cells)
        rows.append([f"{size:,}", name, *said])
    return rows


def ratios(runs: Runs) -> list[list[str]]:
    rows = [["entries", "Kefu over", *COMPARED]]
    for size, peer in (key for key in runs if key[1].startswith("txtai")):
        pairs = list(zip(runs[size, "Kefu"], runs[size, peer], strict=True))
        found = (statistics.median(ours[key] / (theirs[key] or np.nan) for ours, theirs in pairs) for key in COMPARED)
        rows.append([f"{size:,}", peer, *(f"{ratio:.2f}" for ratio in found)])
    return rows


def markdown(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=QUERIES)
    parser.add_argument("--vectors", type=Path, help="an .npz file for the real vectors; embedded when it is not there")
    parser.add_argument("--json", type=Path, help="where the figures of every round go")
    for name, kind in (("--step", str), ("--system", str), ("--work", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps((build if asked.step == "build" else ask)(asked)))
        return
    with tempfile.TemporaryDirectory() as work:
        vectors = asked.vectors or Path(work) / "real.npz"
        if not vectors.exists():
            remember(asked.sets, asked.models, vectors)
        runs = run(asked, vectors)
    if asked.json:
        asked.json.write_text(json.dumps({f"{size} {name}": r for (size, name), r in runs.items()}, indent=1), "utf-8")
    print(f"{os.cpu_count()} cores, rounds: {asked.rounds}, questions: {asked.questions}\n")
    print(markdown(medians(runs)), markdown(ratios(runs)), sep="\n\n")


if __name__ == "__main__":
    main()
