"""A parsed page and what every rule asks of it: text, Markdown, section, anchor, order. Pure; finds no questions."""

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from crawler.errors import UrlRefused
from crawler.extract.blocks import HEADINGS, Block, read_blocks
from crawler.language import asks
from crawler.records import Page
from crawler.urls import canonical

DROPPED = "script style template noscript iframe object embed svg canvas form nav footer select textarea dialog".split()
DROPPED_ROLES = re.compile(r"^(?:navigation|search|banner|contentinfo|menu|menubar)$")
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>", re.IGNORECASE)
GLYPHS = re.compile(r"[\u200b\ufeff¶⚓]|\bexpand_more\b|\bkeyboard_arrow_down\b")
FAQ_WORDS = re.compile(
    r"\bfaqs?\b|f\.a\.q|q\s?&\s?a\b|frequently[ -]asked|common[ -]questions|questions?[ -](?:and|&)[ -]answers|help[ -]?cent(?:er|re)"
    r"|常见问题|常見問題|常见问答|问答|問答|帮助中心|疑问解答|changjianwenti|cjwt|wenda|よくある(?:ご)?質問|häufige? (?:gestellte )?fragen|haeufige-fragen"
    r"|foire aux questions|questions fréquentes|preguntas frecuentes|perguntas frequentes|domande frequenti|часто задаваемые|вопросы и ответы",
    re.IGNORECASE,
)


class Document:
    """One page, parsed once. `soup` has scripts, menus and footers taken out; `json_ld` holds the scripts' text."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.soup = soup_of(page.html)
        self.json_ld = [
            script.get_text()
            for script in self.soup.find_all("script", type=re.compile(r"^application/ld\+json", re.IGNORECASE))
        ]
        _drop_furniture(self.soup)
        root = self.soup.find("html")
        lang = root.get("lang", "") if isinstance(root, Tag) else ""
        self.language = str(lang).split("-")[0].lower()

    @cached_property
    def blocks(self) -> list[Block]:
        """The page as a flat run of blocks."""
        return read_blocks(self.soup.body or self.soup)

    @cached_property
    def is_faq(self) -> bool:
        """Whether title, address or a heading calls this a FAQ, or most headings of one level ask something."""
        title = self.soup.title.get_text(" ") if self.soup.title else ""
        heads = [text_of(h) for h in self.soup.find_all(["h1", "h2"])[:6]]
        if any(FAQ_WORDS.search(text) for text in (title, self.page.url.rpartition("/")[2], *heads)):
            return True
        for level in range(1, 8):
            texts = [block.text for block in self.blocks if block.level == level]
            if len(texts) >= 3 and sum(map(asks, texts)) >= 0.4 * len(texts):
                return True
        return False

    def order(self, node: Tag | None) -> int:
        """Place in the document; findings without a node come last."""
        return self._places.get(id(node), len(self._places))

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(node): number for number, node in enumerate(self.soup.find_all(True))}

    def section(self, node: Tag | None, questions: Collection[str]) -> str:
        """Text of the nearest heading above `node` that is none of `questions` and asks nothing; "" when there is none."""
        if node is None:
            return ""
        own = text_of(node)
        around = {id(parent) for parent in node.parents}
        for heading in node.find_all_previous(HEADINGS):
            text = text_of(heading)
            if text and text != own and id(heading) not in around and text not in questions and not asks(text):
                return text
        return ""

    def apart(self, nodes: Sequence[Tag], question: Tag) -> bool:
        """Whether a block stands in an <aside> that neither holds the question nor stands beside it: a help box."""
        node = nodes[0]
        box = node if node.name == "aside" else node.find_parent("aside")
        around = [id(parent) for parent in question.parents]
        return box is not None and id(box) not in around and box.parent is not question.parent

    def anchor(self, node: Tag | None) -> str:
        """The id nearest to a question: its own, one inside it, or that of a wrapper that begins with it."""
        if node is None:
            return ""
        for inner in (node, *node.find_all(["a", "span", "button", *HEADINGS], limit=6)):
            if name := inner.get("id") or (inner.name == "a" and inner.get("name")):
                return str(name)
        own = text_of(node)
        for outer in list(node.parents)[:3]:
            if isinstance(outer, Tag) and outer.get("id") and text_of(outer).startswith(own):
                return str(outer["id"])
        return ""

    def markdown(self, nodes: list[Tag]) -> str:
        """Nodes as Markdown: lists, tables, links (absolute) and line breaks kept, pictures dropped."""
        converter = _Converter(self.page.url)
        parts = (converter.convert_soup(_as_block(node)).strip() for node in nodes)
        text = "\n\n".join(part for part in parts if part)
        text = "\n".join(line.rstrip() for line in GLYPHS.sub("", text).splitlines())
        return re.sub(r"\n{3,}", "\n\n", text).strip()


def read_document(page: Page) -> Document:
    """Parse a page. lxml reads any bytes-turned-text; never raises."""
    return Document(page)


def soup_of(html: str) -> BeautifulSoup:
    """Parse HTML. Lone surrogates, which no file can hold, become question marks."""
    # An XML declaration, or one line that looks like a file name, would draw a warning from BeautifulSoup.
    plain = XML_DECLARATION.sub("", html, count=1).encode("utf-8", "replace").decode("utf-8")
    return BeautifulSoup(f"{plain}\n", "lxml")


def text_of(node: Tag) -> str:
    """Visible text on one line, without anchor glyphs."""
    return " ".join(GLYPHS.sub("", node.get_text(" " if node.find("br") else "")).split())


def _as_block(node: Tag) -> Tag:
    """The inside of a <dd> or the like as a plain block: alone, it would be written with the marks of its list."""
    if node.name not in ("dd", "dt", "li", "td", "th", "summary", *HEADINGS):
        return node
    block = node.__copy__()
    block.name = "div"
    return block


def _drop_furniture(soup: BeautifulSoup) -> None:
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for node in soup.find_all(DROPPED):
        node.decompose()
    for node in soup.find_all(role=DROPPED_ROLES):
        node.decompose()
    # A <header> of the page is furniture; one inside an article or a card may hold the question.
    for node in soup.select("body > header, body > div > header"):
        if not node.find(["dl", "details"]) and len(node.get_text()) < 2000:
            node.decompose()


class _Converter(MarkdownConverter):
    def __init__(self, base: str) -> None:
        super().__init__(
            heading_style="ATX",
            bullets="-",
            strip=["img", "button", "input"],
            escape_underscores=False,
            escape_asterisks=False,
            escape_misc=False,
        )
        self.base = base

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A link, made absolute; a link that leads nowhere is its text."""
        href = str(el.get("href") or "")
        if not text.strip() or not href or href.startswith("#"):
            return text
        if href.startswith(("mailto:", "tel:")):
            return f"[{text.strip()}]({href})"
        try:
            fragment = href.partition("#")[2]
            url = canonical(href, self.base) + (f"#{fragment}" if fragment else "")
        except UrlRefused:
            return text
        return f"[{text.strip()}]({url})"
