"""Files of entries -> `FaqEntry`: JSONL, CSV, XLSX, Markdown, HTML and folders of them; and back. Opens no socket.

A reader yields a `Row` or a `Failed` for each row of a file, so that one that is wrong is named and the others are
read. What a column is called, and what may stand in it, is the same for every kind of file (columns.py).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from crawler.errors import BadRecord
from crawler.files.columns import Failed, Row, entry_of, unknown_columns
from crawler.files.delimited import read_delimited
from crawler.files.lines import read_lines
from crawler.files.pages import read_html, read_markdown
from crawler.files.workbook import read_workbook
from crawler.language import detect
from crawler.records import FaqEntry

__all__ = ["ENDINGS", "Failed", "Loaded", "Reader", "load"]

Reader = Callable[[Path, str], Iterator[Row | Failed]]

MAX_FILE_BYTES = 200 * 2**20
MAX_ROWS = 100_000

READERS: Mapping[str, Reader] = {
    ".jsonl": read_lines,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
}
ENDINGS = ", ".join(READERS)


@dataclass(frozen=True)
class Loaded:
    """What files hold: entries, no two with one id; rows that failed; and columns that are none of ours."""

    entries: tuple[FaqEntry, ...]
    failed: tuple[Failed, ...]
    passed_over: tuple[str, ...]


def load(paths: Sequence[Path], sheet: str = "", *, max_rows: int = MAX_ROWS) -> Loaded:
    """Read files and folders; of a workbook the sheet of that name, else its first; `max_rows` of a file. Never raises.

    An entry without an id gets one from its own words, the same at the next import, so that no two are merged.
    """
    readers: dict[str, Reader] = {
        **READERS,
        ".xlsx": partial(read_workbook, sheet=sheet),
        ".xlsm": partial(read_workbook, sheet=sheet),
    }
    entries: dict[str, FaqEntry] = {}
    failed: list[Failed] = []
    passed_over: dict[str, None] = {}
    repeats: Counter[str] = Counter()
    for row in (row for path in paths for row in _rows(path, readers, max_rows)):
        if isinstance(row, Failed):
            failed.append(row)
            continue
        file = row.where.rpartition(",")[0]
        passed_over |= dict.fromkeys(f"{file}: column {name}" for name in unknown_columns(row.names))
        try:
            entry = _imported(entry_of(row), entries, repeats)
        except BadRecord as error:
            failed.append(Failed(row.where, str(error)))
            continue
        entries[entry.id] = entry
    return Loaded(tuple(entries.values()), tuple(failed), tuple(passed_over))


def _imported(entry: FaqEntry, taken: Collection[str], repeats: Counter[str]) -> FaqEntry:
    if entry.id in taken:
        raise BadRecord(f"id '{entry.id[:80]}' stands twice. Give each entry its own, or leave the ids out")
    return replace(
        entry,
        id=entry.id or _made_id(entry, taken, repeats),
        language=entry.language or detect(f"{entry.question} {entry.answer}"),
        source="import",
    )


def _made_id(entry: FaqEntry, taken: Collection[str], repeats: Counter[str]) -> str:
    """An id from the exact words, so that it is the same at the next import; with a number for an exact repeat."""
    made = hashlib.sha256(f"{entry.question}\0{entry.answer}\0{entry.link}".encode()).hexdigest()[:16]
    while True:
        repeats[made] += 1
        name = made if repeats[made] == 1 else f"{made}-{repeats[made]}"
        if name not in taken:
            return name


def _rows(path: Path, readers: Mapping[str, Reader], max_rows: int) -> Iterator[Row | Failed]:
    if not path.is_dir():
        yield from _rows_of_file(path, path.name, readers, max_rows)
        return
    files = [file for file in path.rglob("*") if file.suffix.lower() in readers and not _hidden(file, path)]
    if not files:
        yield Failed(str(path), f"holds no file that can be read. Those are {ENDINGS}")
    for file in sorted(files):
        yield from _rows_of_file(file, file.relative_to(path).as_posix(), readers, max_rows)


def _hidden(file: Path, folder: Path) -> bool:
    # "~$" is how Excel names the lock beside a workbook that is open.
    return not file.is_file() or any(part.startswith((".", "~$")) for part in file.relative_to(folder).parts)


def _rows_of_file(path: Path, name: str, readers: Mapping[str, Reader], max_rows: int) -> Iterator[Row | Failed]:
    read = readers.get(path.suffix.lower())
    if read is None:
        yield Failed(name, f"this kind of file is not read. Give one that ends in {ENDINGS}, or a folder of them")
        return
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadRecord(f"is larger than {MAX_FILE_BYTES // 2**20} MiB. Cut it into several files")
        rows = read(path, name)
        yield from islice(rows, max_rows)
        if next(rows, None) is not None:
            yield Failed(name, f"only its first {max_rows:,} rows were read. Cut it into several files")
    except BadRecord as error:
        yield Failed(name, str(error))
    except OSError as error:
        yield Failed(name, f"cannot be read ({error.strerror or error}). Check the path and its permissions")
