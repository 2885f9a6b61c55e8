"""Bytes to text, whatever a page says of itself."""

import codecs
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.charset import decode
from tests.faq_texts import LINES, PAIRS

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


CODECS = (
    "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 "
    "gb2312 gbk gb18030 big5 big5hkscs cp950 cp932 shift_jis euc_jp iso2022_jp cp949 euc_kr "
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp874 latin-1 iso8859-2 iso8859-5 iso8859-6 iso8859-7 "
    "iso8859-8 iso8859-9 iso8859-13 iso8859-15 koi8-r koi8-u cp866 mac-roman"
).split()
# What a web page calls a codec where Python's name is another.
LABELS = {f"cp{number}": f"windows-{number}" for number in range(1250, 1258)} | {
    "utf-8-sig": "utf-8",
    "latin-1": "iso-8859-1",
    "cp874": "windows-874",
    "cp866": "ibm866",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "cp950": "big5",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "iso2022_jp": "iso-2022-jp",
    "mac-roman": "macintosh",
}


def faq_page(language: str, line: str = "", head: str = "") -> str:
    pairs = "".join(f"<h3>{question}</h3>\n<p>{answer}</p>\n" for question, answer in PAIRS[language])
    return f"<!DOCTYPE html>\n<html><head>{head}<title>FAQ</title></head>\n<body>{pairs}<p>{line}</p></body></html>\n"


def in_every_codec() -> Iterator[tuple[str, str, str]]:
    """Language, line and codec of every page that the codec can hold."""
    for language in PAIRS:
        for line in dict.fromkeys(["", LINES.get(language, "")]):
            for codec in CODECS:
                try:
                    faq_page(language, line).encode(codec)
                except UnicodeEncodeError:
                    continue
                yield language, line, codec


def other_label(label: str) -> str:
    return "shift_jis" if label == "utf-8" else "utf-8"


@pytest.mark.parametrize(
    ("header", "meta", "floor"),
    [
        ("text/html; charset={label}", "", 0.99),
        ("text/html", "<meta charset={label}>", 0.99),
        ("text/html; charset={other}", "<meta charset={label}>", 0.99),
        ("text/html; charset={other}", "", 0.98),
        ("text/html", "", 0.98),
    ],
    ids=["header right", "meta only", "header wrong, meta right", "header wrong", "no hint"],
)
def test_forty_codecs(header: str, meta: str, floor: float) -> None:
    wrong, count = [], 0
    for language, line, codec in in_every_codec():
        label = LABELS.get(codec, codec)
        text = faq_page(language, line, meta.format(label=label))
        content_type = header.format(label=label, other=other_label(label))
        count += 1
        if decode(text.encode(codec), content_type) != text:
            wrong.append((language, codec, bool(line)))

    assert 1 - len(wrong) / count >= floor, wrong


USUAL = {
    "cp1252": "de en es fi fr is it nl pt sv",
    "cp1250": "cs hr hu pl",
    "iso8859-2": "cs hr hu pl",
    "cp1251": "bg ru uk",
    "koi8-r": "ru",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1256": "ar",
    "cp1257": "et lt lv",
    "cp874": "th",
    "gb18030": "zh zh-Hant",
    "big5": "zh-Hant",
    "cp932": "ja",
    "euc_jp": "ja",
    "iso2022_jp": "ja",
    "cp949": "ko",
    "cp850": "de es",
}


@pytest.mark.parametrize("codec", USUAL)
def test_what_is_usual_in_a_language_needs_no_hint(codec: str) -> None:
    for language in USUAL[codec].split():
        for line in ("", LINES.get(language, "")):
            text = faq_page(language, line).encode(codec, "xmlcharrefreplace")

            assert text.decode(codec) == decode(text), language


@pytest.mark.parametrize(
    "body",
    [
        "<p>© 2024 Shop",
        "<p>Home » Help",
        "<p>caf\xe9",
        "<p>It’s here",
        "<p>Søren",
        "<p>\xa0",
        "<p>5 €",
        "<h1>Help<a href=#>¶</a></h1>",
        "<td>\xa0</td>" * 50,
    ],
)
def test_little_evidence_is_read_as_windows_1252(body: str) -> None:
    assert body == decode(body.encode("cp1252"))


@pytest.mark.parametrize(
    ("language", "codec", "text"),
    [
        ("tr", "cp1254", "Şartlar değişti"),
        ("ru", "koi8-r", "Возврат"),
        ("ru", "cp1251", "Возврат"),
        ("cs", "cp1250", "Řízení"),
    ],
)
def test_the_language_of_the_page_helps_where_there_is_little_text(language: str, codec: str, text: str) -> None:
    page = f'<html lang="{language}-XX"><p>{text}</p>'

    assert page == decode(page.encode(codec))


def test_a_header_that_the_bytes_contradict_falls_to_the_meta() -> None:
    text = faq_page("ja", head='<meta charset="shift_jis">')

    assert text == decode(text.encode("cp932"), "text/html; charset=utf-8")


def test_a_server_that_calls_every_page_latin_is_not_believed_of_russian() -> None:
    text = faq_page("ru")

    assert text == decode(text.encode("cp1251"), "text/html; charset=iso-8859-1")


def test_a_broken_byte_in_an_undeclared_page_does_not_make_it_latin() -> None:
    text = faq_page("fr")

    assert text + "\ufffd" == decode(text.encode() + b"\xe9")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf16_without_a_byte_order_mark(codec: str) -> None:
    text = faq_page("zh", head="<meta charset=utf-16>")

    assert text == decode(text.encode(codec), "text/html; charset=utf-16")


@pytest.mark.parametrize(
    "body", [b"<" * 2**21 + b"\xe9", b"\xe9" * 2**21, b"\xe9 " * 2**20, b"<meta " * 2**18, bytes(2**21)]
)
def test_two_hostile_mebibytes_take_no_time(body: bytes) -> None:
    started = time.process_time()

    decode(body)

    assert time.process_time() - started < 1


@settings(max_examples=100)
@given(st.binary(max_size=200), st.one_of(st.just(""), st.text(max_size=20).map("text/html; charset={}".format)))
def test_whatever_comes_is_text(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)
    assert isinstance(decode(b"<meta charset=" + body, content_type), str)
