"""Markdown and HTML files -> rows: the questions that the extractor finds in them, else their passages."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from crawler.charset import decode
from crawler.errors import BadRecord
from crawler.extract import Document, read
from crawler.extract.document import parse
from crawler.files.columns import Failed, Row, fields_of
from crawler.links import canonical_of
from crawler.records import FaqEntry, Page, entry_id

MAX_PAGE_BYTES = 10 * 2**20
FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
HEADING_ID = re.compile(r"^(#{1,6}\s.*?)\s*\{#[\w-]+\}\s*$", re.MULTILINE)
NAMES = ("id", "question", "answer", "url", "anchor", "section", "language", "tags")


def read_html(path: Path, name: str) -> Iterator[Row | Failed]:
    """The entries of an HTML file. Its address is the one that it calls canonical, else it has none.

    Raises:
        BadRecord: it is too large or holds no text.

    """
    html = decode(_body(path))
    yield from _page_rows(Page(canonical_of(parse(html)), html), name, {})


def read_markdown(path: Path, name: str) -> Iterator[Row | Failed]:
    """The entries of a Markdown file, by the rules for a page. Front matter may say title, url, language and tags.

    Raises:
        BadRecord: it is too large or holds no text.

    """
    from markdown_it import MarkdownIt

    text = decode(_body(path))
    head = _front_matter(text)
    source = HEADING_ID.sub(r"\1", FRONT_MATTER.sub("", text))
    body = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source)
    title = escape(head.get("question") or path.stem)
    page = f"<html><head><title>{title}</title></head><body><main>{body}</main></body></html>"
    yield from _page_rows(Page(head.get("url", ""), page), name, head)


def _body(path: Path) -> bytes:
    body = path.read_bytes()
    if len(body) > MAX_PAGE_BYTES:
        raise BadRecord(f"is larger than {MAX_PAGE_BYTES // 2**20} MiB, which no page is. Cut it into several files")
    return body


def _front_matter(text: str) -> dict[str, str]:
    """Its plain "key: value" lines, by the names that columns have."""
    match = FRONT_MATTER.match(text)
    pairs = re.findall(r"^([\w-]+)[ \t]*:[ \t]*(\S.*?)[ \t]*\r?$", match[1], re.MULTILINE) if match else []
    return {field: value.strip("[]\"'") for key, value in pairs if (field := fields_of((key,))[0])}


def _page_rows(page: Page, name: str, head: Mapping[str, str]) -> Iterator[Row | Failed]:
    pairs, passages = read(Document(page), "")
    entries = pairs or passages
    if not entries:
        raise BadRecord("holds no text that could be answered from")
    sections: Counter[str] = Counter()
    for number, entry in enumerate(entries, 1):
        sections[entry.section] += 1
        asked = entry.question or f"{entry.section} passage {sections[entry.section]}"
        yield Row(f"{name}, entry {number}", NAMES, _values(entry, entry_id("", name, asked), head))


def _values(entry: FaqEntry, made_id: str, head: Mapping[str, str]) -> tuple[str, ...]:
    # The id is of file and question, so that a changed answer replaces the old one at the next import.
    language = head.get("language") or entry.language
    anchor = entry.anchor if entry.url else ""
    return (made_id, entry.question, entry.answer, entry.url, anchor, entry.section, language, head.get("tags", ""))
