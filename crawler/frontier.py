"""Which addresses a crawl visits, and in which order: scope, one spelling for each page, limits against traps. Pure."""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit, urlunsplit

from crawler.urls import looks_like_page, same_site

# Session ids, which put a new address on the same page at each visit; under a short name only when the value is long.
SESSION = re.compile(
    r"(?:(?:php|j|asp\.?net_?)?sess(?:ion)?_?id\w*|aspsessionid\w*|oscsid|zenid|cftoken|cfid)=.*|(?:sid|s|token)=[0-9a-z-]{16,}",
    re.IGNORECASE,
)
PATH_SESSION = re.compile(r"(?:;|%3B)(?:jsessionid|phpsessid|sid)(?:=|%3D)[^/;]*", re.IGNORECASE)
FOLDER_FILE = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
REPEATED = re.compile(r"((?:/[^/]+){1,4})\1\1(?=/|$)")
MANY_VARIANTS = 10
NEVER = (False, -1)


@dataclass(frozen=True)
class CrawlPolicy:
    """What a crawl may take. `include` and `exclude` are regular expressions searched in the URL.

    Without `include` the crawl stays below the folder of its seeds. `delay_s` is the pause between two requests to a
    host, 0 for none at all. `languages` are ISO 639-1 codes, none for all. `max_variants` counts addresses that differ
    in their query only.
    """

    max_pages: int = 2000
    max_depth: int = 5
    max_variants: int = 50
    max_mib: int = 200
    max_minutes: int = 120
    delay_s: float = 1.0
    connections: int = 2
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def tidy(url: str) -> str:
    """A canonical URL without session ids."""
    parts = urlsplit(url)
    path = PATH_SESSION.sub("", parts.path)
    query = "&".join(part for part in parts.query.split("&") if not SESSION.fullmatch(part))
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def page_key(url: str) -> str:
    """Equal for two canonical URLs that are most likely spellings of one page.

    http or https, with www. or not, index.html or its folder, a slash at the end or not, the query in any order.
    """
    parts = urlsplit(url)
    path = FOLDER_FILE.sub("/", parts.path).rstrip("/")
    return f"{parts.netloc.removeprefix('www.')}{path}?{'&'.join(sorted(parts.query.split('&')))}"


def chosen_by(starts: Sequence[str], policy: CrawlPolicy) -> Callable[[str], bool]:
    """The test of whether a canonical URL is on the site of `starts`, and is what the settings take."""
    include = [re.compile(pattern) for pattern in policy.include]
    exclude = [re.compile(pattern) for pattern in policy.exclude]

    def chosen(url: str) -> bool:
        if not any(same_site(url, start) for start in starts) or any(pattern.search(url) for pattern in exclude):
            return False
        return not include or any(pattern.search(url) for pattern in include)

    return chosen


def scope_of(starts: Sequence[str], policy: CrawlPolicy) -> Callable[[str], bool]:
    """The test of whether a canonical URL belongs to the crawl that begins at `starts`, which may grow."""
    chosen = chosen_by(starts, policy)

    def in_scope(url: str) -> bool:
        below = policy.include or urlsplit(url).path.startswith(tuple(folder_of(start) for start in starts))
        return bool(below) and looks_like_page(url) and chosen(url)

    return in_scope


def folder_of(url: str) -> str:
    """The path of a URL up to its last slash."""
    return urlsplit(url).path.rpartition("/")[0] + "/"


@dataclass
class Frontier:
    """Addresses still to visit: the nearest to the seeds first, each page once; those that look like a trap come last."""

    policy: CrawlPolicy
    in_scope: Callable[[str], bool]
    visited: set[str] = field(default_factory=set)
    _links: dict[str, tuple[bool, int]] = field(default_factory=dict)
    _spelled: dict[str, str] = field(default_factory=dict)
    _spellings: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _queued: dict[str, tuple[bool, int]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _dead: set[str] = field(default_factory=set)
    _variants: Counter[str] = field(default_factory=Counter)
    _refused: dict[str, str] = field(default_factory=dict)
    _heap: list[tuple[bool, int, int, str, bool]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __len__(self) -> int:
        """How many pages wait."""
        return len(self._queued)

    def prefer(self, urls: Iterable[str]) -> None:
        """Spell pages as they are spelled here, so that they keep their names from crawl to crawl."""
        self._spelled |= {page_key(url): url for url in urls}

    def add(self, link: str, depth: int, *, late: bool = False) -> None:
        """Take up a link; one that is known counts again only when it is nearer now."""
        if self._links.get(link, (True, depth + 1)) <= (late, depth):
            return
        self._links[link] = (late, depth)
        url = tidy(link)
        if not self.in_scope(url):
            self._links[link] = NEVER
            return
        key = page_key(url)
        if key in self._taken:
            self._spell(key, url, depth)
        elif self._within_limits(key, url, depth):
            self._spell(key, url, depth)
            late = late or self._variants[key.partition("?")[0]] > MANY_VARIANTS
            if self._queued.get(key, (True, depth + 1)) > (late, depth):
                self._queued[key] = (late, depth)
                self._push(self._spelled.setdefault(key, url), depth, late)

    def force(self, url: str, depth: int) -> None:
        """Queue exactly this address, whatever was visited: a seed, the goal of a redirect, a page to be read again."""
        self._push(url, depth, forced=True)

    def gone(self, url: str) -> None:
        """Note that nothing is there: another spelling of the page may do better."""
        key = page_key(url)
        self._dead.add(key)
        for other, depth in self._spellings.pop(key, {}).items():
            self._spell(key, other, depth)

    def take(self) -> tuple[str, int] | None:
        """The next address with its depth; None when there is none."""
        while self._heap:
            _, depth, _, url, forced = heapq.heappop(self._heap)
            key = page_key(url)
            if forced or key not in self._taken:
                self._taken.add(key)
                self._queued.pop(key, None)
                self.visited.add(url)
                return url, depth
        return None

    def left_out(self) -> Counter[str]:
        """How many pages each limit kept out."""
        return Counter(limit for key, limit in self._refused.items() if key not in self._taken | self._queued.keys())

    def _push(self, url: str, depth: int, late: bool = False, forced: bool = False) -> None:
        heapq.heappush(self._heap, (late, depth, next(self._numbers), url, forced))

    def _spell(self, key: str, url: str, depth: int) -> None:
        """Remember another spelling of a page; use it at once when the first one led to nothing."""
        if url in self.visited or self._spelled.get(key, url) == url:
            return
        if key in self._dead:
            self.visited.add(url)
            self.force(url, depth)
        else:
            self._spellings[key].setdefault(url, depth)

    def _within_limits(self, key: str, url: str, depth: int) -> bool:
        path, _, query = key.partition("?")
        if depth > self.policy.max_depth:
            self._refused[key] = "max_depth"
        elif REPEATED.search(urlsplit(url).path):
            self._refused[key] = "repeated_folders"
        elif key in self._queued or not query:
            return True
        elif self._variants[path] >= self.policy.max_variants:
            self._refused[key] = "max_variants"
        else:
            self._variants[path] += 1
            return True
        return False
