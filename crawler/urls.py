"""Addresses: canonical form, same-site test, refusal of what must not be fetched. Pure; resolves nothing."""

import ipaddress
import posixpath
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from crawler.errors import UrlRefused

MAX_URL_CHARS = 2083
TRACKING = re.compile(r"^(utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|spm|scm|from_source|share_token)$")
NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|avif|css|m?js|json|xml|rss|atom|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|rar|7z|exe|dmg"
    r"|apk|iso|mp[34]|m4a|avi|mov|webm|wav|ogg|woff2?|ttf|eot)$",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": 80, "https": 443}
# Special-purpose ranges that `is_global` lets through or that embed an IPv4 address (RFC 6890, RFC 6052, RFC 3056).
REFUSED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32 192.88.99.0/24 fec0::/10 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32 5f00::/16 "
            "3fff::/20 100::/64 ::/96"
        ).split(),
    )
)


def canonical(url: str, base: str = "") -> str:
    """The one spelling of a URL: absolute, lower-case host, no default port, fragment, tracking or dot segments.

    Raises:
        UrlRefused: when it is no http(s) URL, carries a user name, or is too long.

    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        port = parts.port
    except ValueError as error:
        raise UrlRefused(
            f"{url[:200]} is no URL ({error}). Give a full address such as https://shop.example/faq"
        ) from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or re.search(r"\s", parts.hostname):
        raise UrlRefused(f"{url[:200]} is no web address. Give a full address such as https://shop.example/faq")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused(
            f"{parts.hostname}: addresses with a user name or password in them are not fetched. Leave it out"
        )
    host = _ascii_host(parts.hostname)
    netloc = host if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    # surrogateescape: an escape that is no UTF-8 (GBK, on old Chinese sites) comes out as it went in.
    fields = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    query = urlencode([(k, v) for k, v in fields if not TRACKING.match(k)], errors="surrogateescape")
    address = urlunsplit((parts.scheme, netloc, _clean_path(parts.path), query, ""))
    if len(address) > MAX_URL_CHARS:
        raise UrlRefused(f"{address[:80]}… is longer than {MAX_URL_CHARS} characters")
    return address


def _ascii_host(host: str) -> str:
    try:
        ascii_host = host.rstrip(".").encode("idna").decode() if not host.isascii() else host.rstrip(".").lower()
    except UnicodeError as error:
        raise UrlRefused(f"{host} is no host name. Check the address") from error
    if not ascii_host:
        raise UrlRefused(f"{host} is no host name. Check the address")
    return f"[{ascii_host}]" if ":" in ascii_host else ascii_host


def _clean_path(path: str) -> str:
    # Escapes first: %2e%2e is a dot segment too, and %2F is not a slash.
    escaped = "/".join(map(_clean_segment, path.split("/")))
    cleaned = "/" + posixpath.normpath(escaped).lstrip("/") if path else "/"
    if escaped.endswith(("/", "/.", "/..")) and not cleaned.endswith("/"):
        cleaned += "/"
    return cleaned


def _clean_segment(segment: str) -> str:
    return quote(unquote(segment, errors="surrogateescape"), safe=":@!$&'()*+,;=~-._", errors="surrogateescape")


def host_port(url: str) -> str:
    """`host:port`, the port always named."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}"


def same_site(url: str, seed: str) -> bool:
    """Whether two canonical URLs belong to one site: the same host, `www.` or not, and the same port of a scheme."""
    one, two = urlsplit(url), urlsplit(seed)
    bare = [(parts.hostname or "").removeprefix("www.") for parts in (one, two)]
    # http and https on their default ports are one site; any other port is another service.
    ports = [None if parts.port in (None, 80, 443) else parts.port for parts in (one, two)]
    return bare[0] == bare[1] and ports[0] == ports[1]


def looks_like_page(url: str) -> bool:
    """False for addresses whose ending says that they are a picture, a script or a download."""
    return not NOT_PAGES.search(urlsplit(url).path)


def check_port(url: str, allowed: Collection[str]) -> None:
    """Refuse ports other than 80 and 443 unless `host:port` is in `allowed`."""
    if urlsplit(url).port not in (None, 80, 443) and host_port(url) not in allowed:
        raise UrlRefused(f"{url}: only ports 80 and 443 are fetched. Allow it with --allow-host {host_port(url)}")


def refused_address(address: str) -> bool:
    """Whether an IP address is private, special or embeds another: never fetched unless the operator names its host."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return refused_address(str(ip.ipv4_mapped))
    special = not ip.is_global or ip.is_multicast or ip.is_reserved
    return special or any(ip in network for network in REFUSED_NETWORKS if network.version == ip.version)
