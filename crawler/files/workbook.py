"""XLSX <-> rows, through openpyxl. Knows cells and how Excel shows them, not what the columns mean.

A workbook is a zip of XML made by somebody else: its cost is bounded first (bounds.py), only one sheet is read, a row
at a time, and whatever openpyxl cannot digest is one failed file.
"""

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from crawler.errors import BadRecord
from crawler.files.bounds import check
from crawler.files.columns import Failed, Row, Unreadable, plain_number, table_rows
from crawler.files.delimited import GUARDED, unguarded

MAX_CELL_CHARS = 32_767  # Excel's own, in UTF-16 units
MAX_SHEET_ROWS = 1_048_576
MAX_COLUMNS = 256
# Excel writes a character that XML cannot hold as _x001B_, and those seven characters themselves as _x005F_x001B_.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
NEEDS_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
# One number in literal text: ¥#,##0.00  0%  "No. "00000  [$€-407]0.00
LITERAL = r"""(?:"[^"]*"|\[\$[^\]]*\]|\\.|_.|[¥￥$€£ ])*"""
SHOWN_NUMBER = re.compile(
    rf"(?P<before>{LITERAL})(?P<digits>[#0,]*0)(?:\.(?P<decimals>0+))?(?P<percent>%?)(?P<after>{LITERAL})"
)
WIDTHS = {"question": 40, "answer": 80, "similar": 40, "url": 40, "section": 20}


def read_workbook(path: Path, name: str, sheet: str = "") -> Iterator[Row | Failed]:
    """Rows of one sheet: the one named, else the first that is not hidden.

    Raises:
        BadRecord: it is no workbook, unpacks to too much, or no row names the columns.

    """
    rows = _cells(path, sheet, formulas=check(path))
    numbered = ((f"{name}, row {number}", cells) for number, cells in enumerate(rows, 1))
    yield from table_rows(numbered, notes_beside=True)


def _cells(path: Path, sheet: str, *, formulas: bool) -> list[list[Any]]:
    """Every row as texts and `Unreadable`, from row 1."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are not read: styles, validations, extensions
            shown = [[_shown(cell) for cell in row] for row in _sheet_rows(path, sheet, data_only=True)]
            # A second reading is the only way to tell a formula without a value from an empty cell.
            written = _sheet_rows(path, sheet, data_only=False) if formulas else ()
            for row, texts in zip(written, shown, strict=False):
                _mark_formulas(row, texts)
    except BadRecord:
        raise
    except Exception as error:  # a damaged workbook breaks openpyxl in more ways than it names
        reason = (str(error).splitlines() or [""])[0][:200]
        raise BadRecord(f"cannot be read ({type(error).__name__}: {reason}). Save it as .xlsx again") from error
    return shown


def _sheet_rows(path: Path, sheet: str, *, data_only: bool) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook

    # Opened here: a workbook that breaks openpyxl would stay open.
    with (
        path.open("rb") as file,
        closing(load_workbook(file, read_only=True, data_only=data_only, keep_links=False)) as book,
    ):
        names = [one.title for one in book.worksheets]
        if sheet and sheet not in names:
            raise BadRecord(f"has no sheet '{sheet}'. There are: {', '.join(names)}")
        seen = [one for one in book.worksheets if one.title == sheet or (not sheet and one.sheet_state == "visible")]
        if not seen:
            raise BadRecord("has no sheet that is shown. Name one with --sheet")
        seen[0].reset_dimensions()  # some programs write a wrong size
        # Rows that a file leaves out are filled in by openpyxl, up to any number that the next one claims to have.
        yield from (row[:MAX_COLUMNS] for row in islice(seen[0].iter_rows(), MAX_SHEET_ROWS))


def _mark_formulas(row: Sequence[Any], texts: list[Any]) -> None:
    for column, cell in enumerate(row):
        if cell.data_type == "f" and column < len(texts) and texts[column] is None:
            texts[column] = Unreadable("holds a formula that was never calculated. Open and save the file in Excel")


def _shown(cell: Any) -> str | Unreadable | None:
    """A cell as a person sees it; None for one without a value, which a formula that gives "" has."""
    value = cell.value
    if value is None:
        return "" if cell.data_type == "str" else None
    if cell.data_type == "e":
        return Unreadable(f"holds the error {value}. Mend the formula or write text")
    if isinstance(value, str):
        return unguarded(ESCAPED.sub(_unescaped, value))
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return shown_number(value, cell.number_format or "General")
    return _shown_time(value)


def _unescaped(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return match[0] if "\ud800" <= char <= "\udfff" else char


def _shown_time(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        day, clock = value.date().isoformat(), value.time()
        return day if clock == time() else f"{day} {_shown_time(clock)}"
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return value.isoformat()


def shown_number(value: float, number_format: str) -> str:
    """A number with the currency, percent sign, decimals and leading zeros of its format, where it is a simple one."""
    first = re.sub(r"\[(?!\$)[^\]]*\]", "", number_format.split(";")[0])
    form = SHOWN_NUMBER.fullmatch(first)
    if form is None or (first == "0" and not float(value).is_integer()):
        return plain_number(value)
    whole, _, decimals = f"{abs(value) * (100 if form['percent'] else 1):.{len(form['decimals'] or '')}f}".partition(
        "."
    )
    whole = whole.zfill(form["digits"].count("0"))
    whole = f"{int(whole):,}" if "," in form["digits"] else whole
    number = "-" * (value < 0) + _literal(form["before"]) + whole + (f".{decimals}" if decimals else "")
    return f"{number}{form['percent']}{_literal(form['after'])}".strip()


def _literal(text: str) -> str:
    text = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r"\1", text)
    return re.sub(r"_.|\\(.)|\"([^\"]*)\"", lambda match: match[1] or match[2] or "", text)


def write_workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a workbook of text cells, the first row as its head. Nothing in it is a formula.

    Raises:
        BadRecord: a cell holds more than Excel allows.

    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    # Before openpyxl has begun: what it leaves half written cannot be closed.
    escaped = [[_escaped(text, row[0]) for text in row] for row in rows]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("FAQ")
    sheet.freeze_panes = "A2"
    for column, name in enumerate(escaped[0], 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTHS.get(name, 12)
    for row in escaped:
        sheet.append([_text_cell(sheet, text) for text in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _escaped(text: str, entry: str) -> str:
    # The apostrophe that a CSV file needs would be read as a guard here too.
    guarded = f"'{text}" if GUARDED.match(text) else text
    escaped = NEEDS_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", guarded)
    if max(len(escaped), len(guarded.encode("utf-16-le")) // 2) > MAX_CELL_CHARS:
        raise BadRecord(f"entry {entry}: longer than the {MAX_CELL_CHARS:,} characters of a cell. Export as .csv")
    return escaped


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # whatever it looks like: a formula, an error
    cell.quotePrefix = text.startswith(tuple("=+-@"))  # so it stays when somebody edits the cell
    return cell
