"""How an entry becomes the texts that search compares with a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import FaqEntry
from index.passage import PIECE_CHARS, Hit, Passage, split


def test_a_short_entry_gives_its_questions_the_pair_and_the_answer_alone() -> None:
    entry = FaqEntry("e", "如何退货？", "30 天内。", similar=("怎么退",))

    passages = split(entry)

    assert [(p.part, p.text) for p in passages] == [
        ("question", "如何退货？"),
        ("similar", "怎么退"),
        ("pair", "如何退货？\n30 天内。"),
        ("alone", "30 天内。"),
    ]
    assert [p.kind for p in passages] == ["query", "query", "passage", "passage"]
    assert [p.field for p in passages] == ["asked", "asked", "told", "alone"]
    assert all(p.entry is entry for p in passages)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (FaqEntry("e", "", "Open on Sundays.", section="Hours"), ["Hours\nOpen on Sundays."]),
        (FaqEntry("e", "", "Open on Sundays."), ["Open on Sundays."]),
    ],
)
def test_an_entry_without_a_question_is_one_passage(entry: FaqEntry, expected: list[str]) -> None:
    passages = split(entry)

    assert expected == [p.text for p in passages]
    assert [p.kind for p in passages] == ["passage"]


def test_a_long_answer_is_cut_at_sentences_and_each_piece_keeps_the_question() -> None:
    answer = "".join(f"这是第{n}条说明，请仔细阅读。" for n in range(100))

    pair, *answers = [p for p in split(FaqEntry("e", "问？", answer)) if p.field == "told"]

    assert [pair.part, *{p.part for p in answers}] == ["pair", "answer"]
    assert all(p.text.startswith("问？\n") and p.text.endswith("。") for p in (pair, *answers))


@pytest.mark.parametrize("text", ["x" * 3000, "一" * 3000, "v1.2.3 " * 500, "One. Two. " * 300])
def test_no_piece_is_longer_than_the_model_reads(text: str) -> None:
    lengths = [len(p.text) for p in split(FaqEntry("e", "", text))]

    assert max(lengths) <= PIECE_CHARS + 1
    assert len(lengths) > 1


@given(st.text(alphabet="ab 。.\n?！一二", min_size=1, max_size=2000).filter(str.strip))
def test_nothing_of_an_answer_is_lost(answer: str) -> None:
    texts = [p.text for p in split(FaqEntry("e", "", answer))]

    assert "".join(texts).rstrip() == answer.rstrip()


def test_a_hit_holds_its_entry() -> None:
    entry = FaqEntry("e", "Q?", "A")

    assert Hit(Passage(entry, "question", "Q?"), 1.0, 1.0).entry is entry
