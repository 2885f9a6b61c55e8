"""Everything that one page says, from a single parse: entries, links, what was dropped. Pure; opens nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from crawler.charset import decode
from crawler.extract import Document, read
from crawler.language import asks, detect
from crawler.links import links_of
from crawler.records import FaqEntry, Page
from crawler.response import Response

# Where frameworks put a page that they draw in the browser, and lists that wait for their rows.
EMPTY_MOUNT = re.compile(
    r"^(?:root|app|__next|__nuxt|main-app|.*(?:faq|question|problem|wenti|help|list|accordion).*)$", re.IGNORECASE
)
LITTLE_TEXT_CHARS = 200
MAX_LINKS = 2000
MAX_LINK_CHARS = 200_000


@dataclass(frozen=True)
class Survey:
    """One page, read. `url` is canonical; `entries` are its pairs, else its passages; `links` lead to other pages.

    `hidden_chars` counts the characters that no visitor sees and that were left out; `scripted` says that the page is
    filled in by JavaScript, so that its text is not here.
    """

    url: str
    entries: tuple[FaqEntry, ...] = ()
    links: tuple[str, ...] = ()
    noindex: bool = False
    language: str = ""
    hidden_chars: int = 0
    scripted: bool = False


def survey(response: Response, site: str = "") -> Survey:
    """Read an HTML response. Never raises."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    document = Document(Page(response.url, decode(response.body, response.content_type), now))
    links = links_of(document.parsed, response.url)
    pairs, passages = read(document, site)
    entries = (*pairs, *passages)
    return Survey(
        links.canonical_url or response.url,
        entries,
        _bounded(links.links),
        links.noindex,
        detect(document.root.text[:4000], document.language),
        document.hidden_chars,
        not pairs and _is_scripted(document),
    )


def _bounded(links: Sequence[str]) -> tuple[str, ...]:
    """As many links as a page of people has: a crawl remembers them all."""
    room = accumulate(map(len, links))
    return tuple(link for link, chars in zip(links[:MAX_LINKS], room, strict=False) if chars <= MAX_LINK_CHARS)


def _is_scripted(document: Document) -> bool:
    """Whether what the page promises is not in it: next to no text, or a FAQ without answers, where scripts run."""
    if next(document.parsed.iter("script"), None) is None:
        return False
    waiting = any(
        isinstance(element.tag, str)
        and not len(element)
        and not (element.text or "").strip()
        and any(map(EMPTY_MOUNT.match, (element.get("id") or "", *(element.get("class") or "").split())))
        for element in document.parsed.iter("div", "ul", "section", "main", "dl")
    )
    if len(document.root.text) < LITTLE_TEXT_CHARS:
        return waiting
    plain = [line.text for line in document.lines if not line.linked]
    unanswered = sum(map(asks, plain))
    return document.is_faq and (waiting or (unanswered >= 3 and unanswered >= 0.4 * len(plain)))
