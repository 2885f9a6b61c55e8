"""Text to tokens: the same for a question and for the entry that answers it."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError

import pytest

from index.words import _stem, _stemmer, cut_by, grams, lettered, plain, terms, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("如何申请退货？", ["如何", "申请", "退货"]),
        ("How do I return an item?", ["how", "return", "item"]),
        ("ＡＢＣ１２３ 退货", ["abc123", "退货"]),  # full width
        ("退货return退货", ["退货", "return", "退货"]),
        ("满99元包邮", ["满", "99", "元", "包邮"]),
        ("iPhone手机壳", ["iphon", "手机", "壳"]),
        ("Größe wählen", ["gross", "wahlen"]),
        ("Как вернуть товар?", ["как", "вернуть", "товар"]),
        ("don’t", ["don't"]),
        ("", []),
        ("？！… ---", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert expected == tokens(text)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Returns", "return"),
        ("return policies", "RETURN POLICY"),
        ("shipping", "shipped"),
        ("iPhone１５", "IPHONE15"),
        ("ﬁle", "file"),  # a ligature
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_one_word_are_one_token(one: str, two: str) -> None:
    assert tokens(one) == tokens(two)


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("de", "Rücksendungen", "rücksendung"),
        ("fr", "l’adresse", "adresses"),
        ("es", "devoluciones", "devolucion"),
        ("it", "dell'ordine", "ordini"),
        ("pt", "pedidos", "Pedido"),
        ("ru", "возврата товаров", "возврат товара"),
        ("nl", "verzendingen", "verzending"),
        ("zh", "退货 returns", "退货 return"),
    ],
)
def test_words_are_stemmed_as_their_language_is(language: str, one: str, two: str) -> None:
    assert tokens(one, language) == tokens(two, language)
    assert terms(one, language) == terms(two, language)


def test_stems_are_the_same_in_many_threads() -> None:
    words = [f"{chr(0x430 + number % 32)}{chr(0x430 + number // 32)}возвращениями" for number in range(1000)]
    alone = [_stem.__wrapped__(word, "ru") for word in words]
    switched = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda word: _stem.__wrapped__(word, "ru"), words))
    finally:
        sys.setswitchinterval(switched)

    assert together == alone


def test_a_language_whose_stemmer_is_not_there_is_cut_as_english(monkeypatch: pytest.MonkeyPatch) -> None:
    _stem.cache_clear()
    _stemmer.cache_clear()
    monkeypatch.setattr("snowballstemmer.algorithms", lambda: ["english"])

    assert tokens("returns", "pl") == ["return"]
    _stem.cache_clear()
    _stemmer.cache_clear()


def test_long_chinese_words_are_also_found_by_their_parts() -> None:
    found = tokens("七天无理由退换货")

    assert {"七天", "理由"} <= set(found)


def test_stop_words_are_left_out_unless_nothing_else_is_there() -> None:
    assert tokens("请问你们可以退货吗") == tokens("可以退货")
    assert tokens("请问") == ["请问"]
    assert tokens("what is it to you") == ["what"]
    assert tokens("is it") == ["is", "it"]


def test_letters_count_for_as_much_of_a_text_as_they_are() -> None:
    assert [lettered(text) for text in ("app", "退货", "app 退货", "？")] == [1.0, 0.0, 0.5, 0.0]


def test_what_cuts_is_named_with_its_version_where_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"jieba [\d.]+ opencc [\d.]+ snowballstemmer [\d.]+", cut_by())

    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("index.words.version", unknown)
    assert cut_by() == "jieba ? opencc ? snowballstemmer ?"


def test_short_words_keep_their_endings() -> None:
    assert tokens("gas bus red") == ["gas", "bus", "red"]


@pytest.mark.parametrize(
    ("one", "two"), [("退貨運費", "退货运费"), ("電話號碼１２３", "电话号码123"), ("臺灣訂單", "台湾订单")]
)
def test_traditional_characters_are_read_as_simplified(one: str, two: str) -> None:
    assert plain(one) == plain(two)
    assert tokens(one) == tokens(two)


def test_terms_are_words_and_pairs_of_characters() -> None:
    assert ["开", "电子", "发票", "开电", "电子", "子发", "发票"] == terms("开电子发票")
    assert ["return", "item"] == terms("return an item")
    assert set(terms("运费险")) & set(terms("退运费")) >= {"运费"}


def test_grams_meet_where_words_are_misspelt_or_inflected() -> None:
    assert ["_pe", "pen", "en_"] == grams("pen 退货")
    assert grams("退货") == []
    for one, two in (("recieve", "receive"), ("Rücksendung", "Rücksendungen"), ("covid19", "covid")):
        assert len(set(grams(one)) & set(grams(two))) >= 3
        assert tokens(one) != tokens(two)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Devolución", "devolucion"),
        ("Rücksendung", "rucksendung"),
        ("naïve café", "naive cafe"),
        ("İstanbul", "istanbul"),
        ("Đổi trả hàng", "đoi tra hang"),
    ],
)
def test_accents_may_be_left_out(written: str, typed: str) -> None:
    assert terms(written) == terms(typed)


@pytest.mark.parametrize("text", ["ガイド", "한국어", "мой"])
def test_marks_that_make_another_letter_stay(text: str) -> None:
    assert tokens(text) == [text]
