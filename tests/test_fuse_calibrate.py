"""One order out of what dense and lexical search say, and how sure its first place is."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import FaqEntry
from index import fuse, lexical
from index.calibrate import Calibration, load_calibration
from index.errors import IndexFailure
from index.fuse import Scored
from index.passage import Hit, Passage

EN = FaqEntry("en", "How do I return?", "Within 30 days.", language="en")
ZH = FaqEntry("zh", "怎么退货？", "30 天内。", language="zh")
OTHER = FaqEntry("other", "When do you open?", "At nine.", language="en")


def passage(entry: FaqEntry, part: str = "question") -> Passage:
    return Passage(entry, part, entry.question)


def scores(*values: float) -> lexical.Scores:
    return np.array(values, np.float32)


def scored(entry: FaqEntry, score: float) -> Scored:
    return Scored(score, score, 0, passage(entry))


# rank


def test_words_lift_an_entry_over_a_slightly_nearer_one() -> None:
    dense = {0: {"asked": (0.86, passage(EN))}, 1: {"asked": (0.85, passage(OTHER))}}

    ranking = fuse.rank(dense, scores(0, 0.8), scores(0, 0.8), [EN, OTHER], "en")

    assert [item.row for item in ranking] == [1, 0]
    assert ranking[0].score == pytest.approx(0.85 + 0.10 * 0.8 + 0.05 * 0.8 + 0.02)
    assert ranking[0].similarity == 0.85


def test_an_entry_found_by_words_alone_takes_part() -> None:
    ranking = fuse.rank({0: {"told": (0.8, passage(EN, "pair"))}}, scores(0, 0.5), scores(0, 0), [EN, OTHER], "en")

    assert [(item.row, item.similarity) for item in ranking] == [(0, 0.8), (1, fuse.FLOOR)]
    assert ranking[1].passage.text == "At nine."


@pytest.mark.parametrize(("language", "expected"), [("en", "en"), ("zh", "zh"), ("de", "en")])
def test_of_equals_the_visitors_language_wins_then_the_order_of_entries(language: str, expected: str) -> None:
    dense = {0: {"asked": (0.9, passage(EN))}, 1: {"asked": (0.9, passage(ZH))}}

    ranking = fuse.rank(dense, scores(0, 0), scores(0, 0), [EN, ZH], language)

    assert expected == ranking[0].passage.entry.id


def test_each_field_keeps_its_best_passage() -> None:
    passages = [passage(EN, "similar"), passage(EN), passage(EN, "pair")]

    best = fuse.best_by_entry(scores(0.9, 0.8, 0.7), passages, {id(EN): 4})

    assert {field: (round(similarity, 3), found) for field, (similarity, found) in best[4].items()} == {
        "asked": (0.9, passages[0]),
        "told": (0.7, passages[2]),
    }


# features


@pytest.mark.parametrize(
    ("rivals", "expected"),
    [
        ([scored(OTHER, 0.8)], 0.1),
        ([scored(ZH, 0.89), scored(OTHER, 0.8)], 0.1),  # a twin in another language
        ([scored(FaqEntry("en2", "how do i RETURN", "60 days", language="en"), 0.89)], 0.9 - fuse.FLOOR),  # asked twice
        ([], 0.9 - fuse.FLOOR),
    ],
)
def test_the_margin_is_to_the_first_that_says_something_else(rivals: list[Scored], expected: float) -> None:
    assert fuse.features([scored(EN, 0.9), *rivals], ())["margin"] == pytest.approx(expected)


def test_entries_taken_together_are_no_rivals() -> None:
    ranking = [scored(EN, 0.9), scored(OTHER, 0.88)]

    assert fuse.features(ranking, ["en", "other"])["margin"] == pytest.approx(0.9 - fuse.FLOOR)


def test_other_features() -> None:
    found = fuse.features([scored(EN, 0.9), scored(OTHER, 0.8)], ())
    without = fuse.features([scored(FaqEntry("x", "", "Text."), 0.9)], ())

    assert found["similarity"] == 0.9
    assert found["spread"] == pytest.approx(0.1)
    assert (found["question"], without["question"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("words", "expected"), [(["return"], 1.0), (["warranty"], 0.0), ([], 0.0), (["return", "within"], 1.0)]
)
def test_coverage_of_the_question(words: list[str], expected: float) -> None:
    full = lexical.build([["return", "within", "day"], ["open", "nine"]])
    hits = [Hit(passage(EN), 1.0, 1.0)]

    assert fuse.coverage(words, hits, full) == {"coverage": expected}


def test_rare_words_count_more() -> None:
    full = lexical.build([["return"], ["return", "x"], ["return", "y"], ["z"]])
    hits = [Hit(passage(EN), 1.0, 1.0)]

    assert fuse.coverage(["return", "warranty"], hits, full)["coverage"] < 0.5


# calibrate


def test_the_logistic_function() -> None:
    calibration = Calibration({"a": 2.0, "absent": 100.0}, -1.0)

    assert calibration.probability({"a": 0.5, "unused": 9.0}) == 0.5
    assert calibration.probability({"a": 1.0}) == pytest.approx(0.7311, abs=1e-4)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_probability_is_always_one(value: float, weight: float) -> None:
    assert 0.0 <= Calibration({"a": weight}, 0.0).probability({"a": value}) <= 1.0


def test_the_one_that_ships_prefers_near_and_clear_hits() -> None:
    shipped = load_calibration()
    good = {"similarity": 0.93, "margin": 0.08, "spread": 0.1, "coverage": 1.0, "question": 1.0}

    assert shipped.probability(good) > 0.75
    assert shipped.probability(good | {"margin": 0.0, "similarity": 0.8, "coverage": 0.0}) < 0.5
    assert set(shipped.weights) == set(good)


def test_a_calibration_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"weights": {"similarity": 1}, "intercept": 2}))

    assert load_calibration(path) == Calibration({"similarity": 1.0}, 2.0)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"weights": [], "intercept": 1}', '{"weights": {"a": "x"}, "intercept": 0}']
)
def test_what_is_no_calibration_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)

    with pytest.raises(IndexFailure, match=r"calibration\.json is no calibration.*Leave calibration unset"):
        load_calibration(path)


def test_a_calibration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexFailure, match="is no calibration"):
        load_calibration(tmp_path / "none.json")
