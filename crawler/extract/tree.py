"""lxml's tree of a page to boxes, much as a browser lays it out: blocks hold blocks or lines, inline tags become runs.

Pure. Furniture and hidden text are left out here, and what was hidden is counted; which of the boxes are questions is
not known here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from crawler.extract.boxes import HEADINGS, Box, Run
from crawler.extract.furniture import is_chrome, is_furniture, is_ornament
from crawler.extract.hidden import belongs, controlled_ids, is_hidden

BLOCKS = HEADINGS | frozenset(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure form "
    "header hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
TRIGGER = re.compile(r"^(?:button|tab|heading)$")
# Classes that make an inline element a line of its own.
PAIR_CLASS = re.compile(
    r"(?:^|[-_])(?:question|answer|pregunta|respuesta|frage|antwort|reponse|wenti|daan|accordion-?(?:toggle|title|button|trigger))",
    re.IGNORECASE,
)
# Question and answer in one line, each behind its label.
INLINE_LABELS = re.compile(
    r"(?:(?<=^)|(?<=\s))(?=(?:Q|F|P|В|س|问|問)\s*\d{0,3}\s*[:：]|Q\d{0,3}\.\s)|(?<=\s)(?=(?:A|R|О|ج|答)\s*\d{0,3}\s*[:：]|A\d{0,3}\.\s)"
)
ASKING_LABELS, ANSWERING_LABELS = "QFPВس问問", "ARОج答"
# Format characters (Unicode Cf) carry nothing that is read, but can carry instructions (tag characters).
# The two joiners stay: Persian and emoji are spelt with them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# An icon that is a letter: <i>问</i>, <span>Q</span>.
LABELLED = frozenset("i em b span strong small font label".split())
LONE_LABEL = re.compile(r"^\s*([QA问問答])\s*[.:：]?\s*$")
BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
LEADS_SOMEWHERE = re.compile(r"^\s*(?!javascript:|data:|vbscript:|#?\s*$)", re.IGNORECASE)
WORD = re.compile(r"[^\W_]")
MAX_ATTRIBUTES = 100
MAX_DEPTH = 100  # deeper than pages of people go, and each level takes some frames of the stack to read


@dataclass(frozen=True)
class Tree:
    """The body of a page; `hidden_chars` were left out because no visitor sees them."""

    root: Box
    hidden_chars: int


def build(root: etree._Element) -> Tree:
    """The boxes of a parsed page."""
    builder = _Builder(controlled_ids(root))
    # From the very top: the parser leaves what it does not know, <details> for one, in the head of a careless page.
    for part in root if root.tag == "html" else [root]:
        if isinstance(part.tag, str):
            builder.children(part, _Style(), 0)
            builder.flush()
    builder.flush()
    _sum_up(builder.box)
    _number(builder.box)
    return Tree(builder.box, builder.hidden_chars)


def _number(root: Box) -> None:
    boxes = list(root.walk())
    for number, box in enumerate(boxes):
        box.order = number
        if (outer := box.parent) is not None:
            box.depth = outer.depth + 1
            box.in_heading = outer.in_heading or outer.level > 0
            box.in_code = outer.in_code or outer.tag == "pre"
    for box in reversed(boxes):
        box.end = box.children[-1].end if box.children else box.order + 1


@dataclass(frozen=True, slots=True)
class _Style:
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""
    pre: bool = False


class _Builder:
    """Walks the parsed page once. `box` is the block being filled, `runs` the line being written."""

    def __init__(self, controlled: frozenset[str]) -> None:
        self.box = Box("body")
        self.runs: list[Run] = []
        self.anchor = ""
        self.breaks = 0
        self.hidden_chars = 0
        self.controlled = controlled

    def children(self, element: etree._Element, style: _Style, depth: int) -> None:
        """What stands inside an element."""
        self.write(element.text, style)
        for child in element:
            if isinstance(child.tag, str):
                self.element(child, style, depth)
            self.write(child.tail, style)

    def element(self, element: etree._Element, style: _Style, depth: int) -> None:
        """One element: left out, a line break, a block, or a style of the line."""
        tag = element.tag
        attrs = _attributes(element)
        if tag == "br":
            self.flush(broken=True)
        elif depth > MAX_DEPTH:
            self.write("".join(element.itertext()), style)
        elif is_furniture(element, tag, attrs):
            return
        elif attrs and is_hidden(attrs) and not belongs(element, attrs, self.controlled):
            self.hidden_chars += len("".join("".join(element.itertext()).split()))
        elif tag in BLOCKS or (attrs and _is_promoted(element, tag, attrs)) or tag in ("button", "label"):
            self.block(element, tag, attrs, style, depth)
        elif tag in LABELLED and not len(element) and (label := LONE_LABEL.match(element.text or "")):
            self.write(f" {label.group(1)}： ", style)
        elif not is_ornament(element, tag, attrs):
            if name := attrs.get("id") or (attrs.get("name") if tag == "a" else None):
                self.anchor = self.anchor or name
            self.children(element, _styled(style, tag, attrs), depth + 1)

    def block(self, element: etree._Element, tag: str, attrs: dict[str, str], style: _Style, depth: int) -> None:
        """An element that begins and ends a line."""
        self.flush()
        outer = self.box
        self.box = Box(tag, attrs, outer, level=_level(tag, attrs))
        outer.children.append(self.box)
        style = replace(style, pre=True) if tag == "pre" else _styled(style, tag, attrs)
        self.children(element, replace(style, bold=False) if style.bold and tag in HEADINGS else style, depth + 1)
        self.flush()
        if not self.box.children and tag != "hr":
            outer.children.pop()
            self.anchor = self.anchor or attrs.get("id", "")
        _sum_up(self.box)
        self.box = outer

    def write(self, text: str | None, style: _Style) -> None:
        """Text into the line being written."""
        if not text or (not self.runs and text.isspace() and not style.pre):
            return
        if style.pre and "\n" in text:
            first, *rest = text.split("\n")
            self.write(first, style)
            for line in rest:
                self.flush(broken=True)
                self.write(line, style)
            return
        if not style.pre:
            words = " ".join(text.split())
            text = f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}" if words else " "
        if not text.isprintable():
            text = INVISIBLE.sub("", text)
        if text:
            self.runs.append(Run(text, style.bold, style.italic, style.code, style.href))

    def flush(self, broken: bool = False) -> None:
        """End the line being written; a line without a visible character is none."""
        if not (runs := self.runs):
            self.breaks += broken
            return
        self.runs = []
        text = "".join([run.text for run in runs])
        if not text.strip():
            self.breaks += broken
            return
        if not is_chrome(text.strip(), runs, self.box.tag):
            for part in _at_labels(runs):
                self.box.children.append(_line(part, self.box, self.breaks > 0, self.anchor))
                self.anchor, self.breaks = "", 0
        self.breaks = 0


def _attributes(element: etree._Element) -> dict[str, str]:
    """The attributes of an element; none of one with more than anybody writes, which would take seconds to read."""
    # Not dict(element.attrib): that looks names up again, and some cannot be.
    return dict(element.items()) if len(element.attrib) <= MAX_ATTRIBUTES else {}


def _level(tag: str, attrs: Mapping[str, str]) -> int:
    if tag in HEADINGS:
        return int(tag[1])
    if attrs.get("role") != "heading":
        return 0
    level = attrs.get("aria-level", "")
    return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2


def _line(runs: Sequence[Run], parent: Box, gap: bool, anchor: str) -> Box:
    words = [run for run in runs if WORD.search(run.text)]
    return Box(
        "line",
        {},
        parent,
        [],
        tuple(runs),
        " ".join("".join([run.text for run in runs]).split()),
        sum(len(run.text.strip()) for run in runs if run.href),
        bool(words) and all(run.bold for run in words),
        bool(words) and all(run.italic for run in words),
        gap,
        anchor,
    )


def _sum_up(box: Box) -> None:
    box.text = " ".join([child.text for child in box.children if child.text])
    box.linked = sum([child.linked for child in box.children])
    box.is_leaf = bool(box.children) and all(child.tag == "line" for child in box.children)
    box.bold = bool(box.children) and all(child.bold for child in box.children)
    box.italic = bool(box.children) and all(child.italic for child in box.children)


def _at_labels(runs: list[Run]) -> list[list[Run]]:
    """The line cut before "Q:" and "A:" when it holds both; else whole."""
    text = "".join([run.text for run in runs])
    if ":" not in text and "：" not in text and ". " not in text:
        return [runs]
    cuts = [match.start() for match in INLINE_LABELS.finditer(text)]
    if not any(text[cut] in ASKING_LABELS for cut in cuts) or not any(text[cut] in ANSWERING_LABELS for cut in cuts):
        return [runs]
    parts: list[list[Run]] = []
    at = 0
    for run in runs:
        inside = [cut - at for cut in cuts if at <= cut < at + len(run.text)]
        for start, stop in zip([0, *inside], [*inside, len(run.text)], strict=True):
            if start in inside or not parts:
                parts.append([])
            parts[-1].append(replace(run, text=run.text[start:stop]))
        at += len(run.text)
    return [part for part in parts if "".join(run.text for run in part).strip()]


def _styled(style: _Style, tag: str, attrs: Mapping[str, str]) -> _Style:
    if tag in ("b", "strong") or ("style" in attrs and BOLD_STYLE.search(attrs["style"])):
        style = replace(style, bold=True)
    if tag in ("em", "i"):
        return replace(style, italic=True)
    if tag in ("code", "kbd", "samp", "tt"):
        return replace(style, code=True)
    if tag == "a" and LEADS_SOMEWHERE.match(attrs.get("href", "")):
        return replace(style, href=attrs["href"].strip())
    return style


def _is_promoted(element: etree._Element, tag: str, attrs: Mapping[str, str]) -> bool:
    """Whether an inline element is a line of its own: it opens a panel, or its class says that it asks or answers."""
    if (
        attrs.get("aria-controls")
        or "aria-expanded" in attrs
        or ((tag != "a" or "href" in attrs) and "onclick" in attrs)
        or TRIGGER.match(attrs.get("role", ""))
    ):
        return True
    if attrs.get("data-toggle") in ("collapse", "tab") or attrs.get("data-bs-toggle") in ("collapse", "tab"):
        return True
    if attrs.get("itemprop") in ("name", "text", "acceptedAnswer", "suggestedAnswer"):
        return True
    return tag in ("span", "a", "strong", "b", "em") and any(map(PAIR_CLASS.search, attrs.get("class", "").split()))
