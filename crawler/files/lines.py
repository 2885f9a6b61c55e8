"""JSON lines -> rows. A line that is wrong is one failed row."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import BadRecord
from crawler.files.columns import Failed, Row
from crawler.records import json_object


def read_lines(path: Path, name: str) -> Iterator[Row | Failed]:
    """One row for each line of a UTF-8 file of JSON objects; blank lines are passed over."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if line.strip():
                yield _row(f"{name}, line {number}", line)


def _row(where: str, line: bytes) -> Row | Failed:
    try:
        row = json_object(line.decode())
    except UnicodeDecodeError as error:
        return Failed(where, f"no UTF-8 ({error.reason} at byte {error.start}). Save the file as UTF-8")
    except BadRecord as error:
        return Failed(where, str(error))
    return Row(where, tuple(row), tuple(row.values()))
