"""The one module with I/O: a URL to a `Response`, within limits, every hop checked. Decides nothing about crawling."""

import socket
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from crawler.errors import FetchFailed, UrlRefused
from crawler.urls import canonical, check_port, host_port, refused_address, same_site

AGENT_NAME = "Kefu"
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Response:
    """What a server answered: final URL, status, Content-Type header, the inflated body, and the other headers.

    The names in `headers` are lower-case. A 304 has an empty body.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_html(self) -> bool:
        """Whether the server, or failing that the body, says that this is a web page."""
        kind = self.content_type.split(";")[0].strip().lower()
        if not kind:
            return b"<" in self.body[:512] and b"\x00" not in self.body[:512]
        return kind in ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class FetchLimits:
    """Totals for one URL, not per read: a server that dribbles a byte a second meets them too."""

    max_bytes: int = 2 * 1024 * 1024
    deadline_s: float = 20.0
    connect_s: float = 10.0
    max_redirects: int = 5


@dataclass(frozen=True)
class Validators:
    """What a server said last time of a page's state (RFC 9110, 13.1): "" where it said nothing."""

    etag: str = ""
    last_modified: str = ""


class Fetch(Protocol):
    """A URL, and what is known of its page, to what the server answers."""

    def __call__(self, url: str, validators: Validators = Validators(), /) -> Response: ...  # noqa: D102


Resolve = Callable[[str, int], Collection[str]]


def user_agent(contact: str = "") -> str:
    """The honest name that Kefu gives to every server."""
    return f"{AGENT_NAME}/0.1 (FAQ crawler of a customer-service bot; contact: {contact or 'the operator of this address'})"


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{host} cannot be found. Check the spelling of the address and your connection") from error
    return sorted({str(item[4][0]) for item in found})


class _Session(requests.Session):
    """A session that leaves redirects alone: requests reads a 3xx body in full even when told not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Never look ahead."""
        return


def open_fetch(
    *,
    allow_hosts: Collection[str] = (),
    contact: str = "",
    limits: FetchLimits = FetchLimits(),
    resolve: Resolve = resolve,
) -> Fetch:
    """A `Fetch` that refuses private addresses except the `host:port` pairs in `allow_hosts`.

    The returned callable raises UrlRefused for what must not be fetched and FetchFailed for what could not be.
    """
    session = _Session()
    session.trust_env = False  # no proxy and no .netrc from the environment: they would carry us past the checks
    session.headers.update(
        {
            "User-Agent": user_agent(contact),
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": "gzip",
        }
    )

    def fetch(url: str, validators: Validators = Validators(), /) -> Response:
        ends_at = time.monotonic() + limits.deadline_s
        start = here = canonical(url)
        for _ in range(limits.max_redirects + 1):
            _check_address(here, allow_hosts, resolve)
            answer = _get(session, here, validators, limits, ends_at)
            with answer:
                target = answer.headers.get("Location", "")
                if answer.status_code not in REDIRECTS or not target:
                    return _read(answer, here, limits, ends_at)
                here = _next_hop(start, here, target)
        raise FetchFailed(
            f"{start}: more than {limits.max_redirects} redirects. Open it in a browser and give the final address"
        )

    return fetch


def _check_address(url: str, allow_hosts: Collection[str], resolve: Resolve) -> None:
    pair = host_port(url)
    if pair in allow_hosts:
        return
    check_port(url, allow_hosts)
    host, port = pair.rsplit(":", 1)
    for address in resolve(host, int(port)):
        if refused_address(address):
            raise UrlRefused(
                f"{host} is a private or special address. If it is yours, allow it with --allow-host {pair}"
            )


def _next_hop(start: str, here: str, target: str) -> str:
    # HTTP hands headers over as Latin-1; a server that writes a Chinese path as it is writes UTF-8.
    there = canonical(urljoin(here, target.encode("latin-1", "replace").decode("utf-8", "replace")))
    if not same_site(there, start):
        raise FetchFailed(f"{start} redirects to another site ({urlsplit(there).hostname}). Crawl that address instead")
    return there


def _conditions(validators: Validators) -> dict[str, str]:
    pairs = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in pairs.items() if value}


def _get(
    session: requests.Session, url: str, validators: Validators, limits: FetchLimits, ends_at: float
) -> requests.Response:
    left_s = max(0.1, min(limits.connect_s, ends_at - time.monotonic()))
    try:
        return session.get(url, stream=True, allow_redirects=False, headers=_conditions(validators), timeout=(left_s, left_s))
    except requests.exceptions.SSLError as error:
        raise FetchFailed(
            f"{url}: the TLS certificate is not valid. Renew it, or give the address it was made for"
        ) from error
    except requests.exceptions.Timeout as error:
        raise FetchFailed(f"{url} did not answer within {limits.connect_s:.0f} s. Try again later") from error
    except requests.exceptions.RequestException as error:
        raise FetchFailed(f"{url} cannot be reached. Check that the address is right and the site is up") from error


def _read(answer: requests.Response, url: str, limits: FetchLimits, ends_at: float) -> Response:
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise FetchFailed(f"{url} is sent as {encoding}, which was not asked for. Set the server to send gzip or plain")
    chunks = _chunks(answer, url, ends_at)
    if "gzip" in encoding:
        chunks = _inflate(chunks, url, limits.max_bytes)
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limits.max_bytes:
            raise FetchFailed(f"{url} is larger than {limits.max_bytes // 1024} KiB and was left out")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(url, answer.status_code, headers.get("content-type", ""), bytes(body), headers)


def _chunks(answer: requests.Response, url: str, ends_at: float) -> Iterator[bytes]:
    # read1 returns what has come so far; read(n) would wait for n bytes, and the deadline with it.
    while True:
        if time.monotonic() > ends_at:
            raise FetchFailed(f"{url} was too slow and was left out. Try again later")
        try:
            chunk = answer.raw.read1(65536, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise FetchFailed(f"{url} broke off while it was read. Try again later") from error
        if not chunk:
            return
        yield chunk


def _inflate(chunks: Iterator[bytes], url: str, max_bytes: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            yield inflater.decompress(chunk, max_bytes + 1)
            if inflater.unconsumed_tail:
                raise FetchFailed(f"{url} inflates to more than {max_bytes // 1024} KiB and was left out")
        yield inflater.flush()
    except zlib.error as error:
        raise FetchFailed(f"{url} is sent as gzip but is not. Check the server's compression") from error


def fake_fetch(pages: Mapping[str, Response]) -> Fetch:
    """A `Fetch` for tests: answers from a table, 404 for the rest."""
    return lambda url, validators=Validators(): pages.get(url, Response(url, 404, "text/html", b""))
