"""Golden questions: kept, asked by every `kefu eval`, and what happens when one breaks."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.generators import QUOTE
from chatbot.marks import Outcome, band_of
from chatbot.memory import Memory, open_memory
from chatbot.messages import Answer, Citation
from crawler.errors import KefuError
from crawler.records import FaqEntry
from index.build import sync
from index.embed import fake_embedder
from index.exam import Question
from tests.test_eval import ALWAYS, Bands, answer, data, put, room
from tests.test_refit import ENTRIES
from ui.cli.golden import _bot, _found_alone
from ui.cli.run import run
from ui.golden import GOLDEN, Golden, change_golden, golden_questions, judged, read_golden, with_new
from ui.settings import Settings

__all__ = ["data"]  # a fixture

MUG, RAKE, LAMP = (next(entry for entry in ENTRIES if entry.id == id_) for id_ in ("mug", "rake", "lamp"))


def test_they_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    golden = [Golden("怎么“退货”？", "a", "2026-01-02"), Golden("free lunch?", None, "2026-01-03")]

    change_golden(tmp_path, lambda none: [*none, *golden])

    assert read_golden(tmp_path) == golden
    assert json.loads((tmp_path / GOLDEN).read_text("utf-8").splitlines()[1]) == {
        "question": "free lunch?",
        "expects": None,
        "said": "2026-01-03",
    }
    assert read_golden(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("line", ['{"expects": "a"}', '{"question": "x"}', '{"question": "x", "expects": 3}', "[]"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / GOLDEN).write_text(f'{{"question": "x", "expects": null}}\n{line}\n', "utf-8")

    with pytest.raises(KefuError, match=r"golden\.jsonl, line 2"):
        read_golden(tmp_path)


def test_one_that_asks_the_same_takes_the_place_of_the_old() -> None:
    old = [Golden("How to pay?", "a", "1"), Golden("Send?", "b", "1")]

    assert with_new(old, [Golden("how to PAY", None, "2"), Golden("New?", "c", "2")]) == [
        Golden("how to PAY", None, "2"),
        Golden("Send?", "b", "1"),
        Golden("New?", "c", "2"),
    ]


def test_none_is_lost_when_several_write(tmp_path: Path) -> None:
    def add(number: int) -> None:
        change_golden(tmp_path, lambda golden: with_new(golden, [Golden(f"{number}?", None, "")]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    assert {one.question for one in read_golden(tmp_path)} == {f"{number}?" for number in range(40)}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(KefuError, match="Mend the folder"):
        change_golden(tmp_path / "file", lambda golden: golden)


def ended(said: Answer, *wanted: FaqEntry) -> Outcome:
    question = Question("golden", "?", None, [entry.id for entry in wanted])
    return Outcome(question, wanted, said, band_of(said, Bands(), False), False, 1.0)


@pytest.mark.parametrize(
    ("expects", "outcome", "broke"),
    [
        ("mug", ended(answer("answered", 0.9, "quote", MUG), MUG), ""),
        ("mug", ended(answer("answered", 0.9, "quote", RAKE, MUG), MUG), ""),
        ("mug", ended(answer("answered", 0.9, "quote", RAKE), MUG), "wrong"),
        ("mug", ended(answer("suggested", 0.4), MUG), "suggested"),
        ("mug", ended(answer("refused", 0.1), MUG), "refused"),
        ("mug", ended(answer("answered", 0.9, "quote", MUG)), "gone"),
        ("mug", ended(answer("refused", 0.1)), "gone"),
        (None, ended(answer("refused", 0.1)), ""),
        (None, ended(answer("suggested", 0.4)), ""),
        (None, ended(answer("answered", 0.9, "quote", MUG)), "answered"),
    ],
)
def test_when_one_breaks(expects: str | None, outcome: Outcome, broke: str) -> None:
    assert [one.broke for one in judged([Golden("?", expects, "")], [outcome])] == [broke]


def test_an_entry_that_says_the_same_will_do(tmp_path: Path) -> None:
    twin = FaqEntry("mug-2", "zzz?", MUG.answer, language="en")
    where = room(tmp_path / "s", [*ENTRIES, twin], ALWAYS)
    golden = [Golden("zzz", "mug", ""), Golden("zzz", "rake", ""), Golden("zzz", "not there", "")]

    outcomes = put(where, *golden_questions(golden, where.index.entries))

    assert [one.broke for one in judged(golden, outcomes)] == ["", "wrong", "gone"]


# What visitors found good


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    (tmp_path / "data").mkdir(exist_ok=True)
    return open_memory(f"sqlite:///{tmp_path / 'data/kefu.sqlite3'}")


def said(memory: Memory, site: str, *turns: tuple[str, FaqEntry | None, int]) -> None:
    """A conversation of questions, the entry that answered each, and its rating."""
    token = memory.start(site).token
    for question, entry, rating in turns:
        cited = (Citation(1, entry.title, entry.link, "…"),) if entry else ()
        status = "answered" if entry else "refused"
        number = memory.record(token, question, Answer("…", status, 0.9, "quote", cited))
        if rating:
            assert memory.rate(token, number, rating)


def test_good_answers_come_with_the_question_before_them(memory: Memory) -> None:
    said(memory, "shop", ("of someone else?", RAKE, 0))
    said(memory, "shop", ("mug?", MUG, 1), ("rake?", RAKE, 0), ("and that?", MUG, 1))
    said(memory, "shop", ("bad?", MUG, -1), ("refused?", None, 1))
    said(memory, "other", ("elsewhere?", MUG, 1))

    found = memory.found_good("shop")
    memory.close()

    assert [(one.question, one.before, one.citations[0].question) for one in found] == [
        ("mug?", "", MUG.question),
        ("and that?", "rake?", MUG.question),
    ]


# The commands


def golden(data: Path, *argv: str, code: int = 0) -> None:
    assert run(["--data", str(data), "golden", *argv, "--site", "shop"]) == code


def kept(data: Path) -> list[tuple[str, str | None]]:
    return [(one.question, one.expects) for one in read_golden(data / "sites/shop")]


def test_adding_listing_and_removing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden(data, "add", "clean my mug", "--entry", "mug")
    golden(data, "add", "clean my rake", "--entry", RAKE.question)
    golden(data, "add", "free lunch?", "--nothing")
    golden(data, "add", MUG.question)  # what answers it now
    capsys.readouterr()

    assert kept(data) == [
        ("clean my mug", "mug"),
        ("clean my rake", "rake"),
        ("free lunch?", None),
        (MUG.question, "mug"),
    ]
    golden(data, "list")
    assert f"  2. clean my rake → {RAKE.question} (rake)" in capsys.readouterr().out
    golden(data, "list", "--json")
    assert [json.loads(line)["expects"] for line in capsys.readouterr().out.splitlines()] == [
        "mug",
        "rake",
        None,
        "mug",
    ]
    golden(data, "rm", "2")
    assert [question for question, _ in kept(data)] == ["clean my mug", "free lunch?", MUG.question]


@pytest.mark.parametrize(
    ("argv", "code", "problem"),
    [
        (("add", "x", "--entry", "not there"), 1, "no published entry has the id, question or address 'not there'"),
        (("add", "x", "--entry", "mug", "--nothing"), 2, "either --entry or --nothing"),
        (("add", "quantum computers"), 1, "--entry ID, or --nothing"),
        (("add", " "), 2, "the question is empty"),
        (("rm", "1"), 1, "has 0 golden questions"),
    ],
)
def test_what_cannot_be_kept_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], code: int, problem: str
) -> None:
    golden(data, *argv, code=code)

    assert problem in capsys.readouterr().err
    assert kept(data) == []


def test_an_address_of_several_entries_is_not_one_of_them(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "https://shop.example/faq"
    sync(
        data / "sites/shop", [FaqEntry(id_, f"{id_}?", f"{id_}.", page, language="en") for id_ in "ab"], fake_embedder()
    )

    golden(data, "add", "x", "--entry", page, code=1)

    assert "means 2 entries. Give the id of one: a (a?), b (b?)" in capsys.readouterr().err


def test_from_feedback(data: Path, memory: Memory, capsys: pytest.CaptureFixture[str]) -> None:
    said(memory, "shop", ("clean my mug please", MUG, 1), ("and that?", RAKE, 1))
    said(memory, "shop", ("what of this lamp here", FaqEntry("gone", "Gone?", "…"), 1), ("clean my rake", RAKE, 1))
    memory.close()
    golden(data, "add", "clean my RAKE", "--nothing")

    golden(data, "from-feedback")

    # The follow-up and the entry that is gone are left out, and what is golden stays as it is.
    assert kept(data) == [("clean my RAKE", None), ("clean my mug please", "mug")]
    out = capsys.readouterr().out
    assert "1 added of 4" in out
    assert "2 left out" in out


@pytest.mark.parametrize(("question", "kept_"), [("mug gum ugish?", ["mug gum ugish?"]), ("the green one", [])])
def test_what_was_asked_after_something_else_is_kept_when_it_is_found_without_that(
    data: Path, memory: Memory, question: str, kept_: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ui.cli.golden._found_alone", lambda settings, name: lambda asked: (MUG if "mug" in asked else LAMP).id
    )  # the search of an embedder that knows nothing finds everything
    said(memory, "shop", ("what do you sell here", LAMP, -1), (question, MUG, 1))
    memory.close()

    golden(data, "from-feedback")

    assert [one for one, _ in kept(data)] == kept_


@pytest.mark.real_embedder
def test_what_a_question_finds_alone_is_what_answers_it(demo: Settings) -> None:
    found = _found_alone(demo, "demo")

    titles = {entry.id: entry.title for entry in _bot(demo, "demo", QUOTE).index().entries}
    assert titles[found("如何退货？")] == "如何申请退货？"
    assert titles[found("How do I return an item?")] == "How do I return an item?"
    assert found("今天股票涨了吗") == ""


def test_eval_fails_when_one_breaks_and_names_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden(data, "add", MUG.question, "--entry", "mug")
    few = ["--data", str(data), "eval", "--site", "shop", "--cases", "2"]
    assert run(few) == 0
    assert "golden questions: 1 of 1 held" in capsys.readouterr().out
    golden(data, "add", RAKE.question, "--nothing")
    sync(data / "sites/shop", [entry for entry in ENTRIES if entry.id != "mug"], fake_embedder())
    capsys.readouterr()

    assert run(few) == 1

    out, err = capsys.readouterr()
    assert f"  broke (its entry is not published any more): {MUG.question}" in out
    assert f"  broke (answered, and must not be): {RAKE.question}" in out
    assert "2 of 2 golden questions broke" in err
    assert run([*few, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["golden"]
    assert [(one["question"], one["why"]) for one in told["broken"]] == [
        (MUG.question, "gone"),
        (RAKE.question, "answered"),
    ]


def test_a_golden_question_is_no_part_of_the_figures(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden(data, "add", MUG.question, "--entry", "mug")
    capsys.readouterr()

    assert run(["--data", str(data), "eval", "--site", "shop", "--cases", "2", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["golden"]["asked"] == 1
    assert {case["kind"] for case in told["cases"]} == {"known", "hidden", "far"}
