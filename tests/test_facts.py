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
        ("三四天", "3-4 days"),
        ("3万元", "30000元"),
        ("1.5万人", "15,000人"),
        ("一万五千元", "15000 元"),
        ("两百五十元", "二百五十块"),
        ("两百五", "250"),
        ("二〇二六年", "2026年"),
        ("百分之三十", "30 percent"),
        ("３０％", "30 %"),
        ("twenty-five days", "25天"),
        ("a hundred yuan", "一百元"),
        ("3 million users", "300万用户"),
        ("one business day", "1个工作日"),
        ("US$1,299.50", "1299.50 dollars"),
        ("HK$30", "30 港币"),
        ("5 千米", "5公里"),
        ("50g", "50 克"),
        ("半年", "half a year"),
        ("99元", "¥99.00"),
        ("0.5%", "0.50%"),
        ("3 to 5 days", "3到5天"),
        ("9:00到18:00", "9:00 - 18:00"),
        ("3万5千元", "三万五千元"),
        ("三点五元", "3.5 元"),
        ("八五折", "8.5折"),
        ("八五折", "85折"),
        ("十二月一日", "12月1日"),
        ("one hundred and twenty days", "120 days"),
        ("within a week", "within one week"),
        ("千分之五", "5‰"),
        ("上午9点", "9 a.m."),
        ("周一", "Monday"),
        ("星期日", "Sunday"),
        ("Mon", "Mondays"),
        ("一个半小时", "1.5 hours"),
        ("RMB 3万", "30000元"),
        ("二三十天", "20-30 days"),
        ("三五天", "3-5 days"),
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
        ("满3万元", "满30元", ["30000 yuan"]),
        ("2千元", "两万一千元", ["2000 yuan"]),
        ("扣除百分之八十", "扣除百分之五", ["80%"]),
        ("限重二十公斤", "限重十公斤", ["20 kg"]),
        ("30元", "30美元", ["30 yuan"]),
        ("30 dollars", "30 euros", ["30 $"]),
        ("$30", "30 percent", ["30 $"]),
        ("5 minutes", "5 seconds", ["5 minute"]),
        ("3 days", "3 working days", ["3 day"]),
        ("3天内", "3个工作日内", ["3 day"]),
        ("5千米", "5米", ["5 km"]),
        ("5斤", "5公斤", ["5 jin"]),
        ("9 a.m.", "9 p.m.", ["9 am"]),
        ("三年半", "三年", ["half"]),
        ("打八折", "减八元", ["8 off"]),
        ("三十五天", "三五天", ["35 day"]),
        ("二三十天", "三十天", ["20-30 day"]),
        ("百分之三点八", "百分之三点五", ["3.8%"]),
        ("千分之五", "千分之三", ["5‰"]),
        ("三分之二", "三分之一", ["2/3"]),
        ("半小时", "一个半小时", ["half"]),
        ("USD 3 million", "USD 3 thousand", ["3000000 $"]),
        ("RMB 3万", "RMB 3千", ["30000 yuan"]),
        ("晚上9点", "上午9点", ["9 pm"]),
        ("周一休息", "周二休息", ["weekday:1"]),
    ],
)
def test_what_is_not_there_is_named(sentence: str, source: str, lacking: list[str]) -> None:
    assert missing(sentence, source) == lacking


@pytest.mark.parametrize(
    ("sentence", "source"), [("30 in all", "30 days"), ("30 days", "Days: 30"), ("11月", "2020-11-10")]
)
def test_a_number_without_a_unit_goes_with_any(sentence: str, source: str) -> None:
    assert not missing(sentence, source)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "You may go.",
        "march on",
        "一起来",
        "第二",
        "iPhone",
        "one of them",
        "千万别",
        "万一",
        "十分方便",
        "一个",
        "Feel free to ask.",
    ],
)
def test_what_holds_no_fact(text: str) -> None:
    assert not facts(text)
