"""What robots.txt allows (RFC 9309), by Protego. Pure: takes the answer to a fetch, opens nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protego import Protego

from crawler.errors import FetchFailed

MAX_BYTES = 512 * 1024


@dataclass(frozen=True)
class Robots:
    """The rules of one host, for one user agent."""

    rules: Protego
    agent: str

    def allows(self, url: str) -> bool:
        """Whether our agent may fetch `url`."""
        return bool(self.rules.can_fetch(url, self.agent))

    @property
    def delay_s(self) -> float:
        """Seconds between two requests that Crawl-delay or Request-rate ask for, the longer of them; 0 without."""
        rate = self.rules.request_rate(self.agent)
        by_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.rules.crawl_delay(self.agent) or 0.0), by_rate)

    def sitemaps(self) -> Iterator[str]:
        """The sitemaps that robots.txt names."""
        yield from self.rules.sitemaps


def parse(status: int, body: bytes, agent: str, host: str) -> Robots:
    """Rules from a robots.txt answer: 2xx is read, 4xx allows all.

    Raises:
        FetchFailed: on 5xx and 429, which mean "wait", not "come in" (RFC 9309, 2.3.1.4).

    """
    if status >= 500 or status == 429:
        raise FetchFailed(
            f"{host}/robots.txt answers {status}: the site asks to be left alone for now. Try again later"
        )
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace") if 200 <= status < 300 else ""
    return Robots(Protego.parse(text), agent)


def asked_by_header(headers: Mapping[str, str], agent: str) -> frozenset[str]:
    """What X-Robots-Tag asks of everyone or of `agent`: noindex, nofollow, none…; lower-case."""
    asks, for_us = set(), True
    for part in re.split(r"[,\n]", headers.get("x-robots-tag", "").lower()):
        name, colon, directive = part.partition(":")
        if colon and name.strip() not in ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"):
            for_us = name.strip() == agent.lower()
            part = directive
        if for_us:
            asks.add(part.strip())
    return frozenset(asks)
