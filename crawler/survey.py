"""Everything that one page says, from a single parse: entries, links, what was dropped. Pure; opens nothing."""

import hashlib
from dataclasses import dataclass

from crawler.crawl import to_page
from crawler.extract import extract, passages
from crawler.fetch import Response
from crawler.links import read_links
from crawler.records import FaqEntry


@dataclass(frozen=True)
class Survey:
    """One page, read. `url` is canonical; `entries` are its pairs, else its passages; `links` lead to other pages.

    `digest` tells whether the entries have changed. `hidden_chars` counts the characters that no visitor sees and that
    were left out; `scripted` says that the page is filled in by JavaScript, so that its text is not here.
    """

    url: str
    entries: tuple[FaqEntry, ...] = ()
    links: tuple[str, ...] = ()
    noindex: bool = False
    language: str = ""
    digest: str = ""
    hidden_chars: int = 0
    scripted: bool = False


def survey(response: Response, site: str = "") -> Survey:
    """Read an HTML response. Never raises."""
    page = to_page(response)
    links = read_links(page.html, page.url)
    entries = tuple(extract(page, site) or passages(page, site))
    digest = hashlib.sha256("\x1e".join(f"{e.id} {e.digest}" for e in entries).encode()).hexdigest()[:16]
    return Survey(links.canonical_url or page.url, entries, links.links, links.noindex, digest=digest)
