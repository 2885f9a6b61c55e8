"""A page as a flat run of blocks: headings, bold lines, paragraphs, lists, tables. Pure; wrappers vanish here."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bs4.element import NavigableString, PageElement, Tag

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
BOLD_LEVEL = 7
WHOLE = {"p", "ul", "ol", "table", "pre", "blockquote", "figure", "address", "dl"}
INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "br",
    "button",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "img",
    "ins",
    "kbd",
    "label",
    "mark",
    "nobr",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
}


@dataclass(frozen=True)
class Block:
    """`level` is 1–6 for headings, 7 for a line that is bold throughout, 0 for the rest; `nodes` are its DOM."""

    text: str
    level: int
    nodes: tuple[Tag, ...]


def read_blocks(root: Tag) -> list[Block]:
    """Blocks in document order, none empty."""
    return [block for block in _walk(root) if block.text]


def _walk(node: Tag) -> Iterator[Block]:
    run: list[Tag | NavigableString] = []
    for child in list(node.children):
        if isinstance(child, NavigableString) or (isinstance(child, Tag) and _is_inline(child)):
            run.append(child)
            continue
        yield from _flush(run)
        run = []
        if isinstance(child, Tag):
            yield from _block(child)
    yield from _flush(run)


def _block(node: Tag) -> Iterator[Block]:
    if node.name in HEADINGS:
        yield Block(_text(node), int(node.name[1]), (node,))
    elif node.name == "p" or (node.name not in WHOLE and _all_inline(node)):
        yield from _lines(node)
    elif node.name in WHOLE and not node.find([*HEADINGS, "details"]):
        yield Block(_text(node), 0, (node,))
    else:
        yield from _walk(node)


def _lines(node: Tag) -> Iterator[Block]:
    """A paragraph; when its first line is bold and more follows after a <br>, that line is a block of its own."""
    first = node.find(lambda tag: tag.name in ("b", "strong"), recursive=False)
    if not isinstance(first, Tag) or _beside(first.previous_siblings) or _all_bold(node):
        yield Block(_text(node), BOLD_LEVEL if _all_bold(node) else 0, (node,))
        return
    after = [child for child in first.next_siblings if not isinstance(child, NavigableString) or child.strip()]
    if after and isinstance(after[0], Tag) and after[0].name == "br":
        yield Block(_text(first), BOLD_LEVEL, (first,))
        yield from _flush(after[1:])
    else:
        yield Block(_text(node), 0, (node,))


def _beside(siblings: Iterable[PageElement]) -> bool:
    return any(str(sibling).strip() for sibling in siblings)


def _flush(run: Sequence[PageElement]) -> Iterator[Block]:
    text = " ".join("".join(child.get_text() if isinstance(child, Tag) else str(child) for child in run).split())
    if not text:
        return
    wrapper = Tag(name="div")
    bold = all(isinstance(child, Tag) and (child.name in ("b", "strong", "br")) for child in run if str(child).strip())
    for child in list(run):
        # Copies: the tree must stay whole for the other rules.
        wrapper.append(child.__copy__() if isinstance(child, Tag) else NavigableString(str(child)))
    yield Block(text, BOLD_LEVEL if bold else 0, (wrapper,))


def _is_inline(node: Tag) -> bool:
    return node.name in INLINE and not node.find(lambda tag: tag.name not in INLINE)


def _all_inline(node: Tag) -> bool:
    return not node.find(lambda tag: tag.name not in INLINE)


def _all_bold(node: Tag) -> bool:
    """Whether every visible character of a block is bold."""
    strings = [text for text in node.find_all(string=True) if str(text).strip()]
    return bool(strings) and all(text.find_parent(["b", "strong"]) is not None for text in strings)


def _text(node: Tag) -> str:
    return " ".join(re.sub("[\u200b\ufeff¶]", "", node.get_text(" " if node.name in WHOLE - {"p"} else "")).split())
