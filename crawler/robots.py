"""What robots.txt allows (RFC 9309), by Protego. Pure: takes the answer to a fetch, opens nothing."""

from collections.abc import Iterator
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
        """Crawl-delay in seconds; 0 when none is asked for."""
        return float(self.rules.crawl_delay(self.agent) or 0.0)

    def sitemaps(self) -> Iterator[str]:
        """The sitemaps that robots.txt names."""
        yield from self.rules.sitemaps


def parse(status: int, body: bytes, agent: str, host: str) -> Robots:
    """Rules from a robots.txt answer: 2xx is read, 4xx allows all.

    Raises:
        FetchFailed: on 5xx, which means "wait", not "come in" (RFC 9309, 2.3.1.4).

    """
    if status >= 500:
        raise FetchFailed(
            f"{host}/robots.txt answers {status}: the site asks to be left alone for now. Try again later"
        )
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace") if 200 <= status < 300 else ""
    return Robots(Protego.parse(text), agent)
