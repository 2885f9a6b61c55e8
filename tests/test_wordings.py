"""What the many wordings of an entry have in common."""

from pathlib import Path

import numpy as np
import pytest

from crawler.records import FaqEntry
from index import wordings
from index.build import sync
from index.calibrate import load_calibration
from index.embed import Embedder, Vectors
from index.hybrid import Index
from index.wordings import Wordings

DIMENSION = 24


def drawn(seed: int, entries: int = 4, each: int = 6) -> tuple[Vectors, np.ndarray]:
    """Unit vectors whose first axes say which entry, and whose others, together far longer, say nothing."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(entries), each)
    vectors = rng.normal(size=(len(owners), DIMENSION))
    vectors[:, :entries] = np.eye(entries)[owners] + 0.1 * rng.normal(size=(len(owners), entries))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), owners


def test_it_tells_apart_what_the_nearest_wording_does_not() -> None:
    vectors, owners = drawn(1, each=40)
    asked, meant = drawn(2, each=40)
    classifier = Wordings.of(vectors, owners)

    taught = [int(classifier.scores(vector, np.arange(4), 4).argmax()) for vector in asked]
    nearest = owners[(asked @ vectors.T).argmax(1)]

    assert np.mean(taught == meant) > 0.9
    assert np.mean(nearest == meant) < 0.6


def test_its_scores_are_those_of_ridge_regression() -> None:
    vectors, owners = drawn(3)
    centred, wanted = vectors - vectors.mean(0), np.eye(4)[owners] - 0.25
    ridge = wordings.RIDGE * (centred**2).sum() / DIMENSION * np.eye(DIMENSION)
    # The textbook's line: the least squares of wanted on centred, with a penalty on its length.
    line = np.linalg.inv(centred.T @ centred + ridge) @ centred.T @ wanted

    assert Wordings.of(vectors, owners).scores(vectors[0], np.arange(4), 4) == pytest.approx(
        (vectors[0] - vectors.mean(0)) @ line, abs=1e-5
    )


def test_entries_of_few_wordings_are_left_as_they_are() -> None:
    vectors, owners = drawn(4)
    few = np.concatenate([owners, [4, 4, 6]])

    classifier = Wordings.of(np.concatenate([vectors, vectors[:3]]), few)

    assert classifier.scores(vectors[0], np.arange(8), 8)[4:].tolist() == [0, 0, 0, 0]
    assert classifier.scores(vectors[0], np.arange(8), 8)[:4] == pytest.approx(
        Wordings.of(vectors, owners).scores(vectors[0], np.arange(4), 4)
    )


@pytest.mark.parametrize("entries", [0, 1])
def test_nothing_is_told_apart_where_there_is_nothing_else(entries: int) -> None:
    vectors, owners = drawn(6, entries)

    assert not Wordings.of(vectors, owners).scores(np.ones(DIMENSION, np.float32), np.arange(2), 2).any()


def test_search_asks_it_and_forgets_what_is_hidden(tmp_path: Path) -> None:
    vectors, owners = drawn(7, each=6)
    texts = {f"wording{number}": vector for number, vector in enumerate(vectors)}

    def embed(asked: list[str], kind: str, done: object) -> Vectors:
        return np.array([texts.get(text, np.eye(DIMENSION)[-1]) for text in asked], np.float32)

    embedder = Embedder("drawn", "drawn", DIMENSION, embed)
    forms = [tuple(f"wording{number}" for number in np.flatnonzero(owners == place)) for place in range(4)]
    entries = [FaqEntry(f"e{n}", of[0], f"Answer {n}.", similar=of[1:], language="en") for n, of in enumerate(forms)]
    sync(tmp_path / "shop", entries, embedder)
    sync(tmp_path / "less", [entry for entry in entries if entry.id != "e2"], embedder)
    shop, less = (Index.open(tmp_path / name, embedder, load_calibration()) for name in ("shop", "less"))

    found = shop.search("wording0")
    hidden, gone = shop.hiding(["e2"]).search("wording0"), less.search("wording0")

    assert (found.hits[0].entry.id, found.hits[0].by_field["wordings"] > 0.2) == ("e0", True)
    assert [hit.entry.id for hit in hidden.hits] == [hit.entry.id for hit in gone.hits]
    assert [hit.by_field["wordings"] for hit in hidden.hits] == pytest.approx(
        [hit.by_field["wordings"] for hit in gone.hits], abs=1e-5
    )
