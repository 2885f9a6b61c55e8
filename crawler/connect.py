"""Connections to checked addresses: name look-up, pinning, TLS, and time as a total. Knows no pages and no redirects.

The one module that opens sockets. A host is looked up once for a connection, every address found is checked, and exactly
one of those is dialled: between check and connection there is no second look-up that a hostile name server could answer
differently. Host header, SNI and certificate check go by the name.
"""

import functools
import http.client
import ipaddress
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection

from crawler.errors import FetchFailed, UrlRefused
from crawler.urls import refused_address

CONNECTIONS_PER_HOST = 2
ADDRESSES_TRIED = 4
HEAD_MAX_BYTES = 64 * 1024

Resolve = Callable[[str, int], Collection[str]]
Connect = Callable[[str, int, float], socket.socket]
Dial = Callable[[str, int, float], socket.socket]


class StaleConnection(Exception):
    """Raised when a kept connection was closed by the server before it answered: asking anew is right (RFC 9112, 9.3.1)."""


class Unreachable(Exception):
    """Raised when none of a host's addresses takes a connection; its cause is what the last one said."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, the preferred one first (RFC 6724)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{host} cannot be found. Check the spelling of the address and your connection") from error
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def connect(address: str, port: int, timeout_s: float) -> socket.socket:
    """A TCP connection to a numeric address."""
    return socket.create_connection((address, port), timeout_s)


def open_session(
    allow_hosts: Collection[str], resolve: Resolve, connect: Connect, *, ca_file: str, max_bytes: int
) -> requests.Session:
    """A session whose every connection goes to a checked address; at most two a host, kept alive, shared by threads.

    Time-outs given to it are totals, and no body takes more than `max_bytes` on the wire, chunk headers and trailers
    included. Besides the errors of requests it raises UrlRefused, FetchFailed, Unreachable and StaleConnection. No
    cookies, no redirects; nothing of the environment (a proxy or .netrc would carry us past the checks).
    """
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    dial = functools.partial(_dial, allow_hosts=allow_hosts, resolve=resolve, connect=connect)
    adapter = _Adapter(dial, functools.cache(functools.partial(_tls, ca_file)), max_bytes)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _tls(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _TimedTlsSocket
    return context


def _dial(
    host: str, port: int, timeout_s: float, *, allow_hosts: Collection[str], resolve: Resolve, connect: Connect
) -> socket.socket:
    ends_at = time.monotonic() + timeout_s
    pair = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    addresses = _look_up(host, port, resolve, timeout_s)
    if pair not in allow_hosts and any(map(refused_address, addresses)):
        raise UrlRefused(f"{host} is a private or special address. If it is yours, allow it with --allow-host {pair}")
    cause: OSError | None = None
    tried = addresses[:ADDRESSES_TRIED]
    for position, address in enumerate(tried):
        # A share of the time each: an address that swallows packets must not use up what the next one needs.
        share_s = (ends_at - time.monotonic()) / (len(tried) - position)
        try:
            plain = connect(address, port, max(share_s, 0.01))
        except OSError as error:
            cause = error
            continue
        timed = _TimedSocket(fileno=plain.detach())
        timed.settimeout(max(ends_at - time.monotonic(), 0.01))
        return timed
    raise Unreachable from cause


def _look_up(host: str, port: int, resolve: Resolve, timeout_s: float) -> list[str]:
    if _is_address(host):
        return [host]
    found: Future[Collection[str]] = Future()

    def ask() -> None:
        try:
            found.set_result(resolve(host, port))
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker gets it
            found.set_exception(error)

    # The system's look-up takes no time-out: it runs aside, and is left behind when it takes too long.
    threading.Thread(target=ask, name="kefu-resolve", daemon=True).start()
    try:
        addresses = list(found.result(timeout_s))
    except TimeoutError as error:
        raise FetchFailed(f"{host} was not found within {timeout_s:.2g} s. Try again later") from error
    if not addresses:
        raise FetchFailed(f"{host} has no address. Check the spelling of the address")
    return addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _TimedSocket(socket.socket):
    """A socket whose time-out is a total: all reads together use it up, so that a dribble meets it too."""

    ends_at = math.inf
    left_bytes = math.inf

    def settimeout(self, value: float | None) -> None:
        self.ends_at = math.inf if value is None else time.monotonic() + value
        super().settimeout(value)

    def gettimeout(self) -> float | None:
        return None if math.isinf(self.ends_at) else max(self.ends_at - time.monotonic(), 0.001)

    def recv_into(self, *args: Any) -> int:
        left_s = self.gettimeout()
        if left_s is not None and self.ends_at <= time.monotonic():
            raise TimeoutError("the time for this answer is used up")
        super().settimeout(left_s)
        size = super().recv_into(*args)
        self.left_bytes -= size
        if self.left_bytes < 0:
            raise _TooMuch
        return size


class _TimedTlsSocket(_TimedSocket, ssl.SSLSocket):
    """The same over TLS. The handshake runs within what is left when it begins."""


class _TooMuch(OSError):
    """Raised when a server sends more than any answer needs: headers, or what is around the pieces of a body."""


class _Connection(HTTPConnection):
    """A connection that dials checked addresses, and reads no endless header block."""

    def __init__(self, *args: Any, dial: Dial, max_bytes: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dial = dial
        self._max_bytes = max_bytes
        self._answered = False

    def _new_conn(self) -> socket.socket:
        self._answered = False
        return self._dial(self.host, self.port, self.timeout or 0.0)

    def getresponse(self) -> Any:
        timed: Any = self.sock
        timed.left_bytes = HEAD_MAX_BYTES  # interim answers (100 Continue) count too: a flood of them is no answer
        try:
            answer = super().getresponse()
        except _TooMuch as error:
            raise FetchFailed(
                f"{self.host} sends more than {HEAD_MAX_BYTES // 1024} KiB of headers and was left out"
            ) from error
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            if self._answered:
                raise StaleConnection from error
            raise
        timed.left_bytes = self._max_bytes
        self._answered = True
        return answer


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """The transport of requests over our connections."""

    def __init__(self, dial: Dial, tls: Callable[[], ssl.SSLContext], max_bytes: int) -> None:
        ours: dict[str, Any] = {"dial": dial, "max_bytes": max_bytes}
        self._pools = {
            "http": functools.partial(_Pool, **ours),
            # Late: the certificates take 40 ms to load, and a crawl may need none.
            "https": lambda *args, **options: _TlsPool(*args, **options | ours | {"ssl_context": tls()}),
        }
        super().__init__(pool_maxsize=CONNECTIONS_PER_HOST, pool_block=True)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to set: the TLS context knows whom to trust, and every certificate is checked."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: to look ahead, requests would read a 3xx body in full, even when told not to follow."""
