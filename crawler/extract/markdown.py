"""Boxes to Markdown: lists, tables, links (absolute), code and line breaks are kept, pictures are not. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from urllib.parse import urljoin

from crawler.errors import UrlRefused
from crawler.extract.boxes import Box, Run
from crawler.urls import canonical

LISTS = ("ul", "ol", "menu", "dir")
CELLS = ("td", "th")
MAX_CELL_CHARS = 400
MAX_BUTTON_CHARS = 20


def markdown(boxes: Sequence[Box], base: str) -> str:
    """Boxes as one Markdown text; `base` is the address that relative links start from."""
    text = "\n\n".join(part for part in _blocks(boxes, base) if part.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()


def _blocks(boxes: Sequence[Box], base: str) -> Iterator[str]:
    for lines, group in groupby(boxes, key=lambda box: box.tag == "line"):
        if lines:
            yield _lines(list(group), base)
        else:
            for box in group:
                yield _block(box, base)


def _lines(lines: Sequence[Box], base: str) -> str:
    """Lines of one paragraph; an empty line between two of them begins another."""
    written = ""
    for line in lines:
        text = _runs(line.runs, base)
        written += ("\n\n" if line.gap else "\n") + text if written else text
    return written


def _block(box: Box, base: str) -> str:
    writer = WRITERS.get(box.tag)
    if writer:
        return writer(box, base)
    if box.level:
        return f"{'#' * max(box.level, 3)} {' '.join(markdown(box.children, base).split())}"
    return markdown(box.children, base)


def _list(box: Box, base: str) -> str:
    items: list[str] = []
    number = int(box.attrs["start"]) if re.fullmatch(r"\d{1,4}", box.attrs.get("start", "")) else 1
    for child in box.children:
        if child.tag != "li" and child.tag in LISTS and items:
            items.append("  " + _list(child, base).replace("\n", "\n  "))
            continue
        mark = f"{number}. " if box.tag == "ol" else "- "
        text = markdown(child.children if child.tag == "li" else [child], base)
        if text:
            # A list inside an item hugs it; other blocks keep their distance.
            hugged = re.sub(r"\n\n(?=(?:- |\d+\. ))", "\n", text)
            items.append(mark + hugged.replace("\n", "\n" + " " * len(mark)))
            number += 1
    return "\n".join(items)


def _table(box: Box, base: str) -> str:
    rows = [row for row in box.walk() if row.tag == "tr" and _table_of(row) is box]
    cells = [[cell for cell in row.children if cell.tag in CELLS] for row in rows]
    texts = [[markdown(cell.children, base) for cell in row] for row in cells]
    texts = [row for row in texts if any(row)]
    width = max((len(row) for row in texts), default=0)
    # A table of one column, or with long cells, lays out a page; it holds no data.
    if width < 2 or any(len(text) > MAX_CELL_CHARS or "```" in text for row in texts for text in row):
        return "\n\n".join(text for row in texts for text in row if text)
    lines = ["| " + " | ".join(_cell(text) for text in (*row, *[""] * (width - len(row)))) + " |" for row in texts]
    caption = [markdown(child.children, base) for child in box.children if child.tag == "caption"]
    return "\n".join([*(f"{text}\n" for text in caption), lines[0], "|" + " --- |" * width, *lines[1:]])


def _table_of(box: Box) -> Box | None:
    parent = box.parent
    while parent is not None and parent.tag != "table":
        parent = parent.parent
    return parent


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|")


def _code(box: Box, base: str) -> str:
    if any(inner.level or (inner.tag == "line" and inner.bold) for inner in box.walk()):
        return markdown(box.children, base)
    lines = [line for line in box.walk() if line.tag == "line"]
    text = "\n".join("\n" * line.gap + "".join(run.text for run in line.runs) for line in lines)
    return f"```\n{text.strip(chr(10))}\n```" if text.strip() else ""


def _quote(box: Box, base: str) -> str:
    # Without the marks: pages indent with <blockquote> far more often than they quote.
    return markdown(box.children, base)


def _term(box: Box, base: str) -> str:
    text = markdown(box.children, base)
    return text if not text or box.bold or "\n" in text else f"**{text}**"


def _button(box: Box, base: str) -> str:
    """A button that opens part of an answer heads it; "Copy" and "Like 40" are no part of it."""
    return markdown(box.children, base) if len(box.text) > MAX_BUTTON_CHARS else ""


WRITERS: dict[str, Callable[[Box, str], str]] = {
    **dict.fromkeys(LISTS, _list),
    "table": _table,
    "pre": _code,
    "blockquote": _quote,
    "dt": _term,
    "button": _button,
    "line": lambda box, base: _runs(box.runs, base),
    "hr": lambda box, base: "",
}


def _runs(runs: Sequence[Run], base: str) -> str:
    """One line. Neighbours in the same style become one stretch, so that marks never touch."""
    if len(runs) == 1 and runs[0] == Run(runs[0].text):
        return " ".join(runs[0].text.split())
    out = ""
    for style, group in groupby(runs, key=lambda run: (run.href, run.code, run.bold, run.italic)):
        href, code, bold, italic = style
        text = "".join(run.text for run in group)
        bare = text.strip()
        if not bare:
            out += " "
            continue
        mark = "`" if code and "`" not in bare else "**" if bold else "*" if italic else ""
        marked = f"{mark}{bare}{mark}" if any(c.isalnum() for c in bare) else bare
        target = _target(href, base)
        out += " " * text[:1].isspace() + (f"[{marked}]({target})" if target else marked) + " " * text[-1:].isspace()
    return re.sub(r"[ \t\n]+", " ", out).strip()


def _target(href: str, base: str) -> str:
    """An address that may be followed from an answer; "" for one that leads nowhere."""
    if not href or href.startswith("#"):
        return ""
    if href.lower().startswith(("mailto:", "tel:")):
        return re.sub(r"[\s()<>]", "", href)
    try:
        fragment = href.partition("#")[2]
        return canonical(urljoin(base, href)) + (
            f"#{fragment}" if fragment and not re.search(r"[\s()]", fragment) else ""
        )
    except (UrlRefused, ValueError):
        return ""
