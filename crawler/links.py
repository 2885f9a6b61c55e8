"""What a page says about itself and others: links, canonical address, robots meta. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawler.errors import UrlRefused
from crawler.urls import canonical, looks_like_page, same_site

# Old sites put their pages into frames; other languages are often named in the head only.
LEADS = (
    "//a/@href | //area/@href | //frame/@src | //iframe/@src"
    " | //link[@hreflang or contains(concat(' ',@rel,' '),' next ')]/@href"
)
ROBOTS = "//meta[translate(@name,'ROBTSKEFU','robtskefu')='robots' or translate(@name,'KEFU','kefu')='kefu']/@content"


@dataclass(frozen=True)
class PageLinks:
    """`canonical_url` is "" when the page names none on its own site; `links` are canonical, in order, no repeats."""

    canonical_url: str = ""
    noindex: bool = False
    links: tuple[str, ...] = ()


def links_of(root: Any, url: str) -> PageLinks:
    """Read the head and the anchors of a page; `root` is its lxml tree, as `extract.document.parse` gives it."""
    asks = set(re.split(r"[\s,]+", " ".join(root.xpath(ROBOTS)).lower()))
    start = canonical_or_empty(next(iter(root.xpath("//base/@href")), ""), url) or url
    own_url = canonical_of(root, url)
    follow = not asks & {"nofollow", "none"}
    return PageLinks(
        canonical_url=own_url if own_url and same_site(own_url, url) else "",
        noindex=bool(asks & {"noindex", "none"}),
        links=tuple(dict.fromkeys(_links(root, start))) if follow else (),
    )


def canonical_of(root: Any, url: str = "") -> str:
    """The address that a page calls its own; "" when it names none."""
    own = next(iter(root.xpath("//link[contains(concat(' ',@rel,' '),' canonical ')]/@href")), "")
    return canonical_or_empty(own, url) if own.strip() else ""


def _links(root: Any, start: str) -> Iterator[str]:
    for href in root.xpath(LEADS):
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
            continue
        if "nofollow" in (href.getparent().get("rel") or "").lower().split():
            continue
        url = canonical_or_empty(href, start)
        if url and looks_like_page(url):
            yield url


def canonical_or_empty(href: str, base: str) -> str:
    """The canonical form of a link; "" for one that leads nowhere on the web."""
    try:
        return canonical(href, base)
    except UrlRefused:
        return ""
