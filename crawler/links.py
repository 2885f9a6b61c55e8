"""What a page says about itself and others: links, canonical address, robots meta. Pure; takes text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html as lxml_html
from lxml.etree import ParserError, XMLSyntaxError

from crawler.errors import UrlRefused
from crawler.urls import canonical, looks_like_page, same_site


@dataclass(frozen=True)
class PageLinks:
    """`canonical_url` is "" when the page names none on its own site; `links` are canonical, in order, no repeats."""

    canonical_url: str = ""
    noindex: bool = False
    links: tuple[str, ...] = ()


def read_links(html: str, url: str) -> PageLinks:
    """Read the head and the anchors of a page. A page that cannot be parsed has no links; never raises."""
    try:
        root = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=_parser())
    except (ParserError, XMLSyntaxError, ValueError):
        return PageLinks()
    robots = " ".join(root.xpath("//meta[translate(@name,'ROBTS','robts')='robots']/@content")).lower()
    asks = set(re.split(r"[\s,]+", robots))
    base = next(iter(root.xpath("//base/@href")), "")
    start = _canonical_or_empty(base, url) or url
    own = next(iter(root.xpath("//link[contains(concat(' ',@rel,' '),' canonical ')]/@href")), "")
    own_url = _canonical_or_empty(own, url) if own else ""
    follow = not asks & {"nofollow", "none"}
    return PageLinks(
        canonical_url=own_url if own_url and same_site(own_url, url) else "",
        noindex=bool(asks & {"noindex", "none"}),
        links=tuple(dict.fromkeys(_links(root, start))) if follow else (),
    )


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8")


def _links(root: lxml_html.HtmlElement, start: str) -> Iterator[str]:
    for anchor in root.iter("a", "area"):
        href = anchor.get("href", "")
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
            continue
        if "nofollow" in (anchor.get("rel") or "").lower().split():
            continue
        url = _canonical_or_empty(href, start)
        if url and looks_like_page(url):
            yield url


def _canonical_or_empty(href: str, base: str) -> str:
    try:
        return canonical(href, base)
    except UrlRefused:
        return ""
