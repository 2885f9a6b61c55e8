"""A site's own calibration: which questions it makes, how it fits, and what it says of its errors."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import FaqEntry
from index import refit as refitting
from index.build import sync
from index.calibrate import Calibration, Logistic, as_json, load_calibration
from index.embed import fake_embedder
from index.errors import IndexFailure, SnapshotMissing
from index.hybrid import Index
from index.refit import Case, Rate, refit
from ui.cli.run import run
from ui.launch import calibration_for
from ui.settings import Settings

BASE = Calibration(Logistic({"told": 6.0, "above_mean": 10.0}, -4.0), Logistic({"read": 2.0}, -1.0), "r")
WORDS = "kettle teapot filter mug lamp chair table carpet pillow mirror clock basket candle ladder hammer spade rake hose glove boot scarf hat".split()
# Nonsense that shares no words: hidden questions then find nothing near.
ENTRIES = [
    FaqEntry(word, f"{word} {word[::-1]} {word[1:]}ish?", f"Wipe it, {word}.", language="en", similar=(f"{word} {word[1:]}ish",))
    for word in WORDS
]  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Path:
    sync(tmp_path / "shop", ENTRIES, fake_embedder())
    return tmp_path / "shop"


def test_the_fit_tells_hidden_from_known(site: Path) -> None:
    found = refit(site, fake_embedder(), BASE)

    kinds = {kind: [case for case in found.cases if case.kind == kind] for kind in ("known", "hidden")}
    assert [len(cases) for cases in kinds.values()] == [len(ENTRIES)] * 2
    assert all(case.right for case in kinds["known"])
    assert not any(case.right for case in kinds["hidden"])
    assert min(case.probability for case in kinds["known"]) > max(case.probability for case in kinds["hidden"])


def test_the_published_index_stays_as_it_is(site: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}

    refit(site, fake_embedder(), BASE)

    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before


def test_both_parts_of_a_calibration_move_together_and_are_kept(site: Path, tmp_path: Path) -> None:
    fitted = refit(site, fake_embedder(), BASE).calibration
    (tmp_path / "c.json").write_text(as_json(fitted), "utf-8")

    assert load_calibration(tmp_path / "c.json") == fitted
    assert (fitted.cheap, fitted.read, fitted.embedder) == (BASE.cheap, BASE.read, fake_embedder().digest)
    assert (fitted.slope, fitted.shift) != (1.0, 0.0)


def test_the_rates_are_those_of_what_is_kept(site: Path) -> None:
    told = refit(site, fake_embedder(), BASE)
    index = Index.open(site, fake_embedder(), told.calibration)

    hidden = [index.search(entry.question, without=[entry.id]).probability for entry in ENTRIES]

    judged = [case.probability for case in told.cases if case.kind == "hidden"]
    # Each was judged by a fit to the other four fifths.
    assert sum(hidden) / len(hidden) == pytest.approx(sum(judged) / len(judged), abs=0.1)


def test_progress_ends_at_all_questions(site: Path) -> None:
    seen: list[tuple[int, int]] = []

    refit(site, fake_embedder(), BASE, progress=lambda done, total: seen.append((done, total)))

    assert seen[-1] == (2 * len(ENTRIES), 2 * len(ENTRIES))


def test_few_entries_are_refused_with_their_number(tmp_path: Path) -> None:
    sync(tmp_path / "s", ENTRIES[:5], fake_embedder())

    with pytest.raises(IndexFailure, match=r"site s has 5 entries with a question.* needs 20"):
        refit(tmp_path / "s", fake_embedder(), BASE)
    with pytest.raises(SnapshotMissing):
        refit(tmp_path / "none", fake_embedder(), BASE)


def test_a_site_whose_questions_cannot_be_said_otherwise_is_refused(tmp_path: Path) -> None:
    sync(tmp_path / "s", [replace(entry, question=f"{entry.id}?", similar=()) for entry in ENTRIES], fake_embedder())

    with pytest.raises(IndexFailure, match=r"only 0 can be asked in other words.*similar questions"):
        refit(tmp_path / "s", fake_embedder(), BASE)


def test_on_a_translated_site_an_entry_that_is_hidden_takes_its_translation_with_it(tmp_path: Path) -> None:
    twins = [replace(entry, id=f"{entry.id}-zh", answer="擦一擦。", language="zh") for entry in ENTRIES]
    sync(tmp_path / "s", [*ENTRIES, *twins], fake_embedder())

    hidden = [case for case in refit(tmp_path / "s", fake_embedder(), BASE).cases if case.kind == "hidden"]

    assert len(hidden) == 2 * len(ENTRIES)
    assert max(case.probability for case in hidden) < 0.5


def test_an_entry_that_is_published_twice_does_not_answer_while_hidden(tmp_path: Path) -> None:
    twice = [*ENTRIES, *(FaqEntry(f"{e.id}-2", e.question, "On another page.", language="en") for e in ENTRIES)]
    sync(tmp_path / "s", twice, fake_embedder())

    found = refit(tmp_path / "s", fake_embedder(), BASE)

    assert found.rate("hidden", lambda case: case.probability > 0.5).count == 0


def test_a_search_without_an_entry_is_as_if_it_were_not_there(site: Path) -> None:
    index = Index.open(site, fake_embedder(), BASE)

    whole, less = (index.search("mug gum ugish?", without=gone) for gone in ((), ("mug",)))

    assert whole.hits[0].entry.id == "mug"
    assert "mug" not in {hit.entry.id for hit in less.hits}
    assert less.probability < whole.probability


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("How do I return an item?", "return item"),
        ("请问如何申请退货？", "申请退货"),
        ("目的地可以改吗？", "目的地改"),
        ("我们可以开发票吗", "开发票"),
        ("怎么样才能退款？", "才能退款"),
        ("iPhone 的保修期是多久？", "iPhone保修期是多久"),
        ("退货", ""),
        ("Why?", ""),
    ],
)
def test_a_question_is_said_shorter(question: str, short: str) -> None:
    assert refitting._shortened(question) == short


def test_a_fit_serves_as_long_as_embedder_and_reader_are_those_it_was_made_with(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped, settings = load_calibration(), Settings(data=site.parent)
    own = replace(shipped, embedder=fake_embedder().digest, slope=2.0)

    for kept, used, said in (
        (own, own, ""),
        (
            replace(own, embedder="of another"),
            shipped,
            "with another embedder or reader. Run 'kefu calibrate --site shop'",
        ),
        (
            replace(own, reader="kefu-reader-0"),
            shipped,
            "with another embedder or reader. Run 'kefu calibrate --site shop'",
        ),
    ):
        caplog.clear()
        (site / refitting.CALIBRATION).write_text(as_json(kept), "utf-8")
        assert calibration_for(settings, site, fake_embedder()) == used
        assert said in caplog.text
        assert bool(said) == bool(caplog.text)

    (site / refitting.CALIBRATION).unlink()
    caplog.clear()
    assert calibration_for(settings, site, fake_embedder()) == shipped
    assert "with another embedder than fake" in caplog.text


def test_a_fit_that_would_never_be_read_is_not_made(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_CALIBRATION", str(site / "mine.json"))

    assert run(["--data", str(site.parent), "calibrate", "--site", "shop"]) == 1
    assert "mine.json, which is used for every site. Unset it" in capsys.readouterr().err


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_share(count: int, total: int) -> None:
    count = min(count, total)
    low, high = Rate(count, total).interval

    assert 0 <= low <= count / total + 1e-9
    assert count / total - 1e-9 <= high <= 1


def test_an_interval_is_wilsons() -> None:
    assert Rate(5, 50).interval == pytest.approx((0.0435, 0.2136), abs=1e-4)  # as published tables have it
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_without_evidence_nothing_moves() -> None:
    cases = [Case("known", 0.9, True), Case("hidden", 0.1, False)]

    fitted = refitting._fitted(BASE, cases).calibration

    assert fitted.slope == pytest.approx(1.0, rel=0.2)
