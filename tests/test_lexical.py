"""BM25 over tokens, and its files."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import lexical
from index.lexical import Lexical

DOCUMENTS = [["return", "item", "money"], ["shipping", "time"], ["return", "shipping", "cost", "return"]]


@pytest.fixture
def index() -> Lexical:
    return lexical.build(DOCUMENTS)


def test_scores_are_those_of_the_formula(index: Lexical) -> None:
    """Lucene's BM25, k1 0.9, b 0.4, written out for document 2 and the word "return"."""
    average = sum(map(len, DOCUMENTS)) / 3
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    expected = idf * 2 / (2 + 0.9 * (1 - 0.4 + 0.4 * 4 / average))

    scores = index.scores(["return"])

    assert scores[2] == pytest.approx(expected)
    assert scores[1] == 0
    assert scores.shape == (3,)


def test_unknown_words_score_nothing_and_weigh_most(index: Lexical) -> None:
    assert index.scores(["warranty"]).tolist() == [0, 0, 0]
    assert index.scores([]).tolist() == [0, 0, 0]
    assert index.scores(["warranty", "time"]).tolist() == index.scores(["time"]).tolist()
    assert index.weight("warranty") > index.weight("time") > index.weight("return") > 0


@given(st.lists(st.sampled_from(["return", "item", "shipping", "time", "cost", "none"]), max_size=8))
def test_no_score_exceeds_the_weights_of_its_words(question: list[str]) -> None:
    index = lexical.build(DOCUMENTS)

    ceiling = sum(index.weight(word) for word in question)

    assert all(index.scores(question) <= ceiling + 1e-5)


@pytest.mark.parametrize("documents", [DOCUMENTS, [], [[], []], [["one"]], [[], ["one"]]])
def test_an_index_survives_its_files(documents: list[list[str]], tmp_path: Path) -> None:
    built = lexical.build(documents)
    built.save(tmp_path)

    loaded = lexical.load(tmp_path, len(documents))

    for words in (["return", "time"], ["one"], []):
        np.testing.assert_array_equal(built.scores(words), loaded.scores(words))
        assert loaded.scores(words).shape == (len(documents),)
    assert built.weight("return") == loaded.weight("return")


def test_no_file_is_a_pickle(index: Lexical, tmp_path: Path) -> None:
    index.save(tmp_path)

    for path in tmp_path.rglob("*.np[yz]"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".npy", ".json", ".jsonl"}
