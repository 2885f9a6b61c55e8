"""What identifies a person is masked; what identifies an order is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.privacy import mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Chinese mobile numbers
        ("13812345678", "[phone]"),
        ("138 1234 5678", "[phone]"),
        ("138-1234-5678", "[phone]"),
        ("+86 138 1234 5678", "[phone]"),
        ("+8613812345678", "[phone]"),
        ("+86-138-1234-5678", "[phone]"),
        ("8613812345678", "[phone]"),
        ("１３８１２３４５６７８", "[phone]"),
        ("我的手机13812345678请回电", "我的手机[phone]请回电"),
        ("电话：19912345678。", "电话：[phone]。"),
        # others
        ("+1 (555) 123-4567", "[phone]"),
        ("+44 20 7946 0958", "[phone]"),
        ("+852 2345 6789", "[phone]"),
        ("请打+49 30 1234567谢谢", "请打[phone]谢谢"),
        # 身份证
        ("11010519491231002X", "[id]"),
        ("11010519491231002x", "[id]"),
        ("440524188001010014", "[id]"),
        ("110105 19491231 002X", "[id]"),
        ("身份证11010519491231002X，谢谢", "身份证[id]，谢谢"),
        # cards
        ("4111 1111 1111 1111", "[card]"),
        ("4111-1111-1111-1111", "[card]"),
        ("my card is 4111111111111111.", "my card is [card]."),
        ("银行卡6222020000000000000。", "银行卡[card]。"),
        # e-mail
        ("jane.doe+shop@mail.example.com", "[email]"),
        ("邮箱是jane@shop.cn谢谢", "邮箱是[email]谢谢"),
        ("jürgen@bücher.example", "[email]"),
        ("write to a@b.cn or 13812345678", "write to [email] or [phone]"),
        ("ｊａｎｅ＠ｓｈｏｐ．ｃｎ", "[email]"),
    ],
)
def test_masked(text: str, expected: str) -> None:
    assert expected == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check digit
        "4111111111111112",  # no Luhn
        "订单号 202411220001234",
        "订单 20241122000123454",  # a date first; its Luhn sum is right by chance
        "order SF1234567890123",
        "order #100234",
        "¥199.00",
        "1,299.00 元",
        "满 5000 减 300",
        "2024-11-22 10:30",
        "iPhone 15 Pro 256GB",
        "+20% off, +5 days, (+1000 points)",
        "400-820-8820",  # the shop's own hotline
        "@shop",
        "退货要几天？",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert text == mask(text)


@given(st.text(alphabet="0123456789+-() .@aX退", max_size=80))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_a_long_message_is_masked_quickly() -> None:
    begun = time.perf_counter()

    mask("1 " * 5_000 + "a." * 5_000 + "+" * 5_000)

    assert time.perf_counter() - begun < 2
