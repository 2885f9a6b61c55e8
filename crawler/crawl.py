"""Breadth-first walk of one site under a `CrawlPolicy`. The network comes in as `fetch`, time as `wait`."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

from crawler import robots, sitemap
from crawler.charset import decode
from crawler.errors import FetchFailed, UrlRefused
from crawler.fetch import AGENT_NAME, Fetch, Response, Validators
from crawler.links import PageLinks, read_links
from crawler.records import Page
from crawler.urls import canonical, looks_like_page, same_site

MAX_SITEMAPS = 20
MAX_CRAWL_DELAY_S = 30.0


@dataclass(frozen=True)
class CrawlPolicy:
    """What a crawl may take. `include` and `exclude` are regular expressions searched in the URL.

    Without `include` the crawl stays below the folder of its seeds. `delay_s` is the pause between two requests.
    """

    max_pages: int = 500
    max_depth: int = 5
    delay_s: float = 1.0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skip:
    """A URL that gave no page. `reason` is one of robots, failed, gone, not_html, noindex, limit; `detail` is for people."""

    url: str
    reason: str
    detail: str = ""


@dataclass
class _Frontier:
    """URLs still to visit, first in first out, each once."""

    queue: deque[tuple[str, int]] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)

    def add(self, url: str, depth: int) -> None:
        if url not in self.seen:
            self.seen.add(url)
            self.queue.append((url, depth))


def crawl(
    seeds: Sequence[str], *, fetch: Fetch, policy: CrawlPolicy, wait: Callable[[float], None] = time.sleep
) -> Iterator[Page | Skip]:
    """Visit the site of `seeds`; yield a `Page` for each page and a `Skip` for each URL that gave none.

    Raises:
        UrlRefused: a seed must not be fetched.
        FetchFailed: the first seed's host asks to be left alone (robots.txt 5xx) or cannot be reached.

    """
    starts = [canonical(seed) for seed in seeds]
    rules = _robots_of(starts[0], fetch)
    polite = _polite(fetch, max(policy.delay_s, min(rules.delay_s, MAX_CRAWL_DELAY_S)), wait)
    frontier = _Frontier()
    for url in starts:
        frontier.add(url, 0)
    in_scope = _scope(starts, policy)
    for url in _from_sitemaps(starts[0], rules, polite):
        if in_scope(url):
            frontier.add(url, 1)
    pages, served = 0, set[str]()
    while frontier.queue:
        url, depth = frontier.queue.popleft()
        if pages >= policy.max_pages:
            yield Skip(url, "limit", f"stopped at {policy.max_pages} pages. Raise it with --max-pages")
            return
        visit, links = _visit(url, rules, polite)
        twice = isinstance(visit, Page) and visit.url in served
        if isinstance(visit, Page) and not twice:
            served.add(visit.url)
            frontier.seen.add(visit.url)
            pages += 1
        if not twice:
            yield visit
        if depth < policy.max_depth:
            for link in links.links:
                if in_scope(link):
                    frontier.add(link, depth + 1)


def _visit(url: str, rules: robots.Robots, fetch: Fetch) -> tuple[Page | Skip, PageLinks]:
    """Fetch one URL -> the page or why there is none, and what it links to."""
    nothing = PageLinks()
    if not rules.allows(url):
        return Skip(url, "robots", "robots.txt disallows it"), nothing
    try:
        response = fetch(url)
    except (FetchFailed, UrlRefused) as error:
        return Skip(url, "failed", str(error)), nothing
    if not rules.allows(response.url):
        return Skip(url, "robots", f"leads to {response.url}, which robots.txt disallows"), nothing
    if response.status in (404, 410):
        return Skip(url, "gone", f"{url} answers {response.status}"), nothing
    if response.status != 200:
        return Skip(url, "failed", f"{url} answers {response.status}"), nothing
    if not response.is_html:
        return Skip(url, "not_html", f"{url} is {response.content_type or 'no HTML'}, not a web page"), nothing
    page = to_page(response)
    links = read_links(page.html, page.url)
    if links.noindex:
        return Skip(url, "noindex", "the page asks not to be indexed"), links
    return Page(links.canonical_url or page.url, page.html, page.fetched_at), links


def to_page(response: Response) -> Page:
    """Decode a response; `fetched_at` is now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Page(response.url, decode(response.body, response.content_type), now)


def _robots_of(seed: str, fetch: Fetch) -> robots.Robots:
    host = urlunsplit((*urlsplit(seed)[:2], "", "", ""))
    response = fetch(f"{host}/robots.txt")
    return robots.parse(response.status, response.body, AGENT_NAME, host)


def _polite(fetch: Fetch, delay_s: float, wait: Callable[[float], None]) -> Fetch:
    """The same fetch, with a pause before each request (robots.txt has just been one)."""

    def after_a_pause(url: str, validators: Validators = Validators(), /) -> Response:
        if delay_s > 0:
            wait(delay_s)
        return fetch(url, validators)

    return after_a_pause


def _scope(starts: Sequence[str], policy: CrawlPolicy) -> Callable[[str], bool]:
    include = [re.compile(pattern) for pattern in policy.include]
    exclude = [re.compile(pattern) for pattern in policy.exclude]
    folders = [urlsplit(start).path.rpartition("/")[0] + "/" for start in starts]

    def in_scope(url: str) -> bool:
        if not any(same_site(url, start) for start in starts) or not looks_like_page(url):
            return False
        if any(pattern.search(url) for pattern in exclude):
            return False
        if include:
            return any(pattern.search(url) for pattern in include)
        return any(urlsplit(url).path.startswith(folder) for folder in folders)

    return in_scope


def _from_sitemaps(seed: str, rules: robots.Robots, fetch: Fetch) -> Iterator[str]:
    """Pages named by the sitemaps of robots.txt, else by /sitemap.xml; a sitemap that fails is passed over."""
    named = list(rules.sitemaps()) or [urlunsplit((*urlsplit(seed)[:2], "/sitemap.xml", "", ""))]
    waiting, read = deque(named), set[str]()
    while waiting and len(read) < MAX_SITEMAPS:
        try:
            url = canonical(waiting.popleft(), seed)
            if url in read or not same_site(url, seed) or not rules.allows(url):
                continue
            read.add(url)
            response = fetch(url)
        except (FetchFailed, UrlRefused):
            continue
        if response.status == 200:
            found = sitemap.parse(response.body)
            waiting.extend(found.sitemaps)
            yield from _canonical_pages(found.pages, seed)


def _canonical_pages(pages: Sequence[str], seed: str) -> Iterator[str]:
    for page in pages:
        try:
            url = canonical(page, seed)
        except UrlRefused:
            continue
        yield url
