"""Index and search at 1,000, 10,000 and 100,000 entries: `python benchmarks/index_search.py SETS_DIR [--models DIR] [--sizes N…]`.

SETS_DIR holds folders with corpus.jsonl and queries.jsonl. 1,000 real questions with real texts are embedded once; every
entry is one of them with a number in its words, whose vectors are the real ones with small noise (length 0.2, cosine 0.98). Each
size is built, opened and asked in processes of its own, so that memory is that of the step. No embedding is in the times.
"""

import argparse
import gc
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from crawler.language import detect
from crawler.records import FaqEntry, from_json, read_jsonl
from index import weights
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, Kind, Vectors, open_embedder
from index.hybrid import CANDIDATES, Index
from index.passage import split
from index.snapshot import verified
from index.stores import open_store

REAL = 1_000
QUERIES = 300
NOISE = 0.2
NUMBER = re.compile(r" \[\d+\]")


def real_texts(sets: Path) -> tuple[list[FaqEntry], list[str]]:
    """Entries of real questions, each with some real text as its answer, and other real questions to ask."""
    questions, answers = dict[str, None](), []
    for folder in sorted(path for path in sets.iterdir() if (path / "queries.jsonl").exists()):
        rows = [from_json(row, where=where) for where, row in read_jsonl(folder / "corpus.jsonl")]
        answers += [row.answer[:100].strip() for row in rows]
        questions |= dict.fromkeys(text for row in rows for text in (row.question, *row.similar) if text)
        questions |= dict.fromkeys(row["question"] for _, row in read_jsonl(folder / "queries.jsonl"))
    mixed = list(questions)
    random.Random(0).shuffle(mixed)
    random.Random(1).shuffle(answers)
    entries = [
        FaqEntry("", text, answers[n % len(answers)], language=detect(text)) for n, text in enumerate(mixed[:REAL])
    ]
    return entries, [text for text in mixed[REAL : REAL + QUERIES] if text.strip()]  # one set has a blank question


def many(entries: Sequence[FaqEntry], count: int) -> list[FaqEntry]:
    """`count` entries: the real ones, and numbered copies of them."""
    made = []
    for n in range(count):
        entry, mark = entries[n % len(entries)], f" [{n}]"
        made.append(
            replace(
                entry,
                id=f"{n}",
                question=entry.question + mark,
                answer=entry.answer + mark,
                url=f"https://shop.example/{n}",
            )
        )
    return made


def remembered(path: Path) -> Embedder:
    """An embedder that looks up the real vector of a text, and adds noise to that of a numbered copy."""
    with np.load(path) as held:
        vectors, texts = held["vectors"], json.loads(bytes(held["texts"]))
        name, digest = json.loads(bytes(held["name"]))
    rows = {tuple(text): row for row, text in enumerate(texts)}
    size = vectors.shape[1]

    def embed(asked: Sequence[str], kind: Kind, done: Callable[[int], None]) -> Vectors:
        out = np.zeros((len(asked), size), np.float32)
        for at, text in enumerate(asked):
            out[at] = vectors[rows.get((kind, NUMBER.sub("", text)), 0)]
            if NUMBER.search(text):
                rng = np.random.default_rng(zlib.crc32(text.encode()))
                out[at] += rng.standard_normal(size, np.float32) * np.float32(NOISE / size**0.5)
        done(len(asked))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        return out

    return Embedder(name, digest, size, embed)


def remember(sets: Path, models: Path, path: Path) -> None:
    """Embed the real texts, for `remembered`."""
    embedder = open_embedder(DEFAULT_EMBEDDER, models, "cpu")
    entries, queries = real_texts(sets)
    wanted = {("query", text): None for text in queries}
    wanted |= {(p.kind, p.text): None for entry in entries for p in split(entry)}
    texts = list(wanted)
    vectors = np.zeros((len(texts), embedder.dimension), np.float32)
    for kind in ("query", "passage"):
        rows = [row for row, text in enumerate(texts) if text[0] == kind]
        vectors[rows] = embedder.embed([texts[row][1] for row in rows], kind, lambda n: None)
    as_bytes = {"texts": texts, "name": [embedder.name, embedder.digest]}
    np.savez(path, vectors=vectors, **{k: np.frombuffer(json.dumps(v).encode(), np.uint8) for k, v in as_bytes.items()})


def peak_mib() -> float:
    """The most memory that this process had; what getrusage says is inherited from its parent."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def build(sets: Path, vectors: Path, site: Path, count: int) -> dict[str, float]:
    """Build, then sync again unchanged, then with one entry less."""
    entries, embedder = many(real_texts(sets)[0], count), remembered(vectors)
    before, took = peak_mib(), {}
    for name, wanted in (("build_s", entries), ("unchanged_s", entries), ("one_less_s", entries[:-1])):
        gc.collect()
        began = time.perf_counter()
        sync(site, wanted, embedder)
        took[name] = time.perf_counter() - began
        if name == "build_s":
            took |= {"peak_mib": peak_mib(), "before_mib": before}
    return took


def ask(sets: Path, vectors: Path, site: Path) -> dict[str, float]:
    """Open, and time each question: the whole search, and the vector store alone."""
    embedder, queries = remembered(vectors), real_texts(sets)[1]
    before, began = peak_mib(), time.perf_counter()
    index = Index.open(site, embedder, load_calibration())
    opened_s = time.perf_counter() - began
    folder, manifest = verified(site)
    store = open_store(manifest["store"], embedder.dimension, folder)
    asked = embedder.embed(queries, "query", lambda n: None)
    for question in queries[:20]:
        index.search(question)
    whole = [_ms(lambda q=question: index.search(q)) for question in queries]
    alone = [_ms(lambda v=asked[i : i + 1]: store.search(v, CANDIDATES)) for i in range(len(asked))]
    return {
        "passages": manifest["passages"],
        "open_s": opened_s,
        "search_p50": float(np.percentile(whole, 50)),
        "search_p95": float(np.percentile(whole, 95)),
        "store_p50": float(np.percentile(alone, 50)),
        "store_p95": float(np.percentile(alone, 95)),
        "recall@10": recall(store, asked),
        "peak_mib": peak_mib(),
        "before_mib": before,
        "disk_mib": sum(about["bytes"] for about in manifest["files"].values()) / 2**20,
    }


def recall(store: object, asked: Vectors) -> float:
    """Share of the ten nearest rows, by comparing with every row, that the store finds; equal scores count as found."""
    rows = store.vectors()  # type: ignore[attr-defined]
    found = store.search(asked, 10)[0]  # type: ignore[attr-defined]
    tenth = np.array([np.partition(rows @ vector, -10)[-10] for vector in asked])
    return float((found >= tenth[:, None] - 1e-6).mean())


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _in_child(*words: object) -> dict[str, float]:
    run = subprocess.run([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--step", choices=("build", "ask"), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        steps = {"build": lambda *args: build(*args, asked.sizes[0]), "ask": ask}
        print(json.dumps(steps[asked.step](asked.sets, asked.work / "real.npz", asked.work / "shop")))
        return
    with tempfile.TemporaryDirectory() as name:
        remember(asked.sets, asked.models, Path(name) / "real.npz")
        for size in asked.sizes:
            rest = ("--sizes", size, "--work", name, "--step")
            for step in ("build", "ask"):
                found = _in_child(asked.sets, *rest, step)
                print(
                    f"{size} entries, {step}: " + ", ".join(f"{key} {value:.4g}" for key, value in found.items()),
                    flush=True,
                )


if __name__ == "__main__":
    main()
