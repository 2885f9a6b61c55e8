"""Entries -> the bytes of a file that `load` reads back as they were: JSONL, CSV or XLSX."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from crawler.files.columns import join_cell
from crawler.files.delimited import write_delimited
from crawler.files.workbook import write_workbook
from crawler.records import FaqEntry

COLUMNS = ("id", "question", "answer", "similar", "url", "section", "language", "tags", "source")


def dump(entries: Iterable[FaqEntry], kind: str) -> bytes:
    """A file of one of the kinds in `WRITERS`; every URL with its anchor.

    Raises:
        BadRecord: an entry does not fit into that kind of file; it names the entry.

    """
    return WRITERS[kind]([_values(entry) for entry in entries])


def _values(entry: FaqEntry) -> tuple[Any, ...]:
    held = (entry.id, entry.question, entry.answer, list(entry.similar), entry.link)
    return (*held, entry.section, entry.language, list(entry.tags), entry.source)


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    objects = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
    kept = ({k: v for k, v in row.items() if v or k in ("id", "question", "answer")} for row in objects)
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in kept).encode()


def _cells(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[str]]:
    yield COLUMNS
    for row in rows:
        yield [join_cell(k, v) if isinstance(v, list) else v for k, v in zip(COLUMNS, row, strict=True)]


WRITERS: Mapping[str, Callable[[Sequence[Sequence[Any]]], bytes]] = {
    "jsonl": _lines,
    "csv": lambda rows: write_delimited(_cells(rows)),
    "xlsx": lambda rows: write_workbook(_cells(rows)),
}
