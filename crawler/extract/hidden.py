"""Which parts of a page no visitor sees, and which of those a visitor can open. Pure.

Class names say nothing here: collapsed answers carry any name. What counts are the attributes `hidden` and `aria-hidden`
and the element's own style; a hidden panel stays when something visible opens it.
"""

import re
from collections.abc import Mapping

from lxml import etree

from crawler.language import asks

HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0*\.?0*(?:px|pt|em|rem|%)?\s*(?:;|!|$)|font-size\s*:\s*1px"
    r"|opacity\s*:\s*0*\.?0*\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|color\s*:\s*transparent"
    r"|(?:^|;)\s*(?:max-)?(?:width|height)\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
SAME_COLOUR = re.compile(r"(?<![-\w])color\s*:\s*([^;!]+)", re.IGNORECASE)
BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
OPENS = re.compile(
    r"(?:toggle|trigger|title|header|heading|head|question|summary|control|button|btn|tab|faq[-_]?q|pregunta|frage|wenti)",
    re.IGNORECASE,
)
OPENER_TAGS = frozenset("h2 h3 h4 h5 h6 dt summary button label a legend".split())
REFERENCES = (
    "|".join(
        f"//@{name}"
        for name in (
            "aria-controls",
            "data-target",
            "data-bs-target",
            "for",
            "aria-owns",
            "data-tab",
            "data-panel",
            "data-id",
        )
    )
    + "|//a/@href[starts-with(., '#')]"
)
MAX_OPENER_CHARS = 300


def controlled_ids(root: etree._Element) -> frozenset[str]:
    """Every id that some element of the page names as what it opens or leads to."""
    named = root.xpath(REFERENCES)
    return frozenset(part.lstrip("#") for value in named for part in value.split()) - {""}


def is_hidden(attrs: Mapping[str, str]) -> bool:
    """Whether an element's own attributes take it out of sight."""
    if "hidden" in attrs or attrs.get("aria-hidden", "").lower() == "true":
        return True
    style = attrs.get("style")
    if not style:
        return False
    if HIDING_STYLE.search(style):
        return True
    colour, ground = SAME_COLOUR.search(style), BACKGROUND.search(style)
    return bool(colour and ground and colour.group(1).strip().lower() == ground.group(1).strip().lower())


def belongs(element: etree._Element, attrs: Mapping[str, str], controlled: frozenset[str]) -> bool:
    """Whether a hidden element is a panel that a visible question, control or tab opens."""
    if element.tag in ("span", "i", "b", "em", "strong", "a", "input", "font", "small", "code"):
        return False
    if attrs.get("id") in controlled or (attrs.get("aria-labelledby") and attrs.get("role") in ("tabpanel", "region")):
        return True
    return _follows_an_opener(element) or _is_one_of_a_row(element)


def _follows_an_opener(element: etree._Element) -> bool:
    """A panel right after what opens it, with no visible answer beside it."""
    before = element.getprevious()
    while before is not None and not isinstance(before.tag, str):
        before = before.getprevious()
    if before is None or (element.tail or "").strip() or is_hidden(before.attrib):
        return False
    text = "".join(before.itertext()).strip()
    if not text or not _opens(before, text):
        return False
    after = element.getnext()
    while after is not None and (not isinstance(after.tag, str) or after.tag in ("br", "hr", "script")):
        after = after.getnext()
    return (
        after is None
        or is_hidden(after.attrib)
        or _signature(after) == _signature(before)
        or _opens(after, "".join(after.itertext()).strip())
    )


def _opens(element: etree._Element, text: str) -> bool:
    if len(text) > MAX_OPENER_CHARS or element.tag == "h1":  # a title opens nothing
        return False
    if element.tag in OPENER_TAGS or element.get("onclick") or element.get("role") in ("button", "tab"):
        return True
    if any(map(OPENS.search, (element.get("class") or "").split())):
        return True
    if next(element.iter("dd", "li", "td"), None) is not None:
        return False  # a list is what was opened
    return asks(text) and (element.tag != "p" or text.endswith(("?", "？", "؟")))


def _is_one_of_a_row(element: etree._Element) -> bool:
    """One of several panels of the same make, of which another is shown: tabs, or a list whose rest is folded away."""
    parent = element.getparent()
    own = _make(element)
    if parent is None or not own[1]:
        return False
    return any(
        other is not element and isinstance(other.tag, str) and _make(other) == own and not is_hidden(other.attrib)
        for other in parent
    )


def _make(element: etree._Element) -> tuple[str, str]:
    """Tag and class; for an element without a class, those of its first child."""
    tag, names = _signature(element)
    first = next((child for child in element if isinstance(child.tag, str)), None)
    return (tag, names) if names or first is None else (tag, " ".join(_signature(first)) if first.get("class") else "")


def _signature(element: etree._Element) -> tuple[str, str]:
    names = [
        name
        for name in (element.get("class") or "").split()
        if not re.search(r"^(?:active|open|show|current|on|first|last|in|is-\w+)$", name)
    ]
    return str(element.tag), " ".join(names)
