"""Entries out, and in again as they were; nothing in the file that a spreadsheet would run."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from crawler.errors import BadRecord
from crawler.files import load
from crawler.files.delimited import guarded, unguarded
from crawler.files.export import COLUMNS, WRITERS, dump
from crawler.files.workbook import MAX_CELL_CHARS
from crawler.records import FaqEntry, to_json, write_entries
from ui.cli.run import run

BLNS = Path(__file__).resolve().parents[2] / "shared/security/blns/blns.json"
HOSTILE = [
    "=1+1", "=cmd|' /C calc'!A0", "+49 30 1234", "-3 %", "@SUM(A1)", "\t=1", "'=1", "''=1", "'", "'quoted'", "＝1+1", "#N/A", "TRUE",
    "00123", "1e5", "3-4", "12:30", "4008001234567", "1,5", "_x000D_", "_x005F_", "_xD800_", "_x_x0041_", "a\rb", "a\x0bb\x1bc", "\x00",
    "\ufffe\uffff", "a\u2028b\x85c", "\ufeffa", '"', '""', 'a"b,c;d\te', "a|b；c", '["a"]', "[]", "a\nb", "中文，答案", "😀\U0010ffff", "\u202eabc",
    "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "../../etc/passwd", "\\", "\\n", "NULL", "None", "nan", "sep=;",
]  # fmt: skip
CRAWLED = FaqEntry(
    "0012e4",
    "如何退货？",
    "- 30 天内",
    "https://shop.example/faq",
    "r",
    "退换货",
    "zh",
    "details",
    ("怎么退", "a|b"),
    ("a,b",),
)
SITE = Path("kefu-data/sites/s")


def imported(texts: Sequence[str]) -> tuple[FaqEntry, ...]:
    """Entries with each text in every field that takes any, as they are once they have been imported."""
    rows = [{"id": f"e{n}", "question": text, "answer": f"{text}.", "section": text} for n, text in enumerate(texts)]
    rows += [{"answer": text, "similar": [text, "b"], "tags": [text]} for text in texts if text.strip()]
    rows += [{"id": text, "answer": "a"} for text in dict.fromkeys(text.strip() for text in texts) if text]
    Path("raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    loaded = load([Path("raw.jsonl")])
    assert loaded.failed == ()
    return loaded.entries


def read_again(entries: Sequence[FaqEntry], kind: str) -> tuple[FaqEntry, ...]:
    Path(f"out.{kind}").write_bytes(dump(entries, kind))
    loaded = load([Path(f"out.{kind}")])
    assert (loaded.failed, loaded.passed_over) == ((), ())
    return loaded.entries


@pytest.mark.parametrize("kind", WRITERS)
def test_hostile_texts_come_back_as_they_were(kind: str) -> None:
    entries = imported(HOSTILE)

    assert read_again(entries, kind) == entries


@pytest.mark.parametrize("kind", WRITERS)
def test_the_big_list_of_naughty_strings_comes_back_as_it_was(kind: str) -> None:
    if not BLNS.exists():
        pytest.skip("the big list of naughty strings is not here")
    entries = imported([text for text in json.loads(BLNS.read_text("utf-8")) if text.isprintable() or text.strip()])

    assert len(entries) > 1000
    assert read_again(entries, kind) == entries


@pytest.mark.parametrize("kind", WRITERS)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_comes_back_as_it_was(kind: str, text: str) -> None:
    entries = imported([text])

    assert read_again(entries, kind) == entries


@given(st.text("'=+-@\t\r\n019.e:/,xＡ＝", max_size=8))
def test_a_guard_is_taken_off_and_nothing_else(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("kind", WRITERS)
def test_every_field_comes_back(kind: str) -> None:
    assert read_again([CRAWLED], kind) == (replace(CRAWLED, source="import"),)


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    body = dump(imported(HOSTILE), "csv")

    assert body.startswith(b"\xef\xbb\xbf")  # or Excel reads it as GBK
    head, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert tuple(head) == COLUMNS
    assert len(rows) > 100
    assert [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r\n＝＋－＠" and cell] == []


def test_no_cell_of_a_workbook_is_a_formula_an_error_or_a_number() -> None:
    entries = [FaqEntry(text, text, text) for text in HOSTILE]
    Path("out.xlsx").write_bytes(dump(entries, "xlsx"))

    with zipfile.ZipFile("out.xlsx") as book:
        assert b"<f" not in book.read("xl/worksheets/sheet1.xml")
    cells = [cell for row in load_workbook("out.xlsx").active.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 100
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=1+1" in {cell.value for cell in cells}


@pytest.mark.parametrize("text", ["x" * (MAX_CELL_CHARS + 1), "😀" * 17_000, "\x1b" * 5_000, "x" * 200_000])
def test_a_text_too_long_for_a_cell_is_said_with_its_entry(text: str) -> None:
    with pytest.raises(BadRecord, match=r"^entry e9: .* Export as \.csv$"):
        dump([FaqEntry("e9", "q?", text)], "xlsx")

    assert read_again([FaqEntry("e9", "q?", text, language="en", source="import")], "csv")[0].answer == text


def test_json_lines_leave_out_what_is_empty() -> None:
    body = dump([CRAWLED, FaqEntry("p", "", "Only an answer.")], "jsonl").decode()

    assert [json.loads(line) for line in body.splitlines()] == [
        {
            "id": "0012e4",
            "question": "如何退货？",
            "answer": "- 30 天内",
            "similar": ["怎么退", "a|b"],
            "url": "https://shop.example/faq#r",
            "section": "退换货",
            "language": "zh",
            "tags": ["a,b"],
            "source": "details",
        },
        {"id": "p", "question": "", "answer": "Only an answer."},
    ]
    assert "如何退货？" in body


# The command.


@pytest.fixture
def site() -> Path:
    """A site with two crawled entries, one edited, and a third that is hidden."""
    entries = [CRAWLED, replace(CRAWLED, id="2", question="能开发票吗？"), replace(CRAWLED, id="3")]
    write_entries(SITE / "entries.jsonl", entries)
    (SITE / "site.json").write_text('{"name":"s"}', "utf-8")
    edits = [{"id": "2", "answer": "可以开电子发票。"}, {"id": "3", "hidden": True}]
    (SITE / "edits.jsonl").write_text("".join(json.dumps(edit) + "\n" for edit in edits), "utf-8")
    return SITE


@pytest.mark.parametrize("name", ["faq.jsonl", "faq.csv", "FAQ.XLSX"])
def test_an_export_holds_what_is_published_and_its_import_changes_nothing(
    site: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["export", name, "--site", "s"]) == 0
    assert capsys.readouterr().err == f"s: 2 entries in {name}\n"
    assert [(e.id, e.answer) for e in load([Path(name)]).entries] == [
        ("0012e4", "- 30 天内"),
        ("2", "可以开电子发票。"),
    ]

    assert run(["import", name, "--site", "s", "--dry-run", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["entries"] == {"added": 0, "changed": 0, "kept": 3}


def test_standard_output_is_json_lines_or_csv(site: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["export"]) == 0
    assert json.loads(capfdbinary.readouterr().out.splitlines()[0])["id"] == "0012e4"

    assert run(["export", "-", "--site", "s", "--format", "CSV"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith("\ufeffid,question,answer,similar,url,section,language,tags,source\r\n".encode())
    assert err == b""


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["faq.csv"], "faq.csv is there already"),
        (["faq.docx"], "no kind that is written"),
        (["faq"], "no kind that is written"),
        (["new.csv", "--format", "pdf"], "no kind that is written"),
        (["--format", "xlsx"], "Give a file"),
        (["folder.csv", "--force"], "cannot be written"),
        (["faq.csv/x.csv"], "cannot be written"),
        (["new.csv", "--site", "other"], "there is no site 'other'"),
    ],
)
def test_an_export_that_cannot_be_made_leaves_no_trace(
    site: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    Path("faq.csv").write_text("mine", "utf-8")
    Path("folder.csv").mkdir()

    assert run(["export", *argv]) == 1

    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)
    assert Path("faq.csv").read_text("utf-8") == "mine"
    assert sorted(path.name for path in Path().iterdir()) == ["faq.csv", "folder.csv", "kefu-data"]


def test_force_replaces_a_file(site: Path) -> None:
    Path("faq.csv").write_text("mine", "utf-8")

    assert run(["export", "faq.csv", "--force"]) == 0

    assert len(load([Path("faq.csv")]).entries) == 2


def test_an_entry_that_does_not_fit_leaves_the_file_that_was_there(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "entries.jsonl").write_text(to_json(FaqEntry("long", "q?", "x" * 40_000)) + "\n", "utf-8")
    Path("faq.xlsx").write_text("mine", "utf-8")

    assert run(["export", "faq.xlsx", "--force"]) == 1

    assert "entry long" in capsys.readouterr().err
    assert Path("faq.xlsx").read_text("utf-8") == "mine"
