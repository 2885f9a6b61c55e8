"""The values that a page is read into: runs of text in one style, lines and blocks. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
# What a class says of the moment, not of the kind: the open item of an accordion is one of its items.
STATES = re.compile(
    r"^(?:on|off|in|is-[\w-]+|has-[\w-]+|.*\d+)$|(?:^|[-_])(?:active|open(?:ed)?|show[ns]?|expanded|selected|current|collapsed?|first|last|odd|even|on)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style. `href` is as written in the page."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""


@dataclass(eq=False, slots=True)
class Box:
    """A block of the page, or one line of text (`tag` "line", with `runs` and no children).

    `text` is what a visitor reads, on one line; `linked` of its characters are links; `bold` and `italic` say that all
    of them are. `level` is 1 to 6 for a heading, else 0; `in_heading` and `in_code` say what is around; `is_leaf` that
    it holds lines only (a line itself is no leaf). `order` and `end` number the boxes in document order: what is inside
    lies in [order, end). `gap` says that an empty line stood before. `anchor` is the id of an inline element in or
    before a line.
    """

    tag: str
    attrs: Mapping[str, str] = field(default_factory=dict)
    parent: "Box | None" = None
    children: "list[Box]" = field(default_factory=list)
    runs: tuple[Run, ...] = ()
    text: str = ""
    linked: int = 0
    bold: bool = False
    italic: bool = False
    gap: bool = False
    anchor: str = ""
    order: int = 0
    end: int = 0
    depth: int = 0
    level: int = 0
    in_heading: bool = False
    in_code: bool = False
    is_leaf: bool = False

    @property
    def classes(self) -> list[str]:
        """Class names."""
        return self.attrs["class"].split() if "class" in self.attrs else []

    def walk(self) -> "Iterator[Box]":
        """Itself and all boxes inside, in document order."""
        waiting = [self]
        while waiting:
            box = waiting.pop()
            yield box
            waiting.extend(reversed(box.children))

    def holds(self, other: "Box") -> bool:
        """Whether `other` is inside (or the same)."""
        return self.order <= other.order < self.end


def names(box: Box) -> str:
    """The classes of a box that stay the same from item to item."""
    return lasting(box.attrs["class"]) if "class" in box.attrs else ""


@lru_cache(4096)  # a page repeats a few of them for all its items
def lasting(classes: str) -> str:
    """A class attribute without what it says of the moment, its names in order."""
    return " ".join(sorted(name for name in classes.split() if not STATES.search(name)))
