"""A URL to a `Response`, within limits, every hop checked. Decides nothing about crawling; sockets are of `connect`."""

import string
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3

from crawler.connect import (
    CONNECTIONS_PER_HOST,
    Connect,
    Resolve,
    StaleConnection,
    Unreachable,
    connect,
    open_session,
    resolve,
)
from crawler.errors import FetchFailed
from crawler.receive import receive
from crawler.response import HTML_KINDS, KEPT_HEADERS, NOTHING_KNOWN, REDIRECTS, Fetch, Response, Validators, media_type
from crawler.urls import canonical, check_port, same_site

AGENT_NAME = "Kefu"
ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
PAGE_KINDS = ("", "text/plain", *HTML_KINDS)
SITEMAP_KINDS = ("application/xml", "text/xml", "application/gzip", "application/x-gzip")


@dataclass(frozen=True)
class FetchLimits:
    """Totals for one URL, with its redirects; not per read: a server that dribbles a byte a second meets them too.

    `max_bytes` holds before and after inflating; XML and gzip files (sitemaps) may have `max_sitemap_bytes`.
    `connect_s` is for name look-up, connection and TLS handshake together, within `deadline_s`. With `max_redirects` 0 a
    redirect is an answer: its `location` is for the caller to judge.
    """

    max_bytes: int = 2 * 1024 * 1024
    max_sitemap_bytes: int = 10 * 1024 * 1024
    deadline_s: float = 20.0
    connect_s: float = 10.0
    max_redirects: int = 5


def user_agent(contact: str = "") -> str:
    """The honest name that Kefu gives to every server. A header is ASCII: other characters of `contact` are left out."""
    spelled = "".join(char for char in contact if char.isascii() and char.isprintable()).strip()
    return f"{AGENT_NAME}/0.1 (FAQ crawler of a customer-service bot; contact: {spelled or 'the operator of this address'})"


def open_fetch(
    *,
    allow_hosts: Collection[str] = (),
    contact: str = "",
    limits: FetchLimits = FetchLimits(),
    resolve: Resolve = resolve,
    connect: Connect = connect,
    ca_file: str = "",
) -> Fetch:
    """A `Fetch` that refuses private addresses except the `host:port` pairs in `allow_hosts`; threads may share it.

    Connections are kept alive, at most two a host, until the returned callable is dropped. `ca_file` names the
    certificate authorities (PEM) to trust instead of the public ones. The callable raises UrlRefused for what must not
    be fetched and FetchFailed for what could not be; neither message holds a secret of the URL.
    """
    allowed = frozenset(map(str.lower, allow_hosts))
    # Twice: small chunks cost as much again, and an endless trailer is no more than that.
    wire_bytes = 2 * max(limits.max_bytes, limits.max_sitemap_bytes)
    session = open_session(allowed, resolve, connect, ca_file=ca_file, max_bytes=wire_bytes)
    session.headers.update({"User-Agent": user_agent(contact), "Accept": ACCEPT, "Accept-Encoding": "gzip"})

    def fetch(url: str, validators: Validators = NOTHING_KNOWN, /) -> Response:
        ends_at = time.monotonic() + limits.deadline_s
        start = here = canonical(url)
        for _ in range(limits.max_redirects + 1):
            check_port(here, allowed)
            # What is known of the first page says nothing of those it leads to.
            conditions = _conditions(validators) if here == start else {}
            with _get(session, here, conditions, limits, ends_at) as answer:
                target = answer.headers.get("Location", "")
                if answer.status_code not in REDIRECTS or not target or not limits.max_redirects:
                    return _read(answer, here, limits, conditions)
                _release(answer)
                here = _next_hop(start, here, target)
        raise FetchFailed(
            f"{start}: more than {limits.max_redirects} redirects. Open it in a browser and give the final address"
        )

    return fetch


def _next_hop(start: str, here: str, target: str) -> str:
    there = canonical(_text(target), here)
    if not same_site(there, start):
        raise FetchFailed(f"{start} redirects to another site ({urlsplit(there).hostname}). Crawl that address instead")
    return there


def _text(header: str) -> str:
    # HTTP hands headers over as Latin-1; a server that writes Chinese as it is writes UTF-8.
    try:
        decoded = header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        decoded = header
    return "".join(char for char in decoded if char.isprintable())


def _conditions(validators: Validators) -> dict[str, str]:
    pairs = {"If-None-Match": validators.etag.strip(), "If-Modified-Since": validators.last_modified.strip()}
    return {name: value for name, value in pairs.items() if value.isascii() and value.isprintable() and value}


def _get(
    session: requests.Session, url: str, conditions: Mapping[str, str], limits: FetchLimits, ends_at: float
) -> requests.Response:
    for _ in range(CONNECTIONS_PER_HOST + 1):  # each kept connection may be stale; a new one never is
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise _too_slow(url)
        timeout: Any = urllib3.Timeout(connect=min(limits.connect_s, left_s), total=left_s)
        try:
            return session.get(url, headers=conditions, timeout=timeout, stream=True, allow_redirects=False)
        except StaleConnection:
            continue
        except (requests.RequestException, urllib3.exceptions.HTTPError, Unreachable) as error:
            raise _failure(url, error) from error
    raise FetchFailed(f"{url} broke off before it answered. Try again later")


def _too_slow(url: str) -> FetchFailed:
    return FetchFailed(f"{url} did not answer in time. Try again later")


def _failure(url: str, error: Exception) -> FetchFailed:
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError) or isinstance(
        error.__cause__, TimeoutError
    ):
        return _too_slow(url)
    if isinstance(error, Unreachable):
        return FetchFailed(f"{url} cannot be reached. Check that the address is right and the site is up")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return FetchFailed(f"{url}: the TLS certificate is not valid. Renew it, or give the address it was made for")
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return FetchFailed(f"{url}: no TLS connection could be agreed on. Check the server's TLS settings")
    return FetchFailed(f"{url} broke off or does not speak HTTP. Try again later")


def _release(answer: requests.Response) -> None:
    # What has no body leaves its connection ready for the next page; what has one is closed unread.
    if answer.raw.length_remaining == 0:
        answer.raw.release_conn()


def _read(answer: requests.Response, url: str, limits: FetchLimits, conditions: Mapping[str, str]) -> Response:
    if answer.status_code == 304 and not conditions:
        raise FetchFailed(f"{url} answers 304 to a question that was not asked. Check the server's cache settings")
    headers = {name: _text(answer.headers[name]) for name in KEPT_HEADERS if name in answer.headers}
    headers |= {name: quote(headers[name], safe=string.punctuation) for name in {"location"} & headers.keys()}
    kind = _text(answer.headers.get("Content-Type", ""))
    max_bytes = _max_bytes(media_type(kind), url, limits)
    body = b""
    if 200 <= answer.status_code < 300 and max_bytes:
        body = receive(answer.raw, url, max_bytes)
    _release(answer)
    return Response(url, answer.status_code, kind, body, headers)


def _max_bytes(kind: str, url: str, limits: FetchLimits) -> int:
    """How much of a body of this media type is read: 0 when nobody would."""
    path = urlsplit(url).path.lower()
    if kind in SITEMAP_KINDS or (path.endswith((".xml", ".gz")) and kind not in HTML_KINDS):
        return limits.max_sitemap_bytes
    # robots.txt is read whatever its type: unread, it would forbid nothing.
    return limits.max_bytes if kind in PAGE_KINDS or path.endswith(".txt") else 0


def fake_fetch(pages: Mapping[str, Response]) -> Fetch:
    """A `Fetch` for tests: answers from a table, 404 for the rest."""
    return lambda url, validators=NOTHING_KNOWN: pages.get(url, Response(url, 404, "text/html", b""))
