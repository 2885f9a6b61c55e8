"""Files of entries in: every kind, what Excel does to them, and rows that fail without stopping the others."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from crawler.diff import news
from crawler.files import Failed, load
from crawler.files.bounds import MAX_TAGS, MAX_UNPACKED_BYTES
from crawler.files.workbook import shown_number
from crawler.records import FaqEntry, read_entries, write_entries
from index.calibrate import Calibration, Logistic
from index.embed import fake_embedder
from index.hybrid import Index
from ui.cli.run import run
from ui.publish import Watch, import_entries
from ui.settings import Settings, Site

RETURNS = ("如何退货？", "签收后三十天内可以退货。")
PAY = ("How do I pay?", "By card or bank transfer.")
SHEET = "xl/worksheets/sheet1.xml"


def file(name: str, text: str, encoding: str = "utf-8") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def workbook(rows: Sequence[Sequence[Any]], name: str = "faq.xlsx", **formats: str) -> Path:
    """A workbook of one sheet; `formats` are number formats by cell."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell, number_format in formats.items():
        book.active[cell].number_format = number_format
    book.save(name)
    return Path(name)


def rewritten(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The same workbook with some bytes of one part replaced."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).replace(b" />", b"/>").replace(b"<v></v>", b"<v/>") for name in book.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, body in parts.items():
            book.writestr(name, body.replace(old, new) if name == part else body)
    return path


def pairs(*paths: Path) -> list[tuple[str, str]]:
    loaded = load(paths)
    assert loaded.failed == ()
    return [(entry.question, entry.answer) for entry in loaded.entries]


def failures(*paths: Path) -> dict[str, str]:
    return {row.where: row.why for row in load(paths).failed}


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", "问题,答案\n{0},{1}\n", "utf-8"),
        ("a.csv", "问题,答案\n{0},{1}\n", "utf-8-sig"),
        ("a.csv", "问题,答案\r\n{0},{1}\r\n", "gb18030"),  # Excel in China
        ("a.csv", "question;answer\n{0};{1}\n", "gb18030"),
        ("a.csv", "QUESTION;Answer\n{0};{1}\n", "utf-8"),  # Excel in Europe
        ("a.csv", "sep=;\nquestion;answer\n{0};{1}\n", "utf-8"),
        ("a.csv", "標準問題\t 回答 \n{0}\t{1}\n", "utf-16"),  # "Unicode text"
        ("a.tsv", "q\ta\n{0}\t{1}\n", "utf-8"),
        ("a.csv", "我们的常见问题,,\n\n编号,标准问法（必填）,答案*\n,{0},{1}\n,,\n", "utf-8"),  # a title above the head
        ("a.jsonl", '{{"question": "{0}", "answer": "{1}"}}\n\n', "utf-8-sig"),
        ("a.jsonl", '{{"问题": "{0}", "Answer": "{1}"}}', "utf-8"),
    ],
)
def test_text_files_of_every_dialect(name: str, text: str, encoding: str) -> None:
    assert pairs(file(name, text.format(*RETURNS), encoding)) == [RETURNS]


def test_an_answer_keeps_its_lines_commas_and_quotation_marks() -> None:
    path = file("a.csv", 'question,answer\n"A, or ""B""?","One,\n\ntwo."\nHow?,Say "please".\n')

    assert pairs(path) == [('A, or "B"?', "One,\n\ntwo."), ("How?", 'Say "please".')]


def test_every_column() -> None:
    head = "ID,Question,Answer,Similar questions,相似问法2,Link,Section,Language,分类,来源,备注"
    row = '7,How?,So.,"How so? | How, then",怎么,shop.example/faq#how,Help,English,"a,b、c",x,y'

    loaded = load([file("a.csv", f"{head}\n{row}\n")])

    similar = ("How so?", "How, then", "怎么")
    url, tags = "https://shop.example/faq", ("a", "b", "c")
    assert loaded.entries == (FaqEntry("7", "How?", "So.", url, "how", "Help", "en", "import", similar, tags),)
    assert loaded.passed_over == ("a.csv: column 来源", "a.csv: column 备注")


def test_of_two_columns_for_one_text_the_better_named_is_read() -> None:
    loaded = load([file("a.csv", "title,question,content\nAbout,How?,So.\n")])

    assert [(entry.question, entry.answer) for entry in loaded.entries] == [("How?", "So.")]
    assert loaded.passed_over == ("a.csv: column title",)


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("a\nb", ("a", "b")),
        ("a | b｜c；d", ("a", "b", "c", "d")),
        ("a; b, c", ("a; b, c",)),
        ('["a|b", "c"]', ("a|b", "c")),
        ("[a]", ("[a]",)),
        ("[" * 100_000 + "]", ("[" * 100_000 + "]",)),
        (" a || a |", ("a",)),
    ],
)
def test_similar_questions_of_a_cell(cell: str, texts: tuple[str, ...]) -> None:
    quoted = cell.replace('"', '""')

    (entry,) = load([file("a.csv", f'answer,similar\nx,"{quoted}"\n')]).entries

    assert entry.similar == texts


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (15, "General", "15"),
        (15.0, "General", "15"),
        (0.1 + 0.2, "General", "0.3"),
        (4008001234567, "General", "4008001234567"),
        (0.15, "0%", "15%"),
        (0.125, "0.0%", "12.5%"),
        (15, "0.00", "15.00"),
        (1234.5, '"¥"#,##0.00', "¥1,234.50"),
        (1234.5, "[$€-407]#,##0.00;[Red]-[$€-407]#,##0.00", "€1,234.50"),
        (-3, '0" 天"', "-3 天"),
        (7, "00000", "00007"),
        (2.5, "0", "2.5"),
        (2.5, "# ?/?", "2.5"),
        (True, "General", "TRUE"),
        (datetime(2026, 5, 1), "yyyy-mm-dd", "2026-05-01"),
        (date(2026, 5, 1), "yyyy/m/d", "2026-05-01"),
        (datetime(2026, 5, 1, 9, 30), "yyyy-mm-dd hh:mm", "2026-05-01 09:30"),
        (time(18, 0), "hh:mm", "18:00"),
        (timedelta(hours=26, minutes=5), "[h]:mm", "26:05"),
        ("a_x000D_\nb_x005F_x000D_", "General", "a\nb_x000D_"),  # how Excel writes what XML cannot hold
        ("'=1+1", "General", "=1+1"),
    ],
)
def test_a_cell_is_read_as_a_person_sees_it(value: Any, number_format: str, text: str) -> None:
    path = workbook([["question", "answer"], ["q?", value]], B2=number_format)

    assert pairs(path) == [("q?", text)]


def test_a_number_format_that_shows_nothing_is_no_reason_to_fail() -> None:
    assert [shown_number(1.5, kind) for kind in ("@", ";;;", "", "[Red]", "0.0e+0", "General")] == ["1.5"] * 6


def test_formulas_give_their_values_or_fail_their_row() -> None:
    rows = [["question", "answer"], ["sum?", "=1+1"], ["never?", "=2+2"], ["bad?", "=1/0"], ["empty?", '=""']]
    path = workbook(rows)
    rewritten(path, SHEET, b"<f>1+1</f><v/>", b"<f>1+1</f><v>2</v>")
    rewritten(path, SHEET, b'<c r="B4"><f>1/0</f><v/>', b'<c r="B4" t="e"><f>1/0</f><v>#DIV/0!</v>')
    rewritten(path, SHEET, b'<c r="B5"><f>""</f><v/>', b'<c r="B5" t="str"><f>""</f><v></v>')

    loaded = load([path])

    assert [(entry.question, entry.answer) for entry in loaded.entries] == [("sum?", "2")]
    assert [(row.where, row.why.split(".")[0]) for row in loaded.failed] == [
        ("faq.xlsx, row 3", "column answer: holds a formula that was never calculated"),
        ("faq.xlsx, row 4", "column answer: holds the error #DIV/0!"),
        ("faq.xlsx, row 5", 'has no "answer"'),
    ]


def test_the_shared_strings_that_excel_writes() -> None:
    path = workbook([["question", "answer"], ["q?", PAY[1]]])
    rewritten(path, SHEET, b't="inlineStr"><is><t>q?</t></is>', b't="s"><v>0</v>')
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    rewritten(path, "[Content_Types].xml", b"</Types>", override)
    runs = "<si><r><t>How do </t></r><r><rPr><b/></rPr><t>I</t></r><r><t> pay?</t></r></si>"
    with zipfile.ZipFile(path, "a") as book:
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{runs}</sst>')

    assert pairs(path) == [PAY]


def test_a_formula_in_a_column_that_is_not_ours_does_no_harm() -> None:
    assert pairs(workbook([["question", "answer", "length"], [*PAY, "=LEN(B2)"]])) == [PAY]


def test_the_sheet_that_is_read() -> None:
    book = Workbook()
    book.active.sheet_state = "hidden"
    for title, row in (("FAQ", RETURNS), ("More", PAY)):
        sheet = book.create_sheet(title)
        sheet.append(["question", "answer"])
        sheet.append(row)
    book.active = 1
    book.save("faq.xlsx")

    assert pairs(Path("faq.xlsx")) == [RETURNS]
    assert [entry.question for entry in load([Path("faq.xlsx")], sheet="More").entries] == [PAY[0]]
    assert "There are: Sheet, FAQ, More" in load([Path("faq.xlsx")], sheet="None").failed[0].why


def test_a_workbook_that_lies_about_its_size_is_read_whole() -> None:
    path = workbook([["question", "answer"], PAY, RETURNS])
    rewritten(path, SHEET, b'<dimension ref="A1:B3"/>', b'<dimension ref="A1"/>')

    assert pairs(path) == [PAY, RETURNS]


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("question,answer\nq?,\n", "a.csv, row 2", 'has no "answer"'),
        ("question,answer\nq?,Yes, we do.\n", "a.csv, row 2", "more cells than"),
        ('question,answer\n"q?"x,y\n', "a.csv, row 2", "quotation marks"),
        ("answer,url\nx,javascript:alert(1)\n", "a.csv, row 2", "url: "),
        ("answer,url\nx,https://u:p@shop.example/\n", "a.csv, row 2", "url: "),
        ("answer,language\nx,42\n", "a.csv, row 2", "'42' is no language"),
        ("answer,id\nx,1\ny,1\n", "a.csv, row 3", "id '1' stands twice"),
        ("name,price\nx,1\n", "a.csv", "no row near the top names the columns"),
        ("question,similar\nx,1\n", "a.csv", "no row near the top names the columns"),
        ("", "a.csv", "no row near the top names the columns"),
    ],
)
def test_a_csv_row_that_fails_is_named(text: str, where: str, why: str) -> None:
    found = failures(file("a.csv", text))

    assert list(found) == [where]
    assert why in found[where]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "no JSON"),
        (b"[1]", "one JSON object"),
        (b'{"question":"q"}', '"answer"'),
        (b'{"answer":["x"]}', "must be text"),
        (b'{"answer":true}', "must be text"),
        (b'{"answer":NaN}', "must be text"),
        (b'{"answer":"x","similar":[1,{}]}', "must be text"),
        (b'{"answer":"\\ud800"}', "no JSON"),
        (b'{"answer":"\xff"}', "no UTF-8"),
        (b'{"a":' + b"[" * 100_000, "no JSON"),
    ],
)
def test_a_json_line_that_fails_is_named_and_the_others_are_read(line: bytes, why: str) -> None:
    Path("a.jsonl").write_bytes(b'{"answer":"fine","colour":"red"}\n' + line + b'\n{"answer":7,"id":8}\n')

    loaded = load([Path("a.jsonl")])

    assert [entry.answer for entry in loaded.entries] == ["fine", "7"]
    assert [row.where for row in loaded.failed] == ["a.jsonl, line 2"]
    assert why in loaded.failed[0].why
    assert "\n" not in loaded.failed[0].why
    assert loaded.passed_over == ("a.jsonl: column colour",)


def test_a_quotation_mark_that_is_never_closed_swallows_no_row_unsaid() -> None:
    path = file("a.csv", 'question,answer\na?,x\nb?,"y\nc?,z\nd?,w\n')

    loaded = load([path])

    assert [entry.question for entry in loaded.entries] == ["a?"]
    assert ["up to line 5" in row.why for row in loaded.failed] == [True]


def test_lines_without_ids_are_never_merged_and_keep_their_ids() -> None:
    rows = [("q", "It costs 5.00"), ("q", "It costs 500"), ("q", "It costs 500")]
    path = file("a.jsonl", "".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows))

    first, again = load([path]), load([path])

    assert len({entry.id for entry in first.entries}) == 3
    assert first == again


def test_rows_over_the_limit_are_said_and_many_equal_ones_take_no_time() -> None:
    path = file("a.jsonl", '{"answer":"x","language":"en"}\n' * 20_001)

    loaded = load([path], max_rows=20_000)

    assert len(loaded.entries) == 20_000
    assert [row.why for row in loaded.failed] == ["only its first 20,000 rows were read. Cut it into several files"]


FAQ = """---
title: "Help"
url: https://shop.example/help
tags: [orders, returns]
---
# Frequently asked questions

## How do I return an item? {#returns}

Send it back within **30 days**:

1. Pack it.
2. Ship it.

| weight | price |
| --- | --- |
| 1 kg | 5 € |

## How long does shipping take?

Three to five days. See [rates](https://shop.example/rates).

## Can I pay by invoice?

Yes.
"""


def test_a_markdown_file_of_questions() -> None:
    loaded = load([file("help/faq.md", FAQ)])

    assert loaded.failed == ()
    assert [entry.question for entry in loaded.entries] == [
        "How do I return an item?",
        "How long does shipping take?",
        "Can I pay by invoice?",
    ]
    first, second, _ = loaded.entries
    assert "**30 days**" in first.answer
    assert "1. Pack it.\n2. Ship it." in first.answer
    assert "| 1 kg | 5 € |" in first.answer
    assert "[rates](https://shop.example/rates)" in second.answer
    assert {(entry.url, entry.tags, entry.source) for entry in loaded.entries} == {
        ("https://shop.example/help", ("orders", "returns"), "import")
    }


def test_an_answer_that_changes_in_a_page_keeps_its_id() -> None:
    before = load([file("faq.md", FAQ)])
    after = load([file("faq.md", FAQ.replace("Yes.", "No."))])
    elsewhere = load([file("other/faq2.md", FAQ)])

    assert [entry.id for entry in before.entries] == [entry.id for entry in after.entries]
    assert before != after
    assert not {entry.id for entry in before.entries} & {entry.id for entry in elsewhere.entries}


def test_markdown_and_html_that_ask_nothing_become_passages() -> None:
    about = "# About us\n\nWe bind notebooks by hand in a small town by the sea.\n\n## Hours\n\nMonday to Friday, 9 to 17.\n"
    page = "<h1 id='r'>Repairs</h1><p>We mend every notebook that we have ever sold, free of charge.</p>"

    loaded = load([file("about.md", about), file("repairs.html", page)])

    assert [(entry.question, entry.section) for entry in loaded.entries] == [
        ("", "About us"),
        ("", "Hours"),
        ("", "Repairs"),
    ]
    assert {(entry.url, entry.anchor) for entry in loaded.entries} == {("", "")}


def test_an_html_file_with_its_address() -> None:
    page = (
        '<meta charset="gbk"><link rel="canonical" href="https://shop.example/faq"><h1>常见问题</h1>'
        '<details id="r"><summary>如何退货？</summary>三十天内退回，详见<a href="/r">说明</a>。</details>'
    )

    (entry,) = load([file("faq.html", page, "gbk")]).entries

    assert (entry.question, entry.link) == ("如何退货？", "https://shop.example/faq#r")
    assert "[说明](https://shop.example/r)" in entry.answer


def test_a_page_without_text_fails_by_name() -> None:
    assert failures(file("a.html", "<script>x()</script>"), file("b.md", "")) == {
        "a.html": "holds no text that could be answered from",
        "b.md": "holds no text that could be answered from",
    }


def test_a_folder_is_read_in_order_without_what_is_hidden() -> None:
    line = '{{"answer": "{}"}}'.format
    for name in ("b/one.jsonl", "a.jsonl", "c.JSONL", ".git/x.jsonl", ".x.jsonl", "b/~$one.xlsx", "b/photo.png"):
        file(f"folder/{name}", line(name))
    file("folder/b/two.csv", "question,answer\nq?,\n")

    loaded = load([Path("folder")])

    assert [entry.answer for entry in loaded.entries] == ["a.jsonl", "b/one.jsonl", "c.JSONL"]
    assert [row.where for row in loaded.failed] == ["b/two.csv, row 2"]


def test_what_is_no_file_of_entries_is_said() -> None:
    Path("empty").mkdir()
    file("a.docx", "x")

    found = failures(Path("empty"), Path("a.docx"), Path("none.csv"))

    assert "holds no file that can be read" in found["empty"]
    assert "this kind of file is not read" in found["a.docx"]
    assert "cannot be read (No such file" in found["none.csv"]


BLANK = b" " * 2**20
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"<sheetData>", b"<!--" + b" " * MAX_UNPACKED_BYTES + b"--><sheetData>", "unpacks to more"),
        (b"</sheetData>", b"<row>" + b"<c/>" * MAX_TAGS + b"</row></sheetData>", "too many cells"),
        (b"<sheetData>", b"<!--" + BLANK + b"--><sheetData>", "no spreadsheet program"),
        (b"<sheetData>", b"<!--" + b"< >" * 10**5 + b"--><sheetData>", "no spreadsheet program"),
        (b"<sheetData>", b'<sheetData a="' + BLANK + b'">', "no spreadsheet program"),
        (b"<t>answer", b"<t><![CDATA[" + b"<" * 2**19 + b"]]>answer", "no spreadsheet program"),
        (b"<worksheet", ENTITIES + b"<worksheet a='&b;'", "cannot be read"),
        (b"<worksheet", b"\xff\xfe<worksheet", "no spreadsheet program"),
    ],
    ids=["bytes", "cells", "comment", "tags in a comment", "attribute", "cdata", "entities", "utf-16"],
)
def test_a_workbook_that_would_cost_too_much_is_not_parsed(old: bytes, new: bytes, why: str) -> None:
    path = rewritten(workbook([["question", "answer"], PAY]), SHEET, old, new)

    assert why in failures(path)["faq.xlsx"]


def test_the_longest_cells_that_excel_can_hold_are_read() -> None:
    rows = [[f"q{number}?", "&" * 32_767] for number in range(3)]

    assert [len(answer) for _, answer in pairs(workbook([["question", "answer"], *rows]))] == [32_767] * 3


def test_a_row_number_out_of_this_world_does_no_harm() -> None:
    path = workbook([["question", "answer"], PAY])
    rewritten(path, SHEET, b"</sheetData>", b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>')

    assert pairs(path) == [PAY]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html><table>"])
def test_what_is_no_workbook(body: bytes) -> None:
    Path("a.xlsx").write_bytes(body)

    assert "Save it as .xlsx" in failures(Path("a.xlsx"))["a.xlsx"]


def test_a_damaged_workbook_is_one_failed_file() -> None:
    whole = workbook([["question", "answer"], PAY, RETURNS]).read_bytes()
    path = Path("damaged.xlsx")
    for at in range(0, len(whole), 97):
        for body in (whole[:at], whole[:at] + b"\x7f\x00" + whole[at + 2 :]):
            path.write_bytes(body)
            loaded = load([path])
            assert all(isinstance(row, Failed) and "\n" not in row.why for row in loaded.failed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b't="n"', b't="zz"'),
        (b't="inlineStr"', b't="d"'),
        (b't="inlineStr"><is><t>id</t></is>', b't="s"><v>999</v>'),
        (b'r="A1"', b'r="A0"'),
        (b'r="A1"', b'r="?"'),
        (b"<sheetData>", b"<sheetDat>"),
        (b'<row r="1"', b'<row r="x"'),
    ],
)
def test_xml_that_is_wrong_is_one_failed_file_or_row(old: bytes, new: bytes) -> None:
    path = rewritten(workbook([["question", "answer", "id"], [*PAY, 1]]), SHEET, old, new)

    loaded = load([path])

    assert loaded.entries or loaded.failed


# The command.


def settings() -> Settings:
    return Settings(data=Path("kefu-data"))


def publish(entries: Sequence[FaqEntry]) -> Index:
    watch = Watch(lambda visit, found: None, lambda done, total: None, fake_embedder)
    import_entries(settings(), Site(name="s"), entries, watch=watch)
    return Index.open(Path("kefu-data/sites/s"), fake_embedder(), Calibration(Logistic({"told": 8.0}, -4.0)))


def test_similar_questions_and_tags_are_published_and_the_similar_ones_found() -> None:
    path = workbook(
        [["问题", "答案", "相似问法", "标签"], [*RETURNS, "不想要了；尺码不合适", "售后"], [*PAY, None, None]]
    )

    index = publish(load([path]).entries)

    found = index.search("尺码不合适")
    assert found.hits[0].entry.question == RETURNS[0]
    assert found.hits[0].passage.part == "similar"
    assert found.hits[0].entry.tags == ("售后",)


def test_import_replaces_by_id_and_leaves_the_rest() -> None:
    publish(load([file("a.csv", "id,question,answer\n1,a?,x\n2,b?,y\n")]).entries)

    publish(load([file("a.csv", "id,question,answer\n2,b?,z\n3,c?,w\n")]).entries)

    entries = read_entries(Path("kefu-data/sites/s/entries.jsonl"))
    assert [(entry.id, entry.answer) for entry in entries] == [("1", "x"), ("2", "z"), ("3", "w")]


def test_a_dry_run_shows_what_would_change_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = file("a.csv", "id,question,answer,note\n1,a?,x,n\n2,b?,,\n")

    assert run(["import", str(path), "--site", "s", "--dry-run"]) == 0

    out, err = capsys.readouterr()
    assert out == "+ a?\ns: 1 read, 1 failed; entries: 1 added, 0 changed, 0 kept\ndry run: nothing was changed\n"
    assert err.splitlines() == [
        '  a.csv, row 3: has no "answer". Write one, or take the row out',
        "  passed over: a.csv: column note",
    ]
    assert not Path("kefu-data").exists()


def test_the_json_of_an_import(capsys: pytest.CaptureFixture[str]) -> None:
    write_entries(
        Path("kefu-data/sites/s/entries.jsonl"), [FaqEntry("1", "a?", "old", language="en"), FaqEntry("9", "", "kept")]
    )
    path = file("a.csv", "id,question,answer\n1,a?,new\n2,b?,\n3,c?,w\n")

    assert run(["import", str(path), "--site", "s", "--dry-run", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report | {"seconds": 0} == {
        "site": "s",
        "read": 2,
        "failed": [{"where": "a.csv, row 3", "why": 'has no "answer". Write one, or take the row out'}],
        "passed_over": [],
        "entries": {"added": 1, "changed": 1, "kept": 1},
        "embedded": 0,
        "snapshot": None,
        "seconds": 0,
    }


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("{\n", ["kefu: a.jsonl, line 1: no JSON"]),
        ("", ["kefu: a.jsonl: no entries in it"]),
        ("{\n[]\n", ["  a.jsonl, line 1: no JSON", "  a.jsonl, line 2: give one", "kefu: not one of 2 rows"]),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], text: str, lines: list[str]
) -> None:
    assert run(["import", str(file("a.jsonl", text)), "--site", "s"]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert [line[: len(start)] for line, start in zip(err.splitlines(), lines, strict=True)] == lines
    assert not Path("kefu-data").exists()


def test_only_the_first_failures_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    path = file("a.jsonl", '{"answer":"x"}\n' + "{\n" * 30)

    assert run(["import", str(path), "--site", "s", "--dry-run"]) == 0

    assert capsys.readouterr().err.splitlines()[-1] == "  and 10 more; --json lists them all"


CRAWLED = FaqEntry("1", "a?", "x", "https://shop.example/", "q1", "Help", "en", "details")


def test_what_says_nothing_new_leaves_a_crawled_entry_crawled() -> None:
    imported = replace(CRAWLED, source="import")
    edits = [{"id": "1", "answer": "edited"}]

    assert news([imported], [CRAWLED], []) == []
    assert news([replace(imported, answer="edited")], [CRAWLED], edits) == []
    assert news([imported], [CRAWLED], edits) == [imported]
    assert news([replace(imported, tags=("a",))], [CRAWLED], []) == [replace(imported, tags=("a",))]


def test_a_manual_edit_that_wins_over_an_import_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    write_entries(Path("kefu-data/sites/s/entries.jsonl"), [CRAWLED])
    file("kefu-data/sites/s/edits.jsonl", '{"id":"1","answer":"edited"}\n')
    path = file("a.csv", "id,question,answer\n1,a?,imported\n")

    assert run(["import", str(path), "--site", "s", "--dry-run"]) == 0

    assert "a? has a manual edit in edits.jsonl, which wins" in capsys.readouterr().err
