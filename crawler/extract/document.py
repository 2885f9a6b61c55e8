"""A parsed page and what every rule asks of it: its boxes, whether it is a FAQ, section, anchor. Pure; finds no questions."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import islice

from lxml import etree, html

from crawler.extract.boxes import Box
from crawler.extract.markdown import markdown
from crawler.extract.tree import Tree, build
from crawler.language import asks
from crawler.records import Page

XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>", re.IGNORECASE)
# What XML forbids in text, and lxml with it.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
FAQ_WORDS = re.compile(
    r"(?<![a-z])faqs?(?![a-z])|f\.a\.q|q\s?(?:&|and)\s?a\b|frequently[ _-]asked|common(?:ly[ -]asked)?[ _-]questions|questions?[ _-](?:and|&)[ _-]answers"
    r"|(?:your|top|popular|general|more) questions|questions? answered|have questions|got questions|troubleshoot|problem[ -]solving|problemlösung|d[ée]pannage|soluci[óo]n de problemas|トラブル|困ったとき|お困り|故障|排障|疑难"
    r"|常见问题|常見問題|常见问答|常見問答|问答|問答|帮助中心|幫助中心|疑问解答|疑難解答|疑难解答|问题解答|答疑|常见疑问|热门问题|changjianwenti|cjwt|wenda"
    r"|よくある|ご質問|質問と回答|자주 묻는|자주하는|h[äa]e?ufige?n? (?:gestellte )?fragen|haeufige-fragen|fragen und antworten|fragen (?:&|und) antworten"
    r"|foire aux questions|questions? fr[ée]quen|questions[ -](?:et|&)[ -]r[ée]ponses|preguntas[ -](?:m[áa]s[ -])?frecuentes|preguntas y respuestas|perguntas[ -](?:mais[ -])?frequentes|d[úu]vidas frequentes|perguntas e respostas"
    r"|domande[ -](?:pi[ùu][ -])?frequenti|domande e risposte|veelgestelde vragen|najczęściej zadawane|часто задаваемые|вопрос[ыа]?[ -–—и]+ответ|الأسئلة الشائعة|sss\b|sık sorulan|câu hỏi thường gặp",
    re.IGNORECASE,
)

MAX_TITLE_CHARS = 40


class Document:
    """One page, parsed once: `parsed` is lxml's tree, `root` the boxes without scripts, menus and footers.

    `json_ld` holds the text of its scripts, `heads` that of its first headings, of the banner's too.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.parsed = parsed = parse(page.html)
        self.json_ld = [
            "".join(script.itertext())
            for script in parsed.iter("script")
            if re.match(r"application/ld\+json", script.get("type") or "", re.IGNORECASE)
        ]
        self.title = " ".join("".join(next(iter(parsed.iter("title")), etree.Element("title")).itertext()).split())
        self.heads = [" ".join("".join(h.itertext()).split()) for h in parsed.iter("h1")][:3]
        root = parsed if parsed.tag == "html" else parsed.getroottree().getroot()
        self.language = (root.get("lang") or "").replace("_", "-").split("-")[0].lower()
        tree: Tree = build(parsed)
        self.root, self.hidden_chars = tree.root, tree.hidden_chars

    @cached_property
    def boxes(self) -> list[Box]:
        """Every box in document order."""
        return list(self.root.walk())

    @cached_property
    def lines(self) -> list[Box]:
        """Every line of text in document order."""
        return [box for box in self.boxes if box.tag == "line"]

    @cached_property
    def line_anchors(self) -> frozenset[str]:
        """Ids and names of inline elements."""
        return frozenset(line.anchor for line in self.lines if line.anchor)

    @cached_property
    def by_id(self) -> dict[str, Box]:
        """Boxes by their id."""
        return {box.attrs["id"]: box for box in reversed(self.boxes) if box.attrs.get("id")}

    @cached_property
    def is_faq(self) -> bool:
        """Whether title, address or first heading calls the whole page a FAQ."""
        name = re.sub(r"[-_]", " ", self.page.url.rstrip("/").rpartition("/")[2])
        return self.is_titled_faq or bool(FAQ_WORDS.search(name))

    @cached_property
    def is_titled_faq(self) -> bool:
        """The same by title and first heading alone: an address often outlives what stood there."""
        return any(map(FAQ_WORDS.search, (self.title, *self.heads)))

    def says_faq(self, heads: Sequence[Box]) -> bool:
        """Whether these lines stand on a page, or mostly in a section, that calls itself a FAQ."""
        return self.is_faq or self.in_faq_section(heads)

    def of_faq_section(self, boxes: Sequence[Box]) -> list[Box]:
        """Those of `boxes` that stand under a heading that says "FAQ"."""
        return [box for box in boxes if any(start <= box.order < stop for start, stop in self._faq_sections)]

    def in_faq_section(self, heads: Sequence[Box]) -> bool:
        """Whether most of these lines stand under a heading that says "FAQ"."""
        return 2 * len(self.of_faq_section(heads)) > len(heads)

    @cached_property
    def _faq_sections(self) -> list[tuple[int, int]]:
        """[start, end) of what stands under a line that says "FAQ": to the next heading of its rank that asks nothing."""
        found = []
        for line in self.lines:
            if len(line.text) <= MAX_TITLE_CHARS and not line.linked and FAQ_WORDS.search(line.text):
                level = next((box.level for box in (line, *ancestors(line)) if box.level), 6)
                after = self._sections[bisect_left(self._section_orders, line.order + 1) :]
                ends = (box.order for box in after if box.level <= level and not asks(box.text))
                found.append((line.order, min(next(ends, self.root.end), _part_of(line).end)))
        return found

    def above(self, box: Box) -> str:
        """Text of the nearest heading before `box` that outranks it; the page's title when there is none."""
        level = box.level or 7
        place = bisect_left(self._section_orders, box.order) - 1
        while place >= 0:
            heading = self._sections[place]
            if heading.level < level and not heading.holds(box):
                return heading.text
            # Between a heading and the one that outranks it stands nothing that outranks more.
            place = self._outranked_by[place] if heading.level >= level else place - 1
        return self.title

    @cached_property
    def _outranked_by(self) -> list[int]:
        """For each heading, which one before it outranks it; -1 when none does."""
        found: list[int] = []
        for number, heading in enumerate(self._sections):
            place = number - 1
            while place >= 0 and self._sections[place].level >= heading.level:
                place = found[place]
            found.append(place)
        return found

    def headings_between(self, start: int, stop: int) -> list[Box]:
        """Headings whose order lies in [start, stop)."""
        return self._sections[bisect_left(self._section_orders, start) : bisect_left(self._section_orders, stop)]

    @cached_property
    def _section_orders(self) -> list[int]:
        return [box.order for box in self._sections]

    @cached_property
    def _line_orders(self) -> list[int]:
        return [line.order for line in self.lines]

    def has_lines(self, start: int, stop: int) -> bool:
        """Whether a line's order lies in [start, stop)."""
        return bisect_left(self._line_orders, start) < bisect_left(self._line_orders, stop)

    def cover(self, start: int, stop: int, within: Box | None = None) -> list[Box]:
        """The fewest boxes that hold exactly what lies in [start, stop)."""
        box = within or self.root
        if start <= box.order and box.end <= stop:
            return [box]
        found = []
        first = bisect_right(box.children, start, key=lambda child: child.end)
        for child in islice(box.children, first, None):
            if child.order >= stop:
                break
            found += self.cover(start, stop, child)
        return found

    @cached_property
    def _sections(self) -> list[Box]:
        return [box for box in self.boxes if box.level and box.text]

    def sections(self, questions: Collection[str]) -> list[Box]:
        """The headings that are none of `questions` and ask nothing."""
        return [heading for heading in self._sections if heading.text not in questions and not asks(heading.text)]

    def anchor(self, box: Box | None) -> str:
        """The id nearest to a question: its own, one inside it, or that of a wrapper that begins with it."""
        if box is None:
            return ""
        for inner in box.walk():
            if name := inner.attrs.get("id", "") or inner.anchor:
                return name
        outer = box.parent
        for _ in range(3):
            if outer is None or outer.parent is None or not outer.text.startswith(box.text):
                return ""
            if name := outer.attrs.get("id", ""):
                return name
            outer = outer.parent
        return ""

    def markdown(self, boxes: Sequence[Box]) -> str:
        """Boxes as Markdown, links made absolute."""
        return markdown(boxes, self.page.url)


def _part_of(line: Box) -> Box:
    """The part of the page that a title heads: the first box around it that says clearly more than the title."""
    return next((box for box in ancestors(line) if len(box.text) > 3 * len(line.text) + 150), line)


def parse(text: str) -> etree._Element:
    """Parse HTML; whatever comes in, an element comes out."""
    plain = CONTROLS.sub("", XML_DECLARATION.sub("", text, count=1))
    try:
        parsed: etree._Element = html.document_fromstring(plain.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return etree.Element("html")
    return parsed


def section_of(box: Box | None, sections: Sequence[Box]) -> str:
    """Text of the nearest of `sections` above a box; "" when there is none."""
    if box is None:
        return ""
    above = bisect_left(sections, box.order, key=lambda heading: heading.order)
    return next(
        (heading.text for heading in reversed(sections[max(0, above - 3) : above]) if not heading.holds(box)), ""
    )


def ancestors(box: Box) -> Iterator[Box]:
    """The boxes around a box, innermost first."""
    outer = box.parent
    while outer is not None:
        yield outer
        outer = outer.parent
