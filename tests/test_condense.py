"""Follow-ups made whole, and questions taken apart."""

import pytest

from chatbot.condense import condense, parts, rewritten
from chatbot.messages import Message

ENGLISH = (Message("user", "How do I return an item?"), Message("assistant", "Send it back."))
CHINESE = (Message("user", "怎么退货？"), Message("assistant", "寄回即可。"))


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("What about gift cards?", ENGLISH, "How do I return an item What about gift cards?"),
        ("and if it is broken?", ENGLISH, "How do I return an item and if it is broken?"),
        ("why?", ENGLISH, "How do I return an item why?"),
        ("那定制商品呢？", CHINESE, "怎么退货 那定制商品呢？"),
        ("运费呢", CHINESE, "怎么退货 运费呢"),
        ("还有运费谁出", CHINESE, "怎么退货 还有运费谁出"),
    ],
)
def test_a_follow_up_takes_what_it_leaves_unsaid(question: str, history: tuple[Message, ...], expected: str) -> None:
    assert expected == condense(question, history)


@pytest.mark.parametrize(
    "question",
    [
        "How long does shipping take?",
        "Thermal paper sizes?",  # begins like "the"
        "Android app?",  # begins like "and"
        "怎么付款？",
        "So what about a sofa that I bought as a present for my mother in another country in spring last year?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert question == condense(question, ENGLISH)


def test_without_history_nothing_is_added() -> None:
    assert condense("what about gift cards?", ()) == "what about gift cards?"


def test_only_the_visitors_last_other_message_counts() -> None:
    history = (Message("user", "Do you ship abroad?"), *ENGLISH, Message("user", "and gift cards?"))

    assert condense("and gift cards?", history) == "How do I return an item and gift cards?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("退货要几天，以及谁付运费？", ["退货要几天", "谁付运费"]),
        ("怎么退货？多久退款？", ["怎么退货", "多久退款"]),
        ("手机坏了，怎么退货，多久退款？", ["手机坏了 怎么退货", "多久退款"]),
        ("How do I return it and who pays for shipping?", ["How do I return it", "who pays for shipping"]),
        ("Do you ship to Norway? How long does it take?", ["Do you ship to Norway", "How long does it take"]),
    ],
)
def test_parts(question: str, expected: list[str]) -> None:
    assert expected == parts(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "怎么退货？",
        "手机坏了，怎么退货？",
        "支持支付宝和微信吗？",
        "Do you ship to Norway and Sweden?",
        "How do I pack and send it back?",
        "怎么退货？多久退款？能换货吗？怎么开发票？",  # more than three
    ],
)
def test_one_question_has_no_parts(question: str) -> None:
    assert parts(question) == []


# As a model says it


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("运费谁出？", "退货的运费谁出？", "退货的运费谁出？"),
        ("运费谁出？", "“退货的运费谁出？”\n因为前面在说退货。", "退货的运费谁出？"),
        ("运费谁出？", "换货的运费谁出？", ""),
        ("运费谁出？", "怎么退货？", ""),
        ("运费谁出？", "运费谁出？", ""),
        ("运费谁出？", "", ""),
        ("who pays?", "Who pays when I return an item?", ""),
    ],
)
def test_a_model_may_only_choose_among_what_the_visitor_said(question: str, said: str, expected: str) -> None:
    history = (Message("user", "请问怎么退货？"), Message("assistant", "换货请看这里。"))

    assert rewritten(question, history, said) == expected
