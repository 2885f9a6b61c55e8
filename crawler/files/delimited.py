"""CSV and TSV <-> rows: what Excel writes in China and in Europe, and what no spreadsheet runs as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from crawler.charset import decode
from crawler.files.columns import HEADER_SEARCH_ROWS, Failed, Row, known_columns, table_rows

DELIMITERS = (",", ";", "\t")
# What a spreadsheet would run or rewrite: the beginnings of a formula (OWASP, CSV injection), and whole cells that it
# takes for a number or a date and writes back in another way (00123, 1e5, 3-4). An apostrophe before it keeps it text.
TAKEN = r"(?:[=+\-@＝＋－＠\t\r\n]|(?!(?:0|[1-9][0-9]{0,10})\Z)[0-9][0-9.,:/eE+-]*\Z)"
RISKY, GUARDED = re.compile(rf"'*{TAKEN}"), re.compile(rf"'+{TAKEN}")


def read_delimited(path: Path, name: str) -> Iterator[Row | Failed]:
    """Rows of a CSV file: comma, semicolon or tab, whichever makes a header; in any charset of the web.

    Raises:
        BadRecord: no row names the columns.

    """
    text = decode(path.read_bytes())
    delimiter = max(DELIMITERS, key=lambda mark: _most_columns(text, mark))
    yield from table_rows(_records(text, delimiter, name))


def _most_columns(text: str, delimiter: str) -> int:
    head = islice(_records(text, delimiter, ""), HEADER_SEARCH_ROWS)
    return max((known_columns(record[1]) for record in head if not isinstance(record, Failed)), default=0)


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[str, list[str]] | Failed]:
    csv.field_size_limit(max(len(text), csv.field_size_limit()))  # an answer may be longer than its 128 KiB
    # strict: a quotation mark that is never closed would swallow the rows after it without a word.
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for number in count(1):
        where = f"{name}, row {number}"
        try:
            yield where, [unguarded(cell) for cell in next(records)]
        except StopIteration:
            return
        except csv.Error as error:
            yield Failed(where, f"its quotation marks do not pair up ({error}), up to line {records.line_num}. Mend it")


def unguarded(cell: str) -> str:
    """The text of a cell, without the apostrophe that kept a spreadsheet from running it."""
    return cell[1:] if GUARDED.match(cell) else cell


def guarded(text: str) -> str:
    """The cell for a text: `unguarded` gives it back as it was."""
    return f"'{text}" if RISKY.match(text) else text


def write_delimited(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as CSV that Excel opens right: UTF-8 with a byte order mark, and nothing that it would run."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
