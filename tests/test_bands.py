"""Probability to what is done."""

from dataclasses import replace

import pytest

from chatbot.bands import Band, Bands
from chatbot.errors import ChatbotError
from crawler.records import FaqEntry
from index.passage import Found, Hit, Passage

ENTRY = FaqEntry("e", "如何申请退货？", "30 天内。", similar=("How do I return it?",))


def found(probability: float, entry: FaqEntry = ENTRY) -> Found:
    return Found((Hit(Passage(entry, "question", entry.question), 1.0, 1.0),), probability)


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (1.0, Band.DIRECT),
        (0.75, Band.DIRECT),
        (0.74, Band.GENERATE),
        (0.50, Band.GENERATE),
        (0.49, Band.SUGGEST),
        (0.20, Band.SUGGEST),
        (0.19, Band.REFUSE),
        (0.0, Band.REFUSE),
    ],
)
def test_the_band_of_a_probability(probability: float, expected: Band) -> None:
    assert Bands(direct=0.75, generate=0.5, suggest=0.2).choose("能退吗", found(probability)) is expected


@pytest.mark.parametrize(
    "question",
    [
        "如何申请退货？",
        "如何申请退货",
        " 如何申请退货 ?",
        "1. 如何申请退货？",
        "how do i RETURN it",
        "Ｈｏｗ do I return it？",
    ],
)
def test_a_stored_question_is_its_own_answer(question: str) -> None:
    assert Bands().choose(question, found(0.0)) is Band.DIRECT


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("退换货", Band.SUGGEST),
        ("退换货？", Band.SUGGEST),
        ("退换货政策是什么", Band.REFUSE),
        ("运费", Band.REFUSE),
        ("？", Band.REFUSE),
    ],
)
def test_the_name_of_a_topic_is_not_refused(question: str, expected: Band) -> None:
    entry = FaqEntry("e", "寄回去要多久？", "三天。", section="退换货")

    assert Bands().choose(question, found(0.01, entry)) is expected


def test_a_passage_without_a_question_is_never_quoted_whole() -> None:
    text = FaqEntry("p", "", "A long page of text.")

    assert Bands().choose("A long page of text.", found(0.99, text)) is Band.GENERATE


def test_nothing_found_is_refused() -> None:
    assert Bands(0, 0, 0).choose("x", Found((), 0.0)) is Band.REFUSE


@pytest.mark.parametrize(
    "bands", [(0.5, 0.6, 0.2), (0.8, 0.1, 0.2), (1.1, 0.5, 0.2), (0.8, 0.5, -0.1), (float("nan"), 0.5, 0.2)]
)
def test_bands_must_rise_from_0_to_1(bands: tuple[float, float, float]) -> None:
    with pytest.raises(ChatbotError, match="bands must rise from 0 to 1"):
        Bands(*bands)


def test_bands_may_be_empty() -> None:
    assert Bands(direct=0.5, generate=0.5, suggest=0.5).choose("x", found(0.49)) is Band.REFUSE


# Two that fit


def several(*scored: tuple[str, float], language: str = "zh") -> Found:
    entries = [FaqEntry(f"e{n}", text, f"答案{n}。", language=language) for n, (text, _) in enumerate(scored)]
    hits = [Hit(Passage(e, "question", e.question), s, 1.0) for e, (_, s) in zip(entries, scored, strict=True)]
    return Found(tuple(hits), 0.9)


INVOICES = (("发票内容可以写成办公用品吗？", 1.04), ("电子发票怎么开？", 1.02), ("退货的运费谁出？", 0.9))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("发票", Band.SUGGEST),
        ("发票？", Band.SUGGEST),
        ("电子发票", Band.DIRECT),
        ("运费", Band.DIRECT),
        ("发票内容怎么写", Band.DIRECT),
        ("电子发票怎么开", Band.DIRECT),
    ],
)
def test_a_word_that_several_ask_about_is_clarified(question: str, expected: Band) -> None:
    assert Bands().choose(question, several(*INVOICES)) is expected


@pytest.mark.parametrize(("second", "expected"), [(1.0399, Band.SUGGEST), (1.02, Band.DIRECT)])
def test_two_that_fit_equally_are_clarified(second: float, expected: Band) -> None:
    hits = several(("门店几点开门？", 1.04), ("客服几点上班？", second))

    assert Bands().choose("你们几点开始上班", hits) is expected


def test_the_same_answer_twice_is_one() -> None:
    hits = several(("门店几点开门？", 1.04), ("客服几点上班？", 1.04)).hits
    same = [Hit(Passage(replace(h.entry, answer="九点。"), "question", h.entry.question), 1.04, 1.0) for h in hits]

    assert Bands().choose("你们几点开始上班", Found(tuple(same), 0.9)) is Band.DIRECT
