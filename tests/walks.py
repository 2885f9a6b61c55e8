"""A web site as a table, for walks without a network: what was asked for, when, and with which validators."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crawler.crawl import crawl
from crawler.frontier import CrawlPolicy
from crawler.pace import Clock
from crawler.response import Response, Validators
from crawler.survey import survey
from crawler.visits import End, Fetched, PageState, Skip, Unchanged, Visit

HOST = "https://shop.example"
NOTHING_KNOWN = Validators()
Make = Callable[[str], Response]


def page(html: str, status: int = 200, kind: str = "text/html; charset=utf-8", **headers: str) -> Make:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda url: Response(url, status, kind, html.encode(), named)


def links(*paths: str) -> Make:
    return page("".join(f'<a href="{path}">x</a>' for path in paths))


def faq(question: str, *paths: str, head: str = "", **headers: str) -> Make:
    anchors = "".join(f'<p>See <a href="{path}">more</a>.</p>' for path in paths)
    return page(
        f"{head}<title>FAQ</title><dl><dt>{question}?</dt><dd>Answer to {question}.</dd></dl>{anchors}", **headers
    )


def moved(target: str, status: int = 301) -> Make:
    return page("", status, location=target)


@dataclass
class Fake:
    """Time that passes only when somebody waits for it."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds
            self.waits.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.wait)


@dataclass
class Web:
    """Answers by path, or by whole address; `other` for the rest. A page that carries an ETag honours it."""

    pages: dict[str, Make]
    other: Make = field(default_factory=lambda: page("", 404))
    asked: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    time: Fake = field(default_factory=Fake)

    def fetch(self, url: str, validators: Validators = NOTHING_KNOWN, /) -> Response:
        name = url.removeprefix(HOST)
        self.asked.append(name)
        self.at.append(self.time.seconds)
        response = self.pages.get(name, self.other)(url)
        if validators.etag and validators.etag == response.headers.get("etag"):
            self.known.append(name)
            return Response(url, 304, "", b"", response.headers)
        return response


def visits(web: Web, *seeds: str, known: Mapping[str, PageState] = {}, **policy: object) -> list[Visit]:
    """All visits of a crawl that makes one request at a time, and does not wait unless told to."""
    chosen = CrawlPolicy(**{"delay_s": 0.0, "connections": 1} | policy)  # type: ignore[arg-type]
    return list(
        crawl(seeds or (f"{HOST}/",), fetch=web.fetch, survey=survey, policy=chosen, known=known, clock=web.time.clock)
    )


def walk(web: Web, *seeds: str, **options: object) -> tuple[list[str], list[tuple[str, str]]]:
    """Paths of the pages, and (path, reason) of the skips."""
    found = visits(web, *seeds, **options)  # type: ignore[arg-type]
    return (
        [visit.url.removeprefix(HOST) for visit in found if isinstance(visit, Fetched | Unchanged)],
        [(visit.url.removeprefix(HOST), visit.reason) for visit in found if isinstance(visit, Skip)],
    )


def end(found: list[Visit]) -> End:
    assert isinstance(found[-1], End)
    assert not any(isinstance(visit, End) for visit in found[:-1])
    return found[-1]


def states(found: list[Visit]) -> dict[str, PageState]:
    """What a next crawl would know."""
    return {visit.url: visit.state for visit in found if isinstance(visit, Fetched | Unchanged | Skip) and visit.state}
