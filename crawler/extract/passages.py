"""Heading-delimited passages of a page that is no FAQ."""

from collections.abc import Iterator
from dataclasses import dataclass

from crawler.extract.document import Document
from crawler.extract.findings import is_menu

MAX_CHARS = 1200
MIN_CHARS = 20


@dataclass(frozen=True)
class PassageText:
    """`text` is Markdown of at most about `MAX_CHARS` characters; `heading` is "" before the first heading."""

    heading: str
    text: str
    anchor: str


def split_passages(document: Document) -> Iterator[PassageText]:
    """Text between headings, long sections cut between blocks; scraps are left out."""
    heading, anchor, parts = "", "", list[str]()
    for block in document.blocks:
        if 1 <= block.level <= 6:
            yield from _passage(heading, anchor, parts)
            heading, anchor, parts = block.text, document.anchor(block.nodes[0]), []
            continue
        if is_menu(block.nodes):
            continue
        if sum(map(len, parts)) + len(block.text) > MAX_CHARS and parts:
            yield from _passage(heading, anchor, parts)
            parts = []
        parts.append(document.markdown(list(block.nodes)))
    yield from _passage(heading, anchor, parts)


def _passage(heading: str, anchor: str, parts: list[str]) -> Iterator[PassageText]:
    text = "\n\n".join(part for part in parts if part)
    if len(text) >= MIN_CHARS:
        yield PassageText(heading, text, anchor)
