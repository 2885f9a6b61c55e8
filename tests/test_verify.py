"""Every sentence against the passages: what may be shown, and what may not."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.verify import CUT_OFF, clean, sentences, supported_by

ENGLISH = (
    "How do I return an item?\nYou can return unused items within 30 days of delivery. "
    "Return shipping is free if the item is faulty. Gift cards cannot be returned. Refunds take 3–5 business days. "
    "See https://shop.example/returns or write to help@shop.example. Orders over $1,299.00 need a signature."
)
CHINESE = (
    "如何申请退货？\n签收后 30 天内可以申请退货。定制商品不支持退货。如果商品有问题，运费由商家承担。"
    "退款 3-5 个工作日到账。满二十元包邮。会员享受 1.5 倍积分。客服邮箱 help@shop.cn，电话 400-820-8820。"
)
PASSAGES = ["What are your hours?\nWe open at nine.", ENGLISH, CHINESE]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("You can return unused items within 30 days of delivery.", 2),
        ("You can return unused items within thirty days of delivery.", 2),
        ("Unused items can be returned within 30 days of delivery", 2),
        ("Return shipping is free if the item is faulty.", 2),
        ("Gift cards can't be returned.", 2),
        ("Refunds take 3-5 business days.", 2),
        ("Refunds take 3—5 business days.", 2),
        ("See https://shop.example/returns.", 2),
        ("Write to help@shop.example.", 2),
        ("Orders over $1299.00 need a signature.", 2),
        ("签收后30天内可以申请退货。", 3),
        ("签收后三十天内可以申请退货。", 3),
        ("签收后３０天内可以申请退货。", 3),
        ("定制商品不支持退货。", 3),
        ("如果商品有问题，运费由商家承担。", 3),
        ("退款3～5个工作日到账。", 3),
        ("满20元包邮。", 3),
        ("会员享受1.5倍积分。", 3),
        ("客服电话 400-820-8820。", 3),
        ("客服邮箱是 help@shop.cn。", 3),
        ("We open at nine.", 1),
        ("We open at 9.", 1),
    ],
)
def test_what_a_passage_says_is_supported_by_it(sentence: str, expected: int) -> None:
    assert expected == supported_by(sentence, PASSAGES)


@pytest.mark.parametrize(
    "sentence",
    [
        # other numbers
        "You can return unused items within 60 days of delivery.",
        "You can return unused items within sixty days of delivery.",
        "You can return unused items within 3 days of delivery.",
        "Refunds take 5 business days.",
        "Orders over $1,300.00 need a signature.",
        "签收后60天内可以申请退货。",
        "签收后六十天内可以申请退货。",
        "签收后６０天内可以申请退货。",
        "满200元包邮。",
        "满二百元包邮。",
        "会员享受5倍积分。",
        # other addresses
        "See https://shop.example/returns/gift.",
        "See https://evil.example/returns.",
        "See www.shop.example/returns.",
        "See evil.example for unused items you can return.",
        "Write to hack@shop.example.",
        "客服电话 400-820-8821。",
        "客服邮箱 help@shop.com。",
        # the opposite
        "Gift cards can be returned.",
        "You cannot return unused items within 30 days of delivery.",
        "签收后30天内不可以申请退货。",
        "定制商品支持退货。",
        "如果商品有问题，运费不由商家承担。",
        # the condition dropped
        "Return shipping is free.",
        "You can return items.",
        "运费由商家承担。",
        # a promise that nobody made
        "Refunds are instantly in your account.",
        "退款当天到账。",
        "申请退货免费。",
        # invented
        "We are open on Sundays.",
        "You can return unused items within 30 days of delivery, and we pay you $50.",
        "我们支持货到付款。",
        # nothing
        "",
        "。",
        "30",
        "好的。",
        "[1]",
        # cut in the middle, or no plain text
        f"You can return unused items within 30 days{CUT_OFF}",
        "You can return unused items within 30 days of delivery <script>alert(1)</script>",
        "You can return unused items within 30 days of delivery <img src=x onerror=alert(1)>",
        "You can [return](javascript:alert(1)) unused items within 30 days of delivery.",
        "You can return unused items within 30 days of delivery ![](//evil.example/x.png)",
    ],
)
def test_what_no_passage_says_is_not(sentence: str) -> None:
    assert supported_by(sentence, PASSAGES) == 0


def test_no_passages_support_nothing() -> None:
    assert supported_by("We open at nine.", []) == 0


def test_facts_of_two_passages_do_not_make_one_sentence() -> None:
    assert supported_by("You can return unused items at nine within 30 days of delivery.", PASSAGES) == 0


def test_a_question_says_nothing() -> None:
    assert supported_by("You do accept PayPal.", ["Do you accept PayPal?\nNo."]) == 0


def test_another_language_than_the_sources_cannot_be_compared() -> None:
    assert supported_by("Sie können unbenutzte Artikel innerhalb von 30 Tagen zurückgeben.", PASSAGES) == 0


@pytest.mark.parametrize(
    ("numeral", "digits"),
    [
        ("十天", "10 天"),
        ("十五天", "15天"),
        ("两件", "2 件"),
        ("一百二十元", "120元"),
        ("三万元", "30000元"),
        ("一万二千元", "12000 元"),
        ("二十四小时", "24小时"),
    ],
)
def test_chinese_numerals_are_numbers(numeral: str, digits: str) -> None:
    assert supported_by(f"最多可以申请{digits}。", [f"最多可以申请{numeral}。"]) == 1
    assert supported_by(f"最多可以申请{digits}。", ["最多可以申请七天。"]) == 0


@pytest.mark.parametrize("word", ["不同商品", "非常方便", "不仅如此", "无论何时"])
def test_words_that_only_look_like_a_negation(word: str) -> None:
    assert supported_by(f"{word}都可以申请退货。", [f"{word}都可以申请退货。"]) == 1
    assert supported_by("都可以申请退货。", [f"{word}都可以申请退货。"]) == 1


# Citation marks and lists


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("可以退货[1]。", "可以退货。"),
        ("可以退货【2】。", "可以退货。"),
        ("可以退货（资料 1）。", "可以退货。"),
        ("[1] You can return it [1, 2].", "You can return it."),
        ("You can (source 3) return it.", "You can return it."),
        ("See [our page](https://shop.example).", "See our page."),
        ("![picture](https://evil.example/x.png)", "picture"),
        ("1. 登录。", "登录。"),
        ("- Sign in.", "Sign in."),
        ("1.5 倍积分。", "1.5 倍积分。"),
        ("**Note** this.", "**Note** this."),
        ("2024.", "2024."),
        ("-5 degrees.", "-5 degrees."),
    ],
)
def test_clean(sentence: str, expected: str) -> None:
    assert expected == clean(sentence)


def test_the_models_own_marks_are_not_believed() -> None:
    assert supported_by("We open at nine [2].", PASSAGES) == 1


# Streaming


def test_sentences_of_a_stream() -> None:
    text = "1. 登录。2. 点击退货！Pay $3.50 now. In 2024. v2.0 is out? Yes\n最后"

    found = [sentence.strip() for sentence in sentences(iter([text]))]

    assert found == ["1. 登录。", "2. 点击退货！", "Pay $3.50 now.", "In 2024.", "v2.0 is out?", "Yes", "最后"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He won the U.S. Open in 2020. She did not.", ["He won the U.S. Open in 2020.", "She did not."]),
        ("Order before 3 p.m. and it leaves today.", ["Order before 3 p.m. and it leaves today."]),
        (
            "Write to Mr. Lee by Nov. 12 at the latest. Thanks.",
            ["Write to Mr. Lee by Nov. 12 at the latest.", "Thanks."],
        ),
        ("It is free. No. 5 is not.", ["It is free.", "No. 5 is not."]),
        ("It costs nothing in Jun. It does later.", ["It costs nothing in Jun. It does later."]),
        ("Pay with JCB. Or in cash.", ["Pay with JCB.", "Or in cash."]),
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str, expected: list[str]) -> None:
    assert [sentence.strip() for sentence in sentences(iter([text]))] == expected


@given(st.text(alphabet="ab1 .。!？\n$,", max_size=60))
def test_the_pieces_of_a_stream_do_not_matter(text: str) -> None:
    whole = list(sentences(iter([text])))

    assert whole == list(sentences(iter(text)))
    assert whole == list(sentences(text[n : n + 3] for n in range(0, len(text), 3)))
    assert "".join("".join(whole).split()) == "".join(text.split())


def test_a_sentence_is_given_as_soon_as_it_ends() -> None:
    read: list[str] = []

    def stream() -> Iterator[str]:
        for piece in ("Yes", "。", "No", "。"):
            read.append(piece)
            yield piece

    assert next(sentences(stream())) == "Yes。"
    assert read == ["Yes", "。"]
