"""Language and question shape of short texts."""

import pytest

from crawler.language import asks, detect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怎么退货？", "zh"),
        ("退貨", "zh"),
        ("iPhone 15 怎么退货", "zh"),
        ("Pinecone Stroll fountain pen 怎么退", "zh"),
        ("Visa 和 Mastercard 可以用吗", "zh"),
        ("How do I return an item?", "en"),
        ("Do you sell 囍 gift boxes for a wedding party?", "en"),
        ("返品はできますか", "ja"),
        ("支払い方法", "ja"),
        ("iPhone 15 を返品したい", "ja"),
        ("배송은 얼마나 걸리나요?", "ko"),
        ("Как вернуть товар?", "ru"),
        ("كيف يمكنني إرجاع المنتج؟", "ar"),
        ("ฉันจะคืนสินค้าได้อย่างไร", "th"),
        ("Wie kann ich bezahlen?", "de"),
        ("Was ist mit der Lieferung?", "de"),
        ("Comment puis-je payer ?", "fr"),
        ("Où est mon colis ?", "fr"),
        ("¿Cómo puedo pagar?", "es"),
        ("¿Dónde está mi pedido?", "es"),
    ],
)
def test_the_language_of_a_short_question(text: str, expected: str) -> None:
    assert expected == detect(text)


@pytest.mark.parametrize("text", ["", "404", "PayPal", "？"])
def test_the_default_where_nothing_tells(text: str) -> None:
    assert "zh" == detect(text, "zh")
    assert "en" == detect(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I return an item",
        "Can I cancel?",
        "My parcel is late?",
        "可以寄到国外吗",
        "退款多久能到账",
        "怎么下单",
        "能退吗？",
        "为什么付款失败",
        "返品はできますか",
        "Wie kann ich bezahlen",
        "Où est mon colis",
        "¿Dónde está mi pedido?",
        "كيف؟",
    ],
)
def test_questions_ask(text: str) -> None:
    assert asks(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Changing my delivery address",
        "Returns & exchanges",
        "However you pay",
        "Isle of Man",
        "取消订单",
        "付款失败",
        "Versand",
    ],
)
def test_statements_do_not(text: str) -> None:
    assert asks(text) is False
