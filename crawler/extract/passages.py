"""Heading-delimited passages of a page that is no FAQ. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from crawler.extract.boxes import Box
from crawler.extract.document import Document
from crawler.extract.findings import is_menu

MAX_CHARS = 1200
MIN_CHARS = 20
WHOLE = frozenset("p ul ol menu dir table pre blockquote figure address dl dt dd li td line".split())
HEADLIKE = frozenset("summary legend caption".split())


@dataclass(frozen=True)
class PassageText:
    """`text` is Markdown of at most about `MAX_CHARS` characters; `heading` is "" before the first heading."""

    heading: str
    text: str
    anchor: str


def split_passages(document: Document, taken: Collection[Box] = ()) -> Iterator[PassageText]:
    """Text between headings, long sections cut between blocks; scraps, and the boxes in `taken`, are left out."""
    heading, anchor, parts, chars = "", "", list[Box](), 0
    for box in _blocks(document.root, frozenset(map(id, taken))):
        if box.level or box.tag in HEADLIKE or box.attrs.get("aria-controls"):
            yield from _passage(document, heading, anchor, parts)
            heading, anchor, parts, chars = box.text, document.anchor(box), [], 0
            continue
        if is_menu([box]):
            continue
        if chars + len(box.text) > MAX_CHARS and parts:
            yield from _passage(document, heading, anchor, parts)
            parts, chars = [], 0
        parts.append(box)
        chars += len(box.text)
    yield from _passage(document, heading, anchor, parts)


def _blocks(box: Box, taken: Collection[int]) -> Iterator[Box]:
    """Headings, and the blocks between them that stay whole."""
    for child in box.children:
        if not child.text or id(child) in taken:
            continue
        splits = any(inner.level or inner.tag in HEADLIKE or id(inner) in taken for inner in list(child.walk())[1:])
        if child.level or (not splits and (child.tag in WHOLE or child.is_leaf)):
            yield child
        else:
            yield from _blocks(child, taken)


def _passage(document: Document, heading: str, anchor: str, parts: Sequence[Box]) -> Iterator[PassageText]:
    text = "\n\n".join(filter(None, (document.markdown([part]) for part in parts)))
    # Mostly links, it only leads on.
    if len(text) >= MIN_CHARS and 2 * sum(part.linked for part in parts) <= sum(len(part.text) for part in parts):
        yield PassageText(heading, text, anchor)
