"""What identifies a person is masked; what identifies an order is not."""

import json
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.privacy import mask

SENTENCES = Path(__file__).resolve().parents[2] / "shared/security/pii-presidio/synth_dataset_v2.json"
STRUCTURED = {"CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
# What else identifies a person there: masked now and then, as a phone or an address.
PERSONAL = STRUCTURED | {"STREET_ADDRESS", "ZIP_CODE", "US_DRIVER_LICENSE"}
LABEL = re.compile(r"\[(?:email|phone|id|card|account|ip|address)\]")


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
        ("139 1234 567 8", "[phone]"),
        ("1381 234 5678", "[phone]"),
        ("0086 138 1234 5678", "[phone]"),
        ("138–1234–5678", "[phone]"),
        ("138·1234·5678", "[phone]"),
        ("138　1234　5678", "[phone]"),
        ("138\u00a01234\u00a05678", "[phone]"),
        ("138  1234  5678", "[phone]"),
        ("1 3 8 1 2 3 4 5 6 7 8", "[phone]"),
        ("我的IP是8.8.8.8", "我的IP是[ip]"),
        ("电话010-62771234", "电话[phone]"),
        ("0755-8888 6666", "[phone]"),
        ("（021）5555 6666", "[phone]"),
        ("call me on 555-123-4567", "call me on [phone]"),
        ("+1-903-140-4508x769", "[phone]"),
        ("07700 900 123", "[phone]"),
        ("我的号码是 62771234", "我的号码是 [phone]"),
        # addresses
        ("我家在广东省深圳市南山区科技园南路18号3栋502室，能送吗？", "我家在[address]，能送吗？"),
        ("寄到朝阳区建国路88号SOHO现代城A座1203", "寄到[address]"),
        ("送到幸福小区3栋2单元501可以吗", "送到[address]可以吗"),
        ("我住在杭州市西湖区文三路 478 号", "我住在[address]"),
        ("台北市大安區忠孝東路四段216巷27弄1號", "[address]"),
        # others
        ("IBAN GB82 WEST 1234 5698 7654 32", "IBAN [account]"),
        ("my SSN is 219-09-9999", "my SSN is [id]"),
        ("from 93.184.216.34 today", "from [ip] today"),
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
        "95588 和 12306 打不通",
        "订单 112-1234567-1234567 到哪了",
        "订单号13812345678",
        "订单号：13812345678901",  # its Luhn sum is right by chance
        "order 123-456-7890",
        "my order number is 555-123-4567",
        "运单号 SF1234567890123",
        "SKU 8801-2345-67",
        "from 1 299 000 to 1 199 000",
        "合计￥12 345 678",
        "300 400 500 ml",
        "尺码 165 170 175",
        "2023-11-22 18:00-20:00",
        "型号 A2221 128GB 256GB",
        "router at 192.168.1.1",
        "手机 1999-2999 元",
        "手机 3000-4000 的推荐一款",
        "iphone 1299-1599",
        "微信1000000元限额",
        "reach 1000000 users",
        "100 200 300元的都行",
        "桌子 120 60 75",
        "36 37 38 39 40 码都有吗",
        "营业 10-12 14-20",
        "10 20 30 40",
        "app version 5.3.1.2",
        "order 123-45-6789",
        "条码 6901234567892",
        "GB82 WEST 1234 5698 7654 33",  # wrong check digits
        "北京有实体店吗，在什么路",
        "坐2号线地铁到人民路",
        "我要退100号的货",
        "中山路店几点开门",
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


def test_chinese_mobiles_ids_and_cards_are_found_in_all_usual_forms() -> None:
    rng = random.Random(20261123)

    for _ in range(200):
        mobile = f"1{rng.choice('3456789')}{rng.randrange(10**9):09}"
        grouped = rng.choice(
            ["{0}{1}{2}", "{0} {1} {2}", "{0}-{1}-{2}", "+86{0}{1}{2}", "+86 {0} {1} {2}", "86-{0}-{1}-{2}"]
        )
        number = (
            "11010519"
            + f"{rng.randrange(60, 99)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}{rng.randrange(1000):03}"
        )
        card = f"62{rng.randrange(10**13):013}"
        text = "，".join(
            (
                f"手机{grouped.format(mobile[:3], mobile[3:7], mobile[7:])}",
                f"身份证{number}{check_digit(number)}",
                f"卡{next(f'{card}{d}' for d in range(10) if luhn(f'{card}{d}'))}",
            )
        )
        assert "手机[phone]，身份证[id]，卡[card]" == mask(text), text


def check_digit(number: str) -> str:
    weights = [2**place % 11 for place in range(17, 0, -1)]
    return "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11]


def luhn(digits: str) -> bool:
    doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def test_order_numbers_and_prices_are_left_alone() -> None:
    rng = random.Random(20261123)
    of_year = [
        f"{rng.choice(['2024', '2025', '2026'])}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}" for _ in range(200)
    ]
    for day in of_year:
        texts = (
            f"订单号 {day}{rng.randrange(10**8):08} 到哪了",
            f"订单编号：{rng.randrange(10**11, 10**12)}",
            f"订单号 {rng.randrange(10**17, 10**18)}",
            f"my order {rng.randrange(10**11, 10**19)} has not come",
            f"单号{rng.randrange(10**14, 10**16)}",
            f"where is order #{rng.randrange(10**5, 10**8)}",
            f"SO-{day[:4]}-{rng.randrange(10**6):06}",
            f"运单 {rng.choice(['SF', 'YT', 'JD', 'ZTO'])}{rng.randrange(10**12, 10**13)}",
            f"原价 ¥{rng.randrange(1, 9999)}.{rng.randrange(100):02}，现价 {rng.randrange(1, 9)},{rng.randrange(1000):03} 元",
            f"${rng.randrange(1, 999)}.99 or {rng.randrange(100, 999)} 000 EUR",
        )
        for text in texts:
            assert text == mask(text)


def test_what_is_structured_is_found_in_sentences_written_by_somebody_else() -> None:
    if not SENTENCES.exists():
        pytest.skip("the synthetic sentences are not here")
    found = missed = false = 0
    for row in json.loads(SENTENCES.read_text("utf-8")):
        masked = mask(row["full_text"])
        wanted = [span["entity_value"] for span in row["spans"] if span["entity_type"] in STRUCTURED]
        missed += sum(value in masked for value in wanted)
        found += len(wanted)
        personal = sum(span["entity_type"] in PERSONAL for span in row["spans"])
        false += max(0, len(LABEL.findall(masked)) - personal)

    assert missed <= 0.01 * found
    assert false == 0


@pytest.mark.parametrize(
    "text", ["1 " * 5_000 + "a." * 5_000 + "+" * 5_000, "广东省深圳市科技园南路" * 500, "路1号" * 3_000, "1-" * 9_000]
)
def test_a_long_message_is_masked_quickly(text: str) -> None:
    begun = time.perf_counter()

    mask(text)

    assert time.perf_counter() - begun < 2
