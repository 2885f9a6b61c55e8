"""Facts in one spelling, whatever the language, and which of them a source lacks."""

import pytest

from chatbot.facts import facts, missing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("November 10, 2020", "2020年11月10日"),
        ("10 Nov 2020", "2020-11-10"),
        ("the 3rd of May", "5月3日"),
        ("within thirty days", "30天内"),
        ("三个工作日", "3 working days"),
        ("四十八小时", "48 hours"),
        ("¥1,299", "1299 元"),
        ("￥１２９９", "RMB1299"),
        ("next-day delivery", "次日送达"),
        ("当天发货", "same day"),
        ("https://shop.example/a.", "见https://shop.example/a"),
        ("Model A2221", "型号 A2221"),
        ("3–5 days", "3～5天"),
    ],
)
def test_the_same_fact_in_two_spellings(one: str, other: str) -> None:
    assert not missing(one, other)
    assert not missing(other, one)


@pytest.mark.parametrize(
    ("sentence", "source", "lacking"),
    [
        ("within 30 hours", "within 30 days", ["30 hour"]),
        ("20 元", "$20", ["20 yuan"]),
        ("on 3 May", "on 3 June", ["month:5"]),
        ("11个月内", "11月前", ["11 month"]),
        ("plan P7", "plan P8", ["p7"]),
        ("10%", "10 yuan", ["10%"]),
        ("write to a@shop.example", "write to b@shop.example", ["a@shop.example"]),
        ("call 400-820-8821", "call 400-820-8820", ["400-820-8821"]),
        ("包邮", "满 99 元免运费", ["包邮"]),
        ("两千元", "两百元", ["2000 yuan"]),
    ],
)
def test_what_is_not_there_is_named(sentence: str, source: str, lacking: list[str]) -> None:
    assert missing(sentence, source) == lacking


@pytest.mark.parametrize(
    ("sentence", "source"), [("30 in all", "30 days"), ("30 days", "Days: 30"), ("11月", "2020-11-10")]
)
def test_a_number_without_a_unit_goes_with_any(sentence: str, source: str) -> None:
    assert not missing(sentence, source)


@pytest.mark.parametrize("text", ["", "You may go.", "march on", "一起来", "第二", "iPhone", "one of them"])
def test_what_holds_no_fact(text: str) -> None:
    assert not facts(text)
