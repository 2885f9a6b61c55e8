"""A site's own calibration: which questions it makes, how it fits, and what it says of its errors."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import FaqEntry
from index import refit as refitting
from index.build import sync
from index.calibrate import Calibration, Logistic, as_json, load_calibration
from index.embed import fake_embedder
from index.errors import IndexFailure, SnapshotMissing
from index.exam import shortened
from index.fuse import BESIDE_MANY
from index.hybrid import Index
from index.reader import Reader
from index.refit import Case, Rate, for_site, refit
from index.twins import twins
from ui.cli.run import run
from ui.launch import calibration_for
from ui.settings import Settings, Site, write_site

BASE = Calibration(Logistic({"told": 6.0, "above_mean": 10.0}, -8.0), Logistic({"read": 2.0}, -1.0), "r")
READER = Reader("r", lambda question, texts: np.full(len(texts), 0.5, np.float32))
MOVED = replace(BASE, known_mean=1.0, known_weight=0.1)
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


def test_hidden_questions_are_told_from_known_ones(site: Path) -> None:
    found = refit(site, fake_embedder(), BASE)

    kinds = {kind: [case for case in found.cases if case.kind == kind] for kind in ("known", "hidden")}
    assert [len(cases) for cases in kinds.values()] == [len(ENTRIES)] * 2
    assert all(case.right for case in kinds["known"])
    assert not any(case.right for case in kinds["hidden"])
    assert min(case.probability for case in kinds["known"]) > max(case.probability for case in kinds["hidden"])


def test_the_level_follows_how_sure_what_is_known_is(site: Path) -> None:
    found = refit(site, fake_embedder(), MOVED, READER)
    known = float(np.mean([MOVED.log_odds(case.features) for case in found.cases if case.kind == "known"]))

    assert known == 0.0  # 2 * 0.5 - 1: all were read
    assert found.calibration.shift == pytest.approx(0.1 * (known - 1.0))
    for mean, shift in ((known, 0.0), (known - 100, refitting.FURTHEST), (known + 100, -refitting.FURTHEST)):
        own = refit(site, fake_embedder(), replace(MOVED, known_mean=mean), READER).calibration
        assert own.shift == pytest.approx(shift)
    for other in (None, replace(READER, name="a cross-encoder")):
        assert refit(site, fake_embedder(), MOVED, other).calibration.shift == 0.0


def test_the_cases_have_the_probability_that_a_visitor_would_be_given(site: Path) -> None:
    found = refit(site, fake_embedder(), MOVED, READER)
    index = Index.open(site, fake_embedder(), found.calibration, READER)

    given = [case.probability for case in found.cases if case.kind == "hidden"]

    asked = {e.id: index.hiding([e.id]).search(e.question).probability for e in ENTRIES}
    # Not to the digit: of those that need no reader, what it says moves the margin a little.
    assert sorted(given) == pytest.approx(sorted(asked.values()), abs=0.02)


def test_the_published_index_stays_as_it_is(site: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}

    refit(site, fake_embedder(), BASE)

    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before


def test_both_parts_of_a_calibration_move_together_and_are_kept(site: Path, tmp_path: Path) -> None:
    fitted = refit(site, fake_embedder(), MOVED, READER).calibration
    (tmp_path / "c.json").write_text(as_json(fitted), "utf-8")

    assert load_calibration(tmp_path / "c.json") == fitted
    assert fitted == replace(MOVED, embedder=fake_embedder().digest, asked_with="r", shift=fitted.shift)
    assert fitted.shift != 0.0


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


NUMBERED = [replace(entry, answer=f"{entry.id} {100 + number}") for number, entry in enumerate(ENTRIES)]


def in_language(language: str, mark: str, alike: int = len(ENTRIES)) -> list[FaqEntry]:
    """Translations as the fake embedder sees them: only `mark` is new, and the questions after the first few."""
    return [
        FaqEntry(f"{entry.id}-{language}", f"{entry.question if place < alike else place} {mark}", f"{entry.answer} {mark}", language=language)
        for place, entry in enumerate(NUMBERED)
    ]  # fmt: skip


def translated(site: Path, *entries: FaqEntry) -> list[Case]:
    sync(site, entries, fake_embedder())
    return [case for case in refit(site, fake_embedder(), BASE).cases if case.kind == "translated"]


def test_questions_of_translated_entries_are_asked_of_the_other_language(tmp_path: Path) -> None:
    untranslated = FaqEntry("alone", "只有中文吗？", "只有中文 999", language="zh")

    cases = translated(tmp_path / "s", *NUMBERED, *in_language("zh", "甲", alike=8), untranslated)

    assert len(cases) == 2 * len(ENTRIES)
    assert 8 <= sum(case.right for case in cases) < len(cases)


def test_of_three_languages_both_others_answer(tmp_path: Path) -> None:
    cases = translated(tmp_path / "s", *NUMBERED, *in_language("zh", "甲"), *in_language("ja", "を"))

    assert len(cases) == 3 * len(ENTRIES)
    assert all(case.right for case in cases)


def test_an_answer_that_is_the_same_in_two_languages_answers(tmp_path: Path) -> None:
    alike = [replace(entry, answer=NUMBERED[place].answer) for place, entry in enumerate(in_language("zh", "甲"))]

    cases = translated(tmp_path / "s", *NUMBERED, *alike)

    assert len(cases) == 2 * len(ENTRIES)
    assert all(case.right for case in cases)


def test_known_questions_are_asked_with_the_weights_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Index] = []
    plainly = Index.open
    monkeypatch.setattr(Index, "open", lambda *given: opened.append(plainly(*given)) or opened[-1])  # type: ignore[func-returns-value]
    three = [replace(entry, similar=(*entry.similar, f"{entry.id} again")) for entry in ENTRIES]
    sync(tmp_path / "s", three, fake_embedder())

    refit(tmp_path / "s", fake_embedder(), BASE)

    site, less = opened
    assert max(len(entry.similar) for entry in less.entries) == 1
    assert less.weights == site.weights == BESIDE_MANY


def test_twins_are_nearest_to_each_other_and_give_the_same_numbers() -> None:
    answers = {
        "a": "30 days",
        "b": "free above 99 yuan",
        "c": "30天",
        "d": "满98元包邮",
        "e": "无数字",
        "f": "no number",
    }
    entries = [FaqEntry(key, "", text, language="zh" if key in "cde" else "en") for key, text in answers.items()]
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 0, 1, 2, 2]]

    # b and d are near and differ by a number, e and f have none.
    assert twins(entries, vectors, range(6)) == {0: [2], 2: [0]}
    assert twins(entries, vectors, [1, 2]) == {2: [0]}
    assert twins([replace(entry, language="en") for entry in entries], vectors, range(6)) == {}
    # Of two entries it cannot be told what is only language.
    assert twins(entries[:4], vectors[:4], range(4)) == {}


def test_an_entry_that_is_published_twice_does_not_answer_while_hidden(tmp_path: Path) -> None:
    twice = [*ENTRIES, *(FaqEntry(f"{e.id}-2", e.question, "On another page.", language="en") for e in ENTRIES)]
    sync(tmp_path / "s", twice, fake_embedder())

    found = refit(tmp_path / "s", fake_embedder(), BASE)

    assert found.rate("hidden", lambda case: case.probability > 0.5).count == 0


def test_a_search_without_an_entry_is_as_if_it_were_not_there(site: Path) -> None:
    index = Index.open(site, fake_embedder(), BASE)

    whole, less = (index.hiding(gone).search("mug gum ugish?") for gone in ((), ("mug",)))

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
    assert shortened(question) == short


def test_a_fit_serves_as_long_as_embedder_reader_and_version_are_those_it_was_made_with(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped, settings = load_calibration(), Settings(data=site.parent)
    reader = Reader(shipped.reader, lambda question, texts: np.zeros(len(texts), np.float32))
    own = replace(for_site(shipped, fake_embedder(), reader), shift=0.7)
    path = site / refitting.CALIBRATION
    another = "with another embedder, reader or version. Run 'kefu calibrate --site shop'"

    for kept, opened, used, said in (
        (as_json(own), reader, own, ""),
        (as_json(replace(own, embedder="of another")), reader, shipped, another),
        (as_json(replace(own, reader="kefu-reader-0")), reader, shipped, another),
        (as_json(replace(own, cheap=Logistic({}, 0.0))), reader, shipped, another),
        (as_json(own), None, shipped, another),
        (as_json(own), replace(reader, name="a cross-encoder"), shipped, another),
        (
            "rubbish",
            reader,
            shipped,
            f"{path} cannot be read, so the one that ships is used. Run 'kefu calibrate --site shop'",
        ),
    ):
        caplog.clear()
        path.write_text(kept, "utf-8")
        assert calibration_for(settings, site, fake_embedder(), opened) == used
        assert said in caplog.text
        # One warning is that the fit which ships is of another embedder than the fake.
        assert caplog.text.count("WARNING") == 1 + bool(said)

    path.unlink()
    caplog.clear()
    assert calibration_for(settings, site, fake_embedder(), reader) == shipped
    assert "with another embedder than fake" in caplog.text


def test_no_room_for_the_copy_is_said(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    copytree = shutil.copytree
    monkeypatch.setattr("shutil.copytree", lambda here, there, *_, **__: copytree(here, there, copy_function=full))

    with pytest.raises(IndexFailure, match=r"site shop cannot be copied.*\([^(]*No space left on device\).*TMPDIR"):
        refit(site, fake_embedder(), BASE)


def test_the_command_keeps_the_fit_and_shows_the_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    write_site(Settings(data=data), Site(name="shop"))
    sync(data / "sites" / "shop", ENTRIES, fake_embedder())
    monkeypatch.setattr("ui.launch.embedder_for", lambda *_: fake_embedder())
    monkeypatch.setattr("index.reader.open_reader", lambda *_: None)
    monkeypatch.setattr("index.calibrate.load_calibration", lambda: BASE)

    assert run(["--data", str(data), "calibrate", "--site", "shop", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    kept = data / "sites" / "shop" / refitting.CALIBRATION
    assert load_calibration(kept) == refit(data / "sites" / "shop", fake_embedder(), BASE).calibration
    rates = {key: told[key] for key in told if key not in ("site", "file")}
    across = [rates.pop(key) for key in ("false_refusals_across", "only_suggested_across", "wrong_entry_across")]
    assert across == [{"count": 0, "of": 0, "interval": [0.0, 1.0]}] * 3  # nothing is translated
    assert {key: rate["of"] for key, rate in rates.items()} == dict.fromkeys(rates, len(ENTRIES))
    # All that is known is answered, and nothing that is hidden: told apart by the test above.
    assert {key: rate["count"] for key, rate in rates.items()} == dict.fromkeys(rates, 0)
    assert rates["false_answers"]["interval"] == [0.0, 0.1487]
    assert run(["--data", str(data), "calibrate", "--site", "shop"]) == 0
    assert "nothing answers it, and Kefu answers" in capsys.readouterr().out


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
