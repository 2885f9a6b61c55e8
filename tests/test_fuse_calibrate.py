"""One order out of what dense and lexical search say, and how sure its first place is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from crawler.records import FaqEntry
from index import catalogue, centres, fuse, lexical
from index.calibrate import FEATURES, Calibration, Logistic, load_calibration
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import fake_embedder
from index.errors import IndexFailure
from index.fuse import Compared, EntryTable, Scored
from index.passage import FIELDS
from index.reader import ADAPTER
from index.words import terms

EN = FaqEntry("en", "How do I return?", "Within 30 days.", language="en")
ZH = FaqEntry("zh", "怎么退货？", "30 天内。", language="zh")
OTHER = FaqEntry("other", "When do you open?", "At nine.", language="en")
TEXT = FaqEntry("text", "", "We open at nine.", language="en")


def compared(*found: tuple[int, str, float]) -> Compared:
    """(entry's row, field, similarity) of each passage."""
    owners, fields, near = zip(*found, strict=True)
    places = np.array([FIELDS.index(field) for field in fields])
    return Compared(np.arange(len(found)), np.array(owners), places, np.array(near, np.float32))


def scores(*values: float) -> lexical.Scores:
    return np.array(values, np.float32)


def scored(entry: FaqEntry, score: float, told: float = 0.8) -> Scored:
    return Scored(score, score, entry, 0, told=told)


NOTHING = scores(0, 0)


# rank


def test_words_lift_an_entry_over_a_slightly_nearer_one() -> None:
    near = compared((0, "asked", 0.86), (1, "asked", 0.85))

    ranking = fuse.rank(near, scores(0, 0.8), scores(0, 0.4), NOTHING, EntryTable.of([EN, OTHER]), "en")

    assert [item.entry for item in ranking] == [OTHER, EN]
    assert ranking[0].score == pytest.approx(0.85 + fuse.ASKED_WORDS * 0.6 + fuse.SAME_LANGUAGE)
    assert (ranking[0].similarity, ranking[0].words, ranking[0].spelt) == pytest.approx((0.85, 0.8, 0.4))


def test_what_wordings_have_in_common_lifts_an_entry() -> None:
    near = compared((0, "asked", 0.86), (1, "asked", 0.85))

    ranking = fuse.rank(near, NOTHING, NOTHING, scores(-0.1, 0.6), EntryTable.of([EN, OTHER]), "en")

    assert [item.entry for item in ranking] == [OTHER, EN]
    assert ranking[0].by_field()["wordings"] == pytest.approx(0.6)


def test_words_weigh_more_in_a_text() -> None:
    ranking = fuse.rank(compared((0, "told", 0.8)), scores(0.5), scores(0), NOTHING, EntryTable.of([TEXT]), "en")

    assert ranking[0].score == pytest.approx(0.8 + fuse.TEXT_WORDS * 0.5 + fuse.SAME_LANGUAGE)


@pytest.mark.parametrize(
    ("others", "score"),
    [
        ((), (0.9 + 1.20 * 0.8 + 0.65 * 0.6) / 2.85),
        (("a",), (0.9 + 1.20 * 0.8 + 0.65 * 0.6) / 2.85),
        (("a", "b"), (0.9 + 0.15 * 0.8 + 0.3 * 0.6) / 1.45),
    ],
)
def test_each_field_has_its_weight(others: tuple[str, ...], score: float) -> None:
    near = compared(
        *((0, "asked", 0.9) for _ in range(1 + len(others))), (0, "told", 0.8), (0, "told", 0.7), (0, "alone", 0.6)
    )
    table = EntryTable.of([replace(EN, similar=others)])

    (best,) = fuse.rank(near, NOTHING, NOTHING, NOTHING, table, "de")

    assert (best.asked, best.told, best.alone) == pytest.approx((0.9, 0.8, 0.6))
    assert best.score == pytest.approx(score)
    assert best.passage == 0


def test_the_weights_are_those_of_most_entries_or_given() -> None:
    many, texts = replace(EN, similar=("a", "b")), [TEXT] * 3

    assert EntryTable.of([many, EN, EN]).weights == fuse.BESIDE_FEW
    assert EntryTable.of([many, many, EN, *texts]).weights == fuse.BESIDE_MANY
    assert EntryTable.of([many], fuse.BESIDE_FEW).weights == fuse.BESIDE_FEW
    assert EntryTable.of(texts).weights == EntryTable.of([]).weights == fuse.BESIDE_FEW


def test_what_was_not_compared_is_no_nearer_than_the_last_that_was() -> None:
    fields = ("asked", "told", "alone")
    near = compared(*((0, f, s) for f, s in zip(fields, (0.92, 0.88, 0.84), strict=True)), (1, "asked", 0.9))

    ranking = fuse.rank(near, NOTHING, NOTHING, NOTHING, EntryTable.of([EN, OTHER]), "de")

    assert [item.entry for item in ranking] == [EN, OTHER]
    assert (ranking[1].told, ranking[1].alone) == pytest.approx((0.84, 0.84))


def test_forms_that_were_not_compared_count_in_the_mean() -> None:
    several = replace(EN, similar=("a", "b", "c"))

    one, two = (
        fuse.rank(
            compared((0, "asked", 0.9), (0, "told", 0.6)), NOTHING, NOTHING, NOTHING, EntryTable.of([entry]), "de"
        )[0]
        for entry in (EN, several)
    )

    assert (one.asked, two.asked) == pytest.approx((0.9, (0.9 + (0.9 + 0.6 + 0.6) / 3) / 2))


def test_several_near_forms_count_more_than_one() -> None:
    near = compared(
        *((0, "asked", similarity) for similarity in (0.9, 0.88, 0.86, 0.5)),
        *((1, "asked", similarity) for similarity in (0.91, 0.7, 0.7)),
    )

    table = EntryTable.of([replace(entry, similar=("a", "b", "c")) for entry in (EN, OTHER)])
    ranking = fuse.rank(near, NOTHING, NOTHING, NOTHING, table, "de")

    assert [item.entry.id for item in ranking] == ["en", "other"]
    assert ranking[0].asked == pytest.approx((0.9 + 0.88) / 2)


@pytest.mark.parametrize(("language", "expected"), [("en", "en"), ("zh", "zh"), ("de", "en")])
def test_of_equals_the_visitors_language_wins_then_the_order_of_entries(language: str, expected: str) -> None:
    near = compared((0, "asked", 0.9), (1, "asked", 0.9))

    assert expected == fuse.rank(near, NOTHING, NOTHING, NOTHING, EntryTable.of([EN, ZH]), language)[0].entry.id


# features


def features(*ranking: Scored, question: str = "how to return", together: Sequence[str] = ()) -> dict[str, float]:
    return fuse.features(ranking, terms(question), "en", together)


@pytest.mark.parametrize(
    ("rivals", "expected"),
    [
        ([scored(OTHER, 0.8)], 0.1),
        ([scored(OTHER, 0.85), scored(TEXT, 0.75)], 0.1),
        ([scored(ZH, 0.89), scored(OTHER, 0.8)], 0.1),  # a twin in another language
        ([scored(FaqEntry("en2", "how do i RETURN", "60 days", language="en"), 0.89)], 0.9 - fuse.FLOOR),  # asked twice
        ([], 0.9 - fuse.FLOOR),
    ],
)
def test_the_first_stands_out_from_those_that_say_something_else(rivals: list[Scored], expected: float) -> None:
    assert features(scored(EN, 0.9), *rivals)["above_mean"] == pytest.approx(expected)


def test_entries_taken_together_are_no_rivals() -> None:
    found = features(scored(EN, 0.9), scored(OTHER, 0.88), together=["en", "other"])

    assert found["above_mean"] == pytest.approx(0.9 - fuse.FLOOR)


def test_entries_taken_together_stay_rivals_of_another() -> None:
    third = replace(OTHER, id="third")
    ranking = (scored(EN, 0.9), scored(OTHER, 0.88), scored(third, 0.87))

    assert features(*ranking, together=["other", "third"]) == features(*ranking)


def test_other_features() -> None:
    found = features(scored(EN, 0.9, told=0.7), scored(OTHER, 0.8))

    assert (found["told"], found["across"], found["above_mean_across"]) == (0.7, 0.0, 0.0)
    assert found["length"] < features(scored(EN, 0.9), question="how to return a pen and an ink bottle")["length"]
    several = features(scored(replace(EN, similar=("a", "b", "c")), 0.9)._replace(read=9.0), scored(OTHER, 0.8))
    assert several["forms"] == pytest.approx(np.log(4))
    assert several["above_mean_forms"] == pytest.approx(np.log(4) * 0.1)
    assert (several["read"], several["read_forms"], several["text"]) == pytest.approx((6, 6 * np.log(4), 0))
    assert features(scored(TEXT, 0.9)._replace(read=-2.0))["read_text"] == -2.0
    across = features(scored(ZH, 0.9))
    assert (across["across"], across["above_mean_across"]) == (1.0, across["above_mean"])


# centres


def test_what_is_only_language_is_taken_from_texts_in_another_one() -> None:
    average = np.array([0.6, 0.8], np.float32)
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6]], np.float32)

    made = centres.build({"zh": average, "ja": average}, vectors, ["zh", "en", "en", ""])

    # The two English texts are .8 and 1.0 like an average question: .9 in the mean, the Chinese one .6.
    spread = 0.1 * centres.SHARE
    assert made.part("zh", np.arange(4)) == pytest.approx([0, 0.3 - spread, 0.3 + spread, 0])
    assert made.part("ja", np.arange(4)) == pytest.approx([0, -spread, spread, 0])  # the site has no Japanese
    assert made.part("de", np.arange(4)) == 0


def test_centres_survive_their_file(tmp_path: Path) -> None:
    made = centres.build(
        centres.question_averages(fake_embedder()), np.eye(256, dtype=np.float32)[:3], ["zh", "en", "de"]
    )
    made.save(tmp_path)

    read = centres.load(tmp_path)

    assert {"zh", "en", "de", "fr", "es", "ja", "ru"} < read.averages.keys()
    np.testing.assert_array_equal(read.averages["zh"], made.averages["zh"])
    np.testing.assert_array_equal(read.part("zh", np.arange(3)), made.part("zh", np.arange(3)))


# calibrate


def test_the_logistic_function() -> None:
    calibration = Calibration(Logistic({"a": 2.0, "absent": 100.0}, -1.0))

    assert calibration.probability({"a": 0.5, "unused": 9.0}) == 0.5
    assert calibration.probability({"a": 1.0}) == pytest.approx(0.7311, abs=1e-4)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_probability_is_always_one(value: float, weight: float) -> None:
    assert 0.0 <= Calibration(Logistic({"a": weight}, 0.0)).probability({"a": value}) <= 1.0


def test_the_one_that_ships_prefers_near_and_clear_hits() -> None:
    shipped = load_calibration()
    good = features(scored(EN, 1.1, told=0.9), *(scored(replace(OTHER, id=str(n)), 0.88) for n in range(20)))

    assert shipped.probability(good) > 0.75
    assert shipped.probability(good | {"above_mean": 0.01, "told": 0.8}) < 0.5
    assert set(shipped.cheap.weights) <= set(good)


def test_the_one_that_ships_knows_the_reader_that_ships() -> None:
    shipped = load_calibration()
    with as_file(files("index").joinpath(ADAPTER)) as path, safe_open(path, "np") as file:
        name = file.metadata()["name"]
    read = fuse.reread(
        [scored(EN, 1.0, told=0.9), *(scored(replace(OTHER, id=str(n)), 0.88) for n in range(20))],
        np.array([5.0] + [-5.0] * 4, np.float32),
    )

    assert shipped.reader == name
    assert shipped.read is not None
    assert set(shipped.read.weights) <= set(features(*read))
    assert shipped.probability(features(*read)) > 0.75
    assert shipped.probability(features(*read) | {"read": -5.0}) < 0.5


def test_a_calibration_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"weights": {"told": 1}, "intercept": 2, "shift": 3}))

    assert load_calibration(path) == Calibration(Logistic({"told": 1.0}, 2.0), shift=3.0)


def test_a_sites_shift_does_not_change_when_the_reader_is_asked() -> None:
    base = Calibration(Logistic({"told": 1.0}, 0.0), Logistic({"read": 1.0}, 0.0), "r")
    own = replace(base, shift=1.6)

    assert own.probability({"told": 2.0}) == pytest.approx(1 / (1 + np.exp(-(2 + 1.6))))
    assert own.probability({"told": 2.0, "read": -3.0}) == pytest.approx(1 / (1 + np.exp(-(-3 + 1.6))))
    assert [own.doubts({"told": z}) for z in (-4.0, 0.0, 2.0, 4.0)] == [False, True, True, False]


def test_the_features_have_the_names_that_a_calibration_may_use() -> None:
    read = fuse.reread([scored(EN, 0.9), scored(OTHER, 0.8)], np.array([1.0, 0.0], np.float32))

    assert list(features(*read)) == FEATURES
    assert load_calibration().embedder == catalogue.find(DEFAULT_EMBEDDER).sha256  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"weights": [], "intercept": 1}',
        '{"weights": {"told": "x"}, "intercept": 0}',
        '{"weights": {"similarity": 1}, "intercept": 2}',
    ],
)
def test_what_is_no_calibration_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)

    with pytest.raises(IndexFailure, match=r"calibration\.json is no calibration.*Leave calibration unset"):
        load_calibration(path)


def test_a_calibration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexFailure, match="is no calibration"):
        load_calibration(tmp_path / "none.json")
