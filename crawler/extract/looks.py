"""How the lines of a page look: headings of one rank, bold lines, lines of one class, labelled or numbered ones. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator

from crawler.extract.boxes import Box, names
from crawler.extract.document import Document
from crawler.extract.findings import MAX_QUESTION_CHARS, QUESTION_LABEL
from crawler.extract.pairs import QUESTION_CLASS

Look = tuple[str | int, ...]
LONE_LABEL = re.compile(r"^\s*(?:Q|问|問|Question)\s*\d{0,3}\s*[.:：]?\s*$", re.IGNORECASE)
NUMBERED = re.compile(
    r"^\s*(?:第?\s*[一二三四五六七八九十]{1,3}\s*[、.．:：]|[（(]\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[)）]|\d{1,3}\s*[、.．:：)）](?!\d)|\d{1,2}(?:\.\d{1,2}){1,4}\s)"
)
GLYPH = re.compile(r"^\s*([☆★●■◆▶►▪•◎○※✦❓➤➢])")


def group(document: Document) -> dict[Look, list[Box]]:
    """Lines that could head an answer, by each of the ways in which they look; in document order."""
    groups: dict[Look, list[Box]] = defaultdict(list)
    for box in document.boxes:
        if box.tag not in ("body", "table", "ul", "ol") and _may_head(box):
            for look in dict.fromkeys(_looks(box)):
                groups[look].append(box)
    return groups


def _may_head(box: Box) -> bool:
    """A heading, a block of one or more lines, one of several lines, or a row whose first cell is nothing but a label."""
    if not 2 <= len(box.text) <= MAX_QUESTION_CHARS:
        return False
    if box.tag == "tr":
        return bool(box.children) and bool(LONE_LABEL.match(box.children[0].text))
    if box.level or box.in_heading:
        return box.level > 0
    if LONE_LABEL.match(box.text):
        return False
    outer = box.parent
    if box.tag == "line" and outer is not None and outer.is_leaf:
        return len(outer.children) > 1 and not outer.bold
    return box.tag == "line" or box.is_leaf


def _looks(box: Box) -> Iterator[Look]:
    own = names(box)
    if box.in_code:
        if box.bold:
            yield ("bold",)
        if QUESTION_LABEL.match(box.text):
            yield ("label",)
    elif box.level:
        yield ("heading", box.level)
        if own:
            yield ("heading", box.level, own)
    else:
        yield from _looks_of_block(box, own)
        if box.tag in ("line", "tr") or len(box.children) == 1:
            yield from _looks_of_line(box)


def _looks_of_block(box: Box, own: str) -> Iterator[Look]:
    if box.tag in ("button", "summary", "label") or box.attrs.get("onclick") or box.attrs.get("role") == "button":
        yield ("trigger", box.tag, own)
    if own:
        if any(map(QUESTION_CLASS.search, box.classes)):
            yield ("class", box.tag, own)
        yield ("block", box.tag, own)
    if box.bold:
        yield ("bold",)
        yield ("bold", _block_of(box).tag, names(_block_of(box)))


def _looks_of_line(box: Box) -> Iterator[Look]:
    tag = _block_of(box).tag
    if QUESTION_LABEL.match(box.text):
        yield ("label",)
    if box.italic:
        yield ("italic", tag)
    if glyph := GLYPH.match(box.text):
        yield ("glyph", glyph.group(1))
    if NUMBERED.match(box.text):
        yield ("number", tag)
    if re.search(r"[?？]\W*$", box.text):
        yield ("ask", tag)
    yield from _look_of_place(box)


def _look_of_place(box: Box) -> Iterator[Look]:
    """Alone in a wrapper, or the first of several: an item of a list, whatever its markup."""
    outer = box.parent
    if outer is None or outer.tag in ("body", "html"):
        return
    if len(outer.children) == 1 and outer.tag not in ("td", "main", "tr"):
        yield ("item", outer.tag, names(outer), box.tag)
    if len(outer.children) > 1 and outer.children[0] is box:
        yield ("place", outer.tag, names(outer), box.tag)


def _block_of(box: Box) -> Box:
    return box.parent if box.tag == "line" and box.parent is not None else box
