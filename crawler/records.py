"""The values that leave the crawler: `Page`, `FaqEntry`, and their JSON lines. Imports nothing of ours but errors."""

import hashlib
import itertools
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from crawler.errors import BadRecord


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched page. `url` is final and canonical, `html` is decoded text, `fetched_at` is ISO 8601 in UTC."""

    url: str
    html: str
    fetched_at: str = ""


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """One question with its published answer (Markdown), or a passage when `question` is empty.

    `source` names the rule that found it, or is "import". `id` stays the same from crawl to crawl. `similar` are other
    wordings of the question, which search reads too; `tags` are the owner's own words for sorting, which it does not.
    """

    id: str
    question: str
    answer: str
    url: str = ""
    anchor: str = ""
    section: str = ""
    language: str = ""
    source: str = ""
    similar: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def asks(self, question: str) -> bool:
        """Whether it has a question, word for word, in one of its wordings."""
        return bool(self.question) and normalised(question) in {
            normalised(form) for form in (self.question, *self.similar)
        }

    @property
    def digest(self) -> str:
        """Tells whether what a visitor can be shown, what search reads, or how its owner tagged it has changed."""
        shown = (self.question, self.answer, self.section, self.url, self.anchor, *self.similar)
        text = "\x1e".join(("\x1f".join(shown), *self.tags))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def link(self) -> str:
        """The address of the exact place on the page."""
        return f"{self.url}#{self.anchor}" if self.url and self.anchor else self.url

    @property
    def title(self) -> str:
        """What a person calls this entry: its question, else its section, else its first words."""
        return self.question or self.section or self.answer[:60]


NUMBERING = re.compile(
    r"^\s*(?:(?:Q|A|问题?|問題?|答|Frage|Question|Pregunta)\s*\d*\s*[.:：、)）]\s*"
    r"|第?\s*[0-9一二三四五六七八九十]+\s*[.、:：)）](?!\d)\s*|[☆★●■◆▶►•·*]\s*)+",
    re.IGNORECASE,
)


@lru_cache(4096)  # extraction compares the same few questions over and over
def normalised(question: str) -> str:
    """A question without width, case, numbering, punctuation and space: equal texts ask the same."""
    text = NUMBERING.sub("", unicodedata.normalize("NFKC", question)).casefold()
    # C++ and C# are not C.
    marks = set(re.findall(r"(?<=[a-z])[+#]+", text)) if "+" in text or "#" in text else ()
    kept = "".join(c for c in text if c.isalnum()) + "".join(sorted(marks))
    return kept or "".join(unicodedata.normalize("NFKC", question).split())


def entry_id(site: str, url: str, question: str) -> str:
    """The stable id of a crawled entry: site, canonical URL and normalised question."""
    return hashlib.sha256(f"{site}\n{url}\n{normalised(question)}".encode()).hexdigest()[:16]


def to_json(entry: FaqEntry) -> str:
    """One compact JSON line; empty fields are left out."""
    row = {key: value for key, value in asdict(entry).items() if value or key in ("id", "question", "answer")}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


FIELDS = {field.name for field in fields(FaqEntry)}
LIST_FIELDS = ("similar", "tags")


def from_json(row: dict[str, Any], *, where: str) -> FaqEntry:
    """Read one record.

    Raises:
        BadRecord: naming `where`, when a field is missing, unknown or of the wrong type.

    """
    if unknown := set(row) - FIELDS:
        raise BadRecord(f"{where}: unknown field {', '.join(sorted(unknown))}; known are {', '.join(sorted(FIELDS))}")
    if not isinstance(row.get("answer"), str) or not row["answer"].strip():
        raise BadRecord(f'{where}: every record needs an "answer" with text')
    lists = {key: row.get(key, []) for key in LIST_FIELDS}
    texts = [value for key, value in row.items() if key not in LIST_FIELDS]
    if not all(isinstance(value, list) for value in lists.values()) or not all(
        isinstance(text, str) for text in (*texts, *itertools.chain(*lists.values()))
    ):
        raise BadRecord(f'{where}: every field is text; "similar" and "tags" are lists of texts')
    row = {"id": "", "question": "", **row, **{key: tuple(value) for key, value in lists.items()}}
    return FaqEntry(**row)


def read_jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ("file, line n", object) of a JSON-lines file; blank lines are passed over.

    Raises:
        BadRecord: for a file that cannot be read or a line that is no JSON object.

    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                where = f"{path.name}, line {number}"
                if line.strip():
                    yield where, _json_object_at(where, line)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"cannot read {path}: {error}. Give a UTF-8 file with one JSON object a line") from error


def _json_object_at(where: str, line: str) -> dict[str, Any]:
    try:
        return json_object(line)
    except BadRecord as error:
        raise BadRecord(f"{where}: {error}") from error


def json_object(line: str) -> dict[str, Any]:
    """Read one line of JSON.

    Raises:
        BadRecord: when it is no JSON, no object, or holds what no file can.

    """
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair is JSON, but no text
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"no JSON ({error}). Give one JSON object a line") from error
    if not isinstance(row, dict):
        raise BadRecord(f"give one JSON object a line, not {type(row).__name__}")
    return row


def read_entries(path: Path) -> list[FaqEntry]:
    """All entries of a file that Kefu wrote; a file that is not there holds none."""
    if not path.exists():
        return []
    return [from_json(row, where=where) for where, row in read_jsonl(path)]


def write_text_atomically(path: Path, text: str) -> None:
    """Replace a file as a whole with UTF-8; line ends stay as they are."""
    write_atomically(path, text.encode())


def write_atomically(path: Path, body: bytes) -> None:
    """Replace a file as a whole: written beside, synced, renamed. A reader or a crash sees the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_entries(path: Path, entries: Iterable[FaqEntry]) -> None:
    """Replace `entries.jsonl`, one entry a line."""
    write_text_atomically(path, "".join(to_json(entry) + "\n" for entry in entries))
