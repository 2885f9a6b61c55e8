"""Floors for finding and for not finding, on four small sets of our own, written by somebody who had not seen the search.

Real embedder, real reader, the calibration that ships. `kefu search` goes the same way.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fusion import ndcg
from crawler.files import load
from index.build import sync
from index.calibrate import load_calibration
from index.embed import Embedder
from index.hybrid import Index
from index.passage import Found, Hit, Passage
from index.reader import Reader

SETS = Path(__file__).parent / "retrieval"
# What was measured, less .02.
FLOORS: dict[str, dict[str, float]] = {
    "tea_zh": {"P@1": 0.494, "nDCG@10": 0.723, "AUROC near": 0.673, "AUROC far": 0.932},
    "bikes_en": {"P@1": 0.647, "nDCG@10": 0.798, "AUROC near": 0.757, "AUROC far": 0.933},
    "clinic_mixed": {"P@1": 0.350, "nDCG@10": 0.445, "AUROC near": 0.874, "AUROC far": 0.972},
    "software_en": {"P@1": 0.611, "nDCG@10": 0.776, "AUROC near": 0.783, "AUROC far": 0.961},
}


def queries_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SETS / name / "queries.jsonl").read_text("utf-8").splitlines()]


def found_in(name: str, folder: Path, embedder: Embedder, reader: Reader | None) -> dict[str, Found]:
    site = folder / name.replace("_", "-")
    sync(site, list(load([SETS / name / "corpus.jsonl"]).entries), embedder)
    index = Index.open(site, embedder, load_calibration(), reader)
    queries = queries_of(name)
    found = index.search_many([query["question"] for query in queries], 10)
    return {query["id"]: one for query, one in zip(queries, found, strict=True)}


def measures(queries: list[dict[str, Any]], found: Mapping[str, Found]) -> dict[str, float]:
    """P@1 and nDCG@10 of what is answered; AUROC of those whose entry is among the first five against near and far."""
    first, gain, known = [], [], []
    other: dict[str, list[float]] = {"near": [], "far": []}
    for query in queries:
        ids = [hit.entry.id for hit in found[query["id"]].hits]
        wanted = set(query["relevant"])
        if not wanted:
            other[query["kind"]].append(found[query["id"]].probability)
            continue
        right = [number for number, id_ in enumerate(ids) if id_ in wanted]
        first.append(0 in right)
        gain.append(ndcg([id_ in wanted for id_ in ids], len(wanted)))
        if right and right[0] < 5:
            known.append(found[query["id"]].probability)
    return {
        "P@1": sum(first) / len(first),
        "nDCG@10": sum(gain) / len(gain),
        **{f"AUROC {kind}": auroc(known, values) for kind, values in other.items()},
    }


def auroc(higher: list[float], lower: list[float]) -> float:
    return sum((a > b) + (a == b) / 2 for a in higher for b in lower) / (len(higher) * len(lower))


@pytest.mark.real_embedder
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FLOORS)
def test_floors(name: str, tmp_path: Path, real_embedder: Embedder, real_reader: Reader) -> None:
    measured = measures(queries_of(name), found_in(name, tmp_path, real_embedder, real_reader))

    print(name, {key: round(value, 3) for key, value in measured.items()})
    assert {key: value for key, value in measured.items() if value < FLOORS[name][key]} == {}


def test_what_is_measured_sees_a_search_that_knows_nothing() -> None:
    queries = queries_of("tea_zh")
    entries = list(load([SETS / "tea_zh" / "corpus.jsonl"]).entries)
    hits = tuple(Hit(Passage(entry, "pair", ""), 0.0, 0.0) for entry in entries)
    knows = {
        q["id"]: Found(
            tuple(sorted(hits, key=lambda hit: hit.entry.id not in q["relevant"])), float(bool(q["relevant"]))
        )
        for q in queries
    }
    blind = {q["id"]: Found(hits, 0.5) for q in queries}

    assert set(measures(queries, knows).values()) == {1.0}
    assert max(measures(queries, blind)[key] for key in ("P@1", "nDCG@10", "AUROC near", "AUROC far")) <= 0.5
