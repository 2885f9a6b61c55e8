"""Bytes to text, whatever a page says of itself."""

import codecs

import pytest

from crawler.charset import decode

CHINESE = (
    "常见问题：如何申请退货？签收之日起三十天内都可以申请退货，不需要说明理由。商品必须没有使用过，原包装齐全。" * 3
)
SPANISH = "¿Cómo puedo devolver un artículo? Según el plazo de devolución, está en su dirección. " * 3
FRENCH = "Où est mon colis ? Il a été expédié à la fin de l’été, déjà réglé à 20 €."


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_wins_over_everything(bom: bytes, encoding: str) -> None:
    body = bom + f"<meta charset=big5>{CHINESE}".encode(encoding)

    assert f"<meta charset=big5>{CHINESE}" == decode(body, "text/html; charset=gbk")


def test_the_header_wins_over_meta() -> None:
    text = f"<meta charset=utf-8>{CHINESE}"

    assert text == decode(text.encode("gbk"), "text/html; charset=GBK")


@pytest.mark.parametrize(
    "meta",
    [
        "<meta charset='gb2312'>",
        '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">',
        '<?xml version="1.0" encoding="gb2312"?>',
        "<META CHARSET=GBK>",
    ],
)
def test_gb2312_is_read_as_gb18030(meta: str) -> None:
    text = f"{meta}<p>囍㐂𠮷"  # in GB18030, not in GB2312; too short to guess

    assert text == decode(text.encode("gb18030"))


@pytest.mark.parametrize("label", ["gb2312", "GBK", "x-gbk"])
def test_a_header_of_gb2312_means_gb18030_too(label: str) -> None:
    assert "𠮷" == decode("𠮷".encode("gb18030"), f"text/html; charset={label}")


@pytest.mark.parametrize("label", ["windows-1252", "iso-8859-1", "latin-1", "us-ascii"])
def test_utf8_that_claims_to_be_latin_is_utf8(label: str) -> None:
    assert CHINESE == decode(CHINESE.encode(), f"text/html; charset={label}")


def test_latin_that_says_so_is_latin() -> None:
    assert FRENCH == decode(FRENCH.encode("cp1252"), "text/html; charset=iso-8859-1")


@pytest.mark.parametrize(
    ("label", "encoding"), [("Shift_JIS", "cp932"), ("EUC-KR", "cp949"), ("big5", "big5hkscs"), ("koi8-r", "koi8-r")]
)
def test_other_charsets(label: str, encoding: str) -> None:
    text = {"cp932": "返品①はできますか", "cp949": "똠방각하", "big5hkscs": "退貨嘅問題", "koi8-r": "Возврат"}[encoding]

    assert text == decode(text.encode(encoding), f"text/html;charset={label}")


@pytest.mark.parametrize(("text", "encoding"), [(CHINESE, "utf-8"), (CHINESE, "gb18030"), (SPANISH, "latin-1")])
def test_an_undeclared_charset_is_guessed(text: str, encoding: str) -> None:
    assert text == decode(text.encode(encoding))


def test_a_wrong_declaration_falls_back_to_utf8() -> None:
    text = f"<meta charset=gb2312>{CHINESE}囍"

    assert text == decode(text.encode())


def test_a_meta_tag_that_can_be_read_is_not_in_utf16() -> None:
    assert "<meta charset=utf-16>Hello" == decode(b"<meta charset=utf-16>Hello")


@pytest.mark.parametrize("label", ["utf-8", "gbk"])
def test_one_broken_byte_costs_one_character(label: str) -> None:
    body = CHINESE.encode(label) + b"\xff"

    assert f"{CHINESE}\ufffd" == decode(body, f"text/html; charset={label}")


@pytest.mark.parametrize(
    "label",
    ["x-unknown", "hex", "rot13", "undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7"],
)
def test_a_label_that_is_no_charset_of_the_web_is_passed_over(label: str) -> None:
    text = rf"<meta charset={label}>\q \u0041 +AGE- {CHINESE}"

    assert text == decode(text.encode(), f"text/html; charset={label}")


@pytest.mark.parametrize("body", [b"", b"\xff", b"\x00" * 9, bytes(range(256)), b"\xff<meta charset=undefined>"])
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(decode(body, "charset="), str)
