"""The hosts of a site: what robots.txt allows on each, how often each is asked, and which pages its sitemaps name."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit, urlunsplit

from crawler import robots, sitemap
from crawler.errors import CrawlerError, FetchFailed, UrlRefused
from crawler.fetch import AGENT_NAME
from crawler.frontier import CrawlPolicy
from crawler.links import canonical_or_empty
from crawler.pace import Clock, Pace, ask
from crawler.response import REDIRECTS, Fetch, Response, Validators
from crawler.urls import same_site

MAX_SITEMAPS = 20
MAX_HOPS = 5
MAX_CRAWL_DELAY_S = 30.0


@dataclass(frozen=True)
class Host:
    """One host: its rules, and the pace that all who ask it keep."""

    rules: robots.Robots
    pace: Pace


@dataclass
class Hosts:
    """The hosts that a crawl meets; the robots.txt of each is read once. `sitemaps_whole`: none of them failed."""

    fetch: Fetch
    policy: CrawlPolicy
    clock: Clock
    sitemaps_whole: bool = True
    _known: dict[str, Host | CrawlerError] = field(default_factory=dict)

    def of(self, url: str) -> Host:
        """The host of a URL.

        Raises:
            FetchFailed, UrlRefused: its robots.txt says to wait, does not come, or must not be fetched.

        """
        root = urlunsplit((*urlsplit(url)[:2], "", "", ""))
        if root not in self._known:
            try:
                self._known[root] = self._read(root)
            except (FetchFailed, UrlRefused) as error:
                self._known[root] = error
        found = self._known[root]
        if isinstance(found, CrawlerError):
            raise found
        return found

    def _read(self, root: str) -> Host:
        pace = Pace(self.clock, self.policy.delay_s, self.policy.connections)
        address = f"{root}/robots.txt"
        try:
            response = self._file(address, pace)
        except FetchFailed:  # once more: without it nothing at all is crawled
            response = self._file(address, pace)
        rules = robots.parse(response.status, response.body, AGENT_NAME, root)
        pace.least_s = max(pace.least_s, min(rules.delay_s, MAX_CRAWL_DELAY_S))
        return Host(rules, pace)

    def pages_of_sitemaps(self, seed: str) -> Iterator[str]:
        """Pages that the sitemaps of robots.txt name, else /sitemap.xml; one that fails is passed over and noted."""
        waiting = deque(list(self.of(seed).rules.sitemaps()) or [urljoin(seed, "/sitemap.xml")])
        read = set[str]()
        while waiting:
            if len(read) == MAX_SITEMAPS:
                self.sitemaps_whole = False
                return
            url = canonical_or_empty(waiting.popleft(), seed)
            if url and url not in read and same_site(url, seed):
                read.add(url)
                found = self._sitemap(url)
                waiting.extend(found.sitemaps)
                yield from filter(None, (canonical_or_empty(page, url) for page in found.pages))

    def _sitemap(self, url: str) -> sitemap.Sitemap:
        try:
            host = self.of(url)
            if not host.rules.allows(url):
                return sitemap.Sitemap()
            response = self._file(url, host.pace)
        except (FetchFailed, UrlRefused):
            self.sitemaps_whole = False
            return sitemap.Sitemap()
        found = sitemap.parse(response.body) if response.status == 200 else sitemap.Sitemap()
        # A site may have no sitemap; but one that answers with something else has lost what it names, not its pages.
        self.sitemaps_whole = self.sitemaps_whole and (found.is_whole or response.status in (404, 410))
        return found

    def _file(self, url: str, pace: Pace) -> Response:
        """Fetch robots.txt or a sitemap; redirects are followed within the site."""
        for _ in range(MAX_HOPS + 1):
            response = ask(self.fetch, url, Validators(), pace)
            goal = canonical_or_empty(response.headers.get("location", ""), url)
            if response.status not in REDIRECTS or not goal or not same_site(goal, url):
                break
            url = goal
        return response
