"""`kefu eval`: which questions a site is asked, what becomes of them, and what is counted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.bands import Band, Bands
from chatbot.bot import Bot
from chatbot.errors import GeneratorFailed
from chatbot.generators import QUOTE, Generator
from chatbot.marks import Outcome, band_of, figures, worst
from chatbot.messages import Answer, Citation, Conversation
from chatbot.prompt import Prompt
from chatbot.questions import far_questions, reworded
from chatbot.texts import Texts
from crawler.errors import KefuError
from crawler.language import detect
from crawler.records import FaqEntry
from index import snapshot
from index.build import sync
from index.calibrate import Calibration, Logistic, as_json
from index.embed import fake_embedder
from index.errors import SnapshotMissing
from index.exam import Question, draw, meant, same_as, without_wordings
from index.hybrid import Index
from tests.test_refit import ENTRIES, NUMBERED, in_language
from ui.cli.run import run
from ui.exam import Room, compare
from ui.questions import drawn_questions, for_another, given_questions
from ui.settings import Settings, Site, write_site

BASE = Calibration(Logistic({"told": 6.0, "above_mean": 10.0}, -8.0))
ALWAYS = Calibration(Logistic({}, 9.0))
NEVER = Calibration(Logistic({}, -9.0))
MUG = next(entry for entry in ENTRIES if entry.id == "mug")


def room(
    site: Path, entries: list[FaqEntry] = ENTRIES, calibration: Calibration = BASE, generator: Generator = QUOTE
) -> Room:
    sync(site, entries, fake_embedder())
    index = Index.open(site, fake_embedder(), calibration)
    return Room(Bot(lambda: index, generator, Bands(), Texts({"en": "Acme"})), site, fake_embedder(), index)


def put(where: Room, *asked: Question, held: dict[str, str] | None = None) -> list[Outcome]:
    return where.put(asked, held or {})


def answer(
    status: Any = "answered", probability: float | None = 0.9, generator: str = "quote", *cited: FaqEntry
) -> Answer:
    citations = tuple(Citation(n, entry.title, entry.link, "…") for n, entry in enumerate(cited, 1))
    return Answer("…", status, probability, generator, citations)


def outcome(
    kind: str, said: Answer, *wanted: FaqEntry, first: bool = False, ms: float = 1.0, without: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(
        Question(kind, "?", None, [e.id for e in wanted], without),
        wanted,
        said,
        band_of(said, Bands(), False),
        first,
        ms,
    )


# What is asked


def scripted(said: dict[str, str]) -> Generator:
    """Says to a question what is listed, in pieces."""

    def generate(prompt: Prompt) -> Iterator[str]:
        text = said[prompt.messages[-1].content]
        if text == "fails":
            raise GeneratorFailed("broken off")
        yield from text

    return Generator("scripted", generate)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("What does sending it cost?\nIt costs 5 euros.", "What does sending it cost?"),
        ("“What does sending it cost?”", "What does sending it cost?"),
        ("How much is shipping!", ""),  # the same
        ("what's the postage", ""),  # a stored wording
        ("寄一次多少钱？", ""),
        ("", ""),
        ("It is 5 euros.", ""),  # answers
        ("What does sending it c…", ""),  # cut off
        ("fails", ""),
    ],
)
def test_a_question_said_otherwise_is_a_question_said_otherwise(said: str, kept: str) -> None:
    entry = FaqEntry("s", "How much is shipping?", "5 euros.", language="en", similar=("What's the postage?",))

    found = reworded(scripted({entry.question: said}), [entry])

    assert found == ({"s": kept} if kept else {})


def test_a_model_rewords_each_in_its_language() -> None:
    entries = [FaqEntry("z", "怎么退货？", "…", language="zh"), FaqEntry("e", "Can I return it?", "…", language="en")]
    told: list[Prompt] = []

    def generate(prompt: Prompt) -> Iterator[str]:
        told.append(prompt)
        yield "东西怎么寄回去？" if prompt.language == "zh" else "How do I send it back?"

    seen: list[tuple[int, int]] = []
    found = reworded(Generator("g", generate), entries, lambda done, total: seen.append((done, total)))

    assert found == {"z": "东西怎么寄回去？", "e": "How do I send it back?"}
    assert ["顾客" in told[0].messages[0].content, "customer" in told[1].messages[0].content] == [True, True]
    roles = [message.role for message in told[0].messages]
    assert roles == ["system", *("user", "assistant") * 3, "user"]
    assert [prompt.messages[-1].content for prompt in told] == ["怎么退货？", "Can I return it?"]
    assert seen == [(1, 2), (2, 2)]


def test_far_questions_are_in_both_languages_and_all_different() -> None:
    far = far_questions()

    assert len(set(far)) == len(far) == 80
    assert [detect(text) for text in far].count("zh") == 40


def test_a_drawing_is_the_same_each_time_and_no_larger_than_wished(tmp_path: Path) -> None:
    index = room(tmp_path / "s").index

    drawn = draw(index.entries, 5)
    asked = drawn_questions(index, replace(drawn, reworded={drawn.entries[0].id: "otherwise?"}), 5)

    assert drawn == draw(index.entries, 5)
    kinds = [question.kind for question in asked]
    assert {kind: kinds.count(kind) for kind in kinds} == {"known": 5, "paraphrase": 1, "hidden": 5, "far": 5}
    # A translation would answer.
    assert {q.within for q in asked if q.kind == "hidden"} == {e.language for e in drawn.entries} == {"en"}


def test_an_entry_is_meant_by_id_address_and_question() -> None:
    entries = [
        FaqEntry("a", "How to pay?", "…", "https://shop.example/faq", "pay", similar=("Paying?",)),
        FaqEntry("b", "How to send?", "…", "https://shop.example/faq", "send"),
        FaqEntry("c", "", "a passage", "https://shop.example/about"),
        FaqEntry("d", "", "a passage of no page"),
    ]
    by = {
        "a": "a",
        "https://shop.example/faq#send": "b",
        "https://shop.example/faq": "ab",
        "how to PAY": "a",
        "paying": "a",
        "": "",
        "else": "",
    }

    assert {name: "".join(entry.id for entry in meant(name, entries)) for name in by} == by


# What becomes of it


def test_known_questions_are_answered_by_their_entries_and_hidden_ones_are_not_seen(tmp_path: Path) -> None:
    sure = room(tmp_path / "s", calibration=ALWAYS)
    drawn = draw(sure.index.entries, 8)
    asked = drawn_questions(sure.index, drawn, 8)

    outcomes = sure.put(asked, drawn.held)

    by = {kind: [one for one in outcomes if one.question.kind == kind] for kind in ("known", "hidden")}
    assert [one.result for one in by["known"]] == ["right"] * 8
    # However sure it is, it cannot show what it must not see.
    assert {one.result for one in by["hidden"]} <= {"answered", "suggested"}
    for one in by["hidden"]:
        shown = {*one.answer.suggestions, *(citation.question for citation in one.answer.citations)}
        assert shown
        assert one.question.text not in shown


def test_a_held_wording_is_not_in_the_index_that_it_is_asked_of(tmp_path: Path) -> None:
    where = room(tmp_path / "s")
    question = Question("known", MUG.similar[0], MUG, ["mug"])

    with without_wordings(where.site, where.index, {"mug": MUG.similar[0]}, where.embedder) as less:
        assert [entry.similar for entry in less.entries] == [
            entry.similar[1:] if entry is MUG else entry.similar for entry in ENTRIES
        ]

    stored, held = (put(where, question, held=taken)[0] for taken in ({}, {"mug": MUG.similar[0]}))

    assert stored.answer.probability is not None
    assert held.answer.probability is not None
    assert stored.answer.probability > held.answer.probability


def test_what_was_found_first_is_known_of_refusals_too(tmp_path: Path) -> None:
    where = room(tmp_path / "s", calibration=NEVER)

    right, other = put(where, Question("given", "mug gum", MUG, ["mug"]), Question("given", "mug gum", MUG, ["kettle"]))

    assert (right.result, right.first, right.wanted) == ("refused", True, (MUG,))
    assert (other.result, other.first) == ("refused", False)


def test_a_question_goes_with_what_was_said_before(tmp_path: Path) -> None:
    heard: list[Conversation] = []

    class Listening(Bot):
        def reply(self, question: str, conversation: Conversation) -> Iterator[Any]:
            heard.append(conversation)
            return super().reply(question, conversation)

    where = room(tmp_path / "s")
    listening = replace(where, bot=Listening(where.bot.index, QUOTE, Bands(), Texts({"en": "Acme"})))

    put(listening, Question("given", "and that?", history=(("user", "mug gum ugish?"), ("assistant", "Wipe it."))))

    assert [(m.role, m.content) for m in heard[0].messages] == [("user", "mug gum ugish?"), ("assistant", "Wipe it.")]


def test_the_wanted_entry_may_be_among_the_suggestions(tmp_path: Path) -> None:
    where = room(tmp_path / "s", calibration=Calibration(Logistic({}, 0.0)))

    there, not_there = put(
        where, Question("given", "mug gum", MUG, ["mug"]), Question("given", "mug gum", MUG, ["rake"])
    )

    assert (there.result, there.offered) == ("suggested", True)
    assert (not_there.result, not_there.offered) == ("suggested", False)


def test_a_page_may_be_a_suggestion_too() -> None:
    page = answer("suggested", 0.4, "texts", PAY)

    assert [outcome("known", page, entry).offered for entry in (PAY, SEND)] == [True, False]


@pytest.mark.parametrize(
    ("said", "stored", "band"),
    [
        (answer("answered", 0.8), False, Band.DIRECT),
        (answer("answered", 0.79), False, Band.GENERATE),
        (answer("answered", 0.1), True, Band.DIRECT),
        (answer("answered", 0.9, "a model"), False, Band.GENERATE),
        (answer("suggested", 0.9), False, Band.SUGGEST),
        (answer("refused", 0.9), False, Band.REFUSE),
        (answer("handoff", None), False, Band.REFUSE),
        (answer("smalltalk", None), False, Band.REFUSE),
    ],
)
def test_bands_are_told_from_answers(said: Answer, stored: bool, band: Band) -> None:
    assert band_of(said, Bands(), stored) is band


# What is counted

PAY, SEND = FaqEntry("p", "Pay?", "By card.", "https://shop.example/p"), FaqEntry("s", "Send?", "By post.")
OUTCOMES = [
    outcome("known", answer("answered", 0.95, "quote", PAY), PAY, first=True, ms=10),
    outcome("known", answer("answered", 0.85, "quote", SEND), PAY, ms=30),
    outcome("known", answer("refused", 0.1), PAY, first=True, ms=20),
    outcome("known", answer("refused", 0.2), PAY, ms=20),
    outcome("known", replace(answer("suggested", 0.4), suggestions=("Send?", "pay")), PAY, first=True),
    outcome("translated", answer("answered", 0.7, "quote", SEND), PAY, without=("x",)),
    outcome("hidden", answer("answered", 0.65, "quote", PAY), without=("p",)),
    outcome("hidden", answer("answered", 0.9, "quote", SEND), without=("p",)),
    outcome("hidden", answer("suggested", 0.45), without=("p",)),
    outcome("far", answer("refused", 0.0)),
    outcome("far", answer("smalltalk", None)),
]


def test_rates_are_of_those_that_could_end_so() -> None:
    rates = {key: (rate.count, rate.total) for key, rate in figures(OUTCOMES).rates.items()}

    assert rates == {
        "false_answers": (2, 3),
        "false_suggestions": (1, 3),
        "false_answers_far": (0, 2),
        "right": (1, 5),
        "only_suggested": (1, 5),
        "suggested_it": (1, 1),
        "false_refusals": (2, 5),
        "wrong_answers": (1, 5),
        "right_across": (0, 1),
    }


def test_bands_hold_what_is_good_and_bad_in_them() -> None:
    found = figures(OUTCOMES)

    assert {band: dict(worth) for band, worth in found.bands.items()} == {
        Band.DIRECT: {"good": 1, "bad": 2},
        Band.GENERATE: {"bad": 2},
        Band.SUGGEST: {"good": 1, "idle": 1},
        Band.REFUSE: {"bad": 2, "good": 2},
    }
    assert found.latency[Band.DIRECT] == (3, 10.0, 28.0)


def test_the_probability_is_held_against_what_was_found_first() -> None:
    likely = [(0.95, True), (0.95, False), (0.15, False), (0.15, False)]
    four = [outcome("known", answer("refused", p), PAY, first=first) for p, first in likely]

    found = figures([*four, outcome("far", answer("smalltalk", None))])

    assert [(round(one.probability, 2), one.right.count, one.right.total) for one in found.bins] == [
        (0.15, 0, 2),
        (0.95, 1, 2),
    ]
    assert found.calibration_error == pytest.approx((0.15 * 2 + 0.45 * 2) / 4)
    assert found.curve is not None
    assert found.curve.roc_area == pytest.approx((2 + 0.5) / 3)
    assert figures(four[2:]).curve is None


def test_the_worst_come_first_and_what_was_hidden_stands_apart() -> None:
    lists = {key: [one.probability for one in ones] for key, ones in worst(OUTCOMES).items()}

    assert lists == {
        "false_answers": [],
        "false_answers_hidden": [0.9, 0.65],
        "wrong_answers": [0.85],
        "false_refusals": [0.1, 0.2],
        "across": [0.7],
    }


# Two snapshots


def test_two_snapshots_are_asked_the_same(tmp_path: Path) -> None:
    before = room(tmp_path / "s", [entry for entry in ENTRIES if entry.id not in ("mug", "rake")])
    later = room(
        tmp_path / "s",
        [replace(entry, answer="New." if entry.id == "lamp" else entry.answer) for entry in ENTRIES[:-1]],
    )
    older = replace(before, index=later.index.beside(tmp_path / "s", name="000001"))
    asked = [Question("given", e.question, e, [e.id]) for e in later.index.entries]
    elsewhere = for_another(asked, later.index.entries, older.index.entries)

    found = compare(older, later, (elsewhere, asked), {})

    assert (found.older, found.apart, len(found.pairs)) == ("000001", 2, len(ENTRIES) - 3)
    assert found.changed == []
    assert {old.result for old, _ in found.pairs} == {"right"}


def test_what_ended_otherwise_is_named(tmp_path: Path) -> None:
    sure = room(tmp_path / "s", ENTRIES[:-1])
    index = sure.index
    less = replace(sure, index=index.hiding(["mug"]))
    asked = [Question("given", "mug gum ugish?", MUG, ["mug"]), Question("far", "kettle")]

    found = compare(less, sure, (asked, asked), {})

    assert [(old.result == "right", new.result, new.question.text) for old, new in found.changed] == [
        (False, "right", "mug gum ugish?")
    ]


def test_the_same_words_after_something_else_are_another_question(tmp_path: Path) -> None:
    one = room(tmp_path / "s", ENTRIES[:-1])
    asked = [Question("given", "and that?", None, (), history=(("user", before),)) for before in ("mug?", "rake?")]

    pairs = compare(one, one, (asked, asked), {}).pairs

    assert [(old.question.history, new.question.history) for old, new in pairs] == [
        (question.history, question.history) for question in asked
    ]


def test_a_generation_is_opened_by_its_name(tmp_path: Path) -> None:
    site = tmp_path / "s"
    index = room(site, ENTRIES[:3]).index
    sync(site, ENTRIES, fake_embedder())

    assert len(index.beside(site).entries) == len(ENTRIES)
    assert len(index.beside(site, name="000001").entries) == 3
    with pytest.raises(SnapshotMissing, match=r"no snapshot 000009.*There are: 000001, 000002"):
        index.beside(site, name="000009")


def test_hiding_twice_hides_both_and_a_language_hides_the_others(tmp_path: Path) -> None:
    index = room(tmp_path / "s", [*NUMBERED, *in_language("zh", "甲")]).index

    def found(view: Index) -> set[str]:
        return {hit.entry.id for hit in view.search("mug gum ugish?", 50).hits}

    assert {"mug", "mug-zh", "rake"} <= found(index)
    assert found(index.hiding(["mug"])) == found(index) - {"mug"}
    assert found(index.hiding(["mug"]).hiding(["rake"])) == found(index) - {"mug", "rake"}
    assert found(index.hiding(["mug"], "zh")) == {f"{entry.id}-zh" for entry in NUMBERED}


# A file of questions


def given(tmp_path: Path, *lines: str) -> list[Question]:
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return given_questions(path, ENTRIES)


def test_a_file_says_what_answers(tmp_path: Path) -> None:
    by_id, by_question, nothing = given(
        tmp_path,
        '{"question": "clean a mug", "entry": "mug"}',
        '{"question": "clean it", "entry": "rake ekar akeish", "history": [{"role": "user", "content": " rake "}]}',
        '{"question": "sell it?", "nothing": true}',
    )

    assert (by_id.wanted, by_question.wanted, nothing.wanted) == ({"mug"}, {"rake"}, ())
    assert by_question.history == (("user", "rake"),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "q.jsonl, line 2: no JSON"),
        ('{"entry": "mug"}', 'line 2: every line needs a "question"'),
        ('{"question": " ", "entry": "mug"}', 'line 2: every line needs a "question"'),
        ('{"question": "x"}', 'line 2: every line needs either "entry"'),
        ('{"question": "x", "entry": "mug", "nothing": true}', 'line 2: every line needs either "entry"'),
        (
            '{"question": "x", "entry": "not there"}',
            "line 2: no published entry has the id, address or question 'not there'",
        ),
        ('{"question": "x", "nothing": true, "history": ["y"]}', 'line 2: "history" is a list'),
    ],
)
def test_a_line_that_cannot_be_asked_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(KefuError) as failure:
        given(tmp_path, '{"question": "clean a mug", "entry": "mug"}', line)

    assert said in str(failure.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KefuError, match="holds no questions"):
        given(tmp_path, "")


# The command


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one site of two snapshots, and no model but the fake embedder."""
    data = tmp_path / "data"
    write_site(Settings(data=data), Site(name="shop"))
    sync(data / "sites/shop", ENTRIES[:-1], fake_embedder())
    sync(data / "sites/shop", ENTRIES, fake_embedder())
    (tmp_path / "calibration.json").write_text(as_json(BASE), "utf-8")
    monkeypatch.setenv("KEFU_CALIBRATION", str(tmp_path / "calibration.json"))
    monkeypatch.setenv("KEFU_GENERATOR", "quote")
    monkeypatch.setattr("ui.launch.embedder_for", lambda *_: fake_embedder())
    monkeypatch.setattr("ui.launch.open_reader", lambda *_: None)
    return data


def told(data: Path, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["--data", str(data), "eval", "--site", "shop", "--json", *argv]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    found: dict[str, Any] = json.loads(lines[0])
    return found


def test_the_command_counts_what_its_cases_say(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(data, capsys, "--cases", "9")

    results = [(case["kind"], case["result"]) for case in found["cases"]]
    assert found["questions"] == len(results) == 27
    assert results.count(("known", "right")) == found["rates"]["right"]["count"] == 9
    assert results.count(("hidden", "answered")) == found["rates"]["false_answers"]["count"]
    assert [row["asked"] for row in found["kinds"]] == [9, 9, 9]
    assert set(found["kinds"][1]) == {"kind", "answerable", "asked", "offered", "answered", "suggested", "refused"}
    assert found["kinds"][0]["right"] == {"count": 9, "of": 9, "interval": [0.7008, 1.0]}
    assert found["snapshot"] == "000002"
    assert found["golden"] == {"asked": 0, "broken": []}
    assert snapshot.current(data / "sites/shop") == "000002"


def test_the_command_in_words(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(data), "eval", "--site", "shop", "--cases", "6"]) == 0

    out = capsys.readouterr().out
    assert "its own, in other words                    6      6      0" in out
    assert "nothing answers it, and Kefu answers" in out
    assert "milliseconds" in out


def test_the_command_asks_a_file(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": "mug gum", "entry": "mug"}, {"question": "quantum computers", "nothing": True}]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")

    found = told(data, capsys, "--questions", str(tmp_path / "q.jsonl"))

    assert [(case["question"], [w["id"] for w in case["wanted"]]) for case in found["cases"]] == [
        ("mug gum", ["mug"]),
        ("quantum computers", []),
    ]


def test_the_command_compares(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = ENTRIES[-1].id

    found = told(data, capsys, "--compare", "000002", "000001", "--cases", "50")

    assert (found["snapshot"], found["compared"]["older"]) == ("000002", "000001")
    assert found["compared"]["apart"] == 1  # the known question of the newest entry
    assert last not in {w["id"] for case in found["cases"] for w in case["wanted"]}
    assert found["rates"]["right"]["of"] == found["compared"]["rates"]["right"]["of"] == len(ENTRIES) - 1
    assert run(["--data", str(data), "eval", "--site", "shop", "--compare", "000001", "000002", "--cases", "5"]) == 0
    assert "000002 beside 000001: 0 of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--compare", "000002", "000009"), 1, "has no snapshot 000009"),
        (("--compare", "000002", "000002"), 2, "two different snapshots"),
        (("--language", "de"), 2, "Give zh or en"),
        (("--questions", "missing.jsonl"), 1, "cannot read missing.jsonl"),
    ],
)
def test_what_cannot_be_done_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], code: int, said: str
) -> None:
    assert run(["--data", str(data), "eval", "--site", "shop", *argv]) == code
    assert said in capsys.readouterr().err


def test_the_model_of_the_site_rewords(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = scripted({entry.question: f"what about the {entry.id} then?" for entry in ENTRIES})
    monkeypatch.setattr("ui.launch.generator_for", lambda *_: model)

    found = told(data, capsys, "--cases", "5")

    assert [row["kind"] for row in found["kinds"]] == ["known", "paraphrase", "hidden", "far"]
    assert {case["question"] for case in found["cases"] if case["kind"] == "paraphrase"} <= {
        f"what about the {e.id} then?" for e in ENTRIES
    }
    assert found["models"]["generator"] == "scripted"


def test_the_same_is_wanted_wherever_it_is_said() -> None:
    twice = [PAY, replace(PAY, id="p2", question="Other?"), replace(PAY, id="p3", answer="Other."), SEND]

    assert same_as(twice)(PAY) == {"p", "p2", "p3"}
