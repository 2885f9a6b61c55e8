"""Entries, their identity, and the files that hold them."""

import json
from pathlib import Path

import pytest

from crawler.errors import BadRecord
from crawler.records import (
    FaqEntry,
    entry_id,
    from_json,
    normalised,
    read_entries,
    read_jsonl,
    to_json,
    write_entries,
    write_text_atomically,
)

URL = "https://shop.example/faq"
ENTRY = FaqEntry(
    id="e1",
    question="如何申请退货？",
    answer="30 天内都可以。\n\n- 原包装齐全",
    url=URL,
    anchor="how-to-return",
    section="退换货",
    language="zh",
    source="details",
    similar=("怎么退货", "能退吗"),
    tags=("售后",),
)


@pytest.mark.parametrize("entry", [ENTRY, FaqEntry("e2", "", "Only an answer.")])
def test_an_entry_survives_json(entry: FaqEntry) -> None:
    assert entry == from_json(json.loads(to_json(entry)), where="here")


def test_json_is_one_readable_line_without_empty_fields() -> None:
    assert '{"id":"e2","question":"","answer":"是的"}' == to_json(FaqEntry("e2", "", "是的"))


@pytest.mark.parametrize(
    "same",
    [
        "How do I return an item",
        "how do i RETURN an item?",
        "1. How do I return an item?",
        "Q3: How do I return an item?",
        "★ How do I return an item ?",
        "Ｈｏｗ　ｄｏ　Ｉ　ｒｅｔｕｒｎ　ａｎ　ｉｔｅｍ？",
        "“How do I return an item?!”",
    ],
)
def test_numbering_width_case_and_punctuation_do_not_change_a_question(same: str) -> None:
    assert normalised("How do I return an item?") == normalised(same)


@pytest.mark.parametrize(
    "same", ["如何申请退货", "问：如何申请退货？", "一、如何申请退货？", "第3、如何申请退货?", "（如何申请退货）"]
)
def test_chinese_numbering_does_not_change_a_question(same: str) -> None:
    assert "如何申请退货" == normalised(same)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3 years of warranty?", "3yearsofwarranty"), ("A question?", "aquestion"), ("？？", "??"), ("", "")],
)
def test_what_only_looks_like_numbering_stays(text: str, expected: str) -> None:
    assert expected == normalised(text)


def test_cpp_and_csharp_are_not_c() -> None:
    assert 3 == len({normalised(f"How do I call it from {name}?") for name in ("C", "C++", "C#")})


def test_an_id_is_stable() -> None:
    assert "13f126ad739e2a68" == entry_id("shop", URL, "如何申请退货？")
    assert entry_id("shop", URL, "如何申请退货？") == entry_id("shop", URL, "1、如何申请退货?")


@pytest.mark.parametrize(
    "other", [("other", URL, "如何申请退货？"), ("shop", f"{URL}2", "如何申请退货？"), ("shop", URL, "如何申请退款？")]
)
def test_site_url_and_words_change_the_id(other: tuple[str, str, str]) -> None:
    assert entry_id("shop", URL, "如何申请退货？") != entry_id(*other)


def test_the_digest_follows_what_a_visitor_sees() -> None:
    assert ENTRY.digest == FaqEntry(**{**_fields(ENTRY), "id": "other", "source": "import"}).digest
    for field in ("question", "answer", "section", "url", "anchor"):
        assert ENTRY.digest != FaqEntry(**{**_fields(ENTRY), field: "changed"}).digest, field
    assert ENTRY.digest != FaqEntry(**{**_fields(ENTRY), "similar": ()}).digest
    assert ENTRY.digest != FaqEntry(**{**_fields(ENTRY), "similar": (*ENTRY.similar, *ENTRY.tags), "tags": ()}).digest


def test_the_digest_of_an_entry_without_tags_is_what_it_was_before_there_were_any() -> None:
    assert "3e422a9e2ac11bb5" == FaqEntry("e", "Q?", "A", url=URL, similar=("B?",)).digest


def _fields(entry: FaqEntry) -> dict:
    return {name: getattr(entry, name) for name in FaqEntry.__slots__}


def test_link_and_title() -> None:
    assert f"{URL}#how-to-return" == ENTRY.link
    assert URL == FaqEntry("e", "Q?", "A", url=URL).link
    assert "" == FaqEntry("e", "Q?", "A", anchor="x").link
    assert ["Q?", "Returns", "An answer"] == [
        FaqEntry("e", "Q?", "An answer", section="Returns").title,
        FaqEntry("e", "", "An answer", section="Returns").title,
        FaqEntry("e", "", "An answer").title,
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "faq.jsonl, line 3: no JSON"),
        ("[1]", "faq.jsonl, line 3: give one JSON object a line, not list"),
        ('{"question": "Q?"}', 'faq.jsonl, line 3: every record needs an "answer"'),
        ('{"answer": "  "}', 'faq.jsonl, line 3: every record needs an "answer"'),
        ('{"answer": "A", "qestion": "Q?"}', "faq.jsonl, line 3: unknown field qestion"),
        ('{"answer": "A", "question": 7}', "faq.jsonl, line 3: every field is text"),
        ('{"answer": "A", "similar": "Q?"}', "faq.jsonl, line 3: every field is text"),
        ('{"answer": "A", "similar": [7]}', "faq.jsonl, line 3: every field is text"),
        ('{"answer": "A", "tags": "a"}', "faq.jsonl, line 3: every field is text"),
        ('{"answer": ' + "[" * 100_000, "faq.jsonl, line 3: no JSON"),
    ],
)
def test_a_bad_record_names_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text('{"answer": "A"}\n\n' + line + "\n", encoding="utf-8")

    with pytest.raises(BadRecord) as error:
        read_entries(path)

    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text_is_a_bad_record(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_bytes("{}".encode("utf-16"))

    with pytest.raises(BadRecord, match=r"cannot read .*faq\.jsonl"):
        list(read_jsonl(path))


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text('{"answer": "A"}', encoding="utf-8-sig")

    assert [FaqEntry("", "", "A")] == read_entries(path)


def test_entries_survive_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "entries.jsonl"

    write_entries(path, [ENTRY, FaqEntry("e2", "", "U+2028 \u2028 stays on its line")])

    assert [ENTRY, FaqEntry("e2", "", "U+2028 \u2028 stays on its line")] == read_entries(path)


def test_a_file_that_is_not_there_holds_no_entries(tmp_path: Path) -> None:
    assert [] == read_entries(tmp_path / "entries.jsonl")


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"
    write_text_atomically(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(path, "new " * 100_000 + "\ud800")

    assert "old" == path.read_text()
    assert [path] == list(tmp_path.iterdir())
