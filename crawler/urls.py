"""Addresses: canonical form, same-site test, refusal of what must not be fetched. Pure; resolves nothing."""

import ipaddress
import posixpath
import re
from collections.abc import Collection
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from crawler.errors import UrlRefused

MAX_URL_CHARS = 2083
TRACKING = re.compile(r"^(utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|spm|scm|from_source|share_token)$")
NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|avif|css|m?js|json|xml|xsd|xsl|rss|atom|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|rar|7z|exe|dmg"
    r"|apk|iso|mp[34]|m4a|avi|mov|webm|wav|ogg|woff2?|ttf|eot)$",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": 80, "https": 443}
# What any two parsers read alike: a name of plain labels, or an IPv6 address without a zone.
AUTHORITY = re.compile(r"([^\[\]:@/?#\\%\s]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
ESCAPE_OR_UNSAFE = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:@!$&'()*+,;=/?]")
# Special-purpose ranges (IANA registries) that `is_global` lets through in some release of Python, that embed an IPv4
# address (RFC 6052, RFC 3056, RFC 4380), or that a cloud uses for itself.
REFUSED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32 192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24 "
            "::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/32 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 "
            "3fff::/20 5f00::/16 fc00::/7 fec0::/10"
        ).split(),
    )
)


def canonical(url: str, base: str = "") -> str:
    """The one spelling of a URL: absolute, lower-case host, no default port, fragment, tracking or dot segments.

    Escapes are spelt one way, none is added or taken away that means something: what is GBK stays GBK.

    Raises:
        UrlRefused: when it is no http(s) URL, carries a user name, or is too long. The message holds no password.

    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
    except ValueError as error:
        raise UrlRefused(f"{_shown(url)} is no URL. Give a full address such as https://shop.example/faq") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise UrlRefused(f"{_shown(url)} is no web address. Give a full address such as https://shop.example/faq")
    if "@" in parts.netloc:
        raise UrlRefused(f"{_shown(url)}: addresses with a user name or password in them are not fetched. Leave it out")
    netloc = _authority(parts.netloc, parts.scheme, url)
    address = urlunsplit((parts.scheme, netloc, _clean_path(parts.path), _clean_query(parts.query), ""))
    if len(address) > MAX_URL_CHARS:
        raise UrlRefused(f"{address[:80]}… is longer than {MAX_URL_CHARS} characters")
    return address


def _shown(url: str) -> str:
    # Whatever stands before an @ may be a password, however the rest is misspelt.
    rest = "…@" + url.rpartition("@")[2] if "@" in url else url
    return "".join(char if char.isprintable() else "?" for char in rest[:200])


def _authority(netloc: str, scheme: str, url: str) -> str:
    found = AUTHORITY.fullmatch(netloc)
    host = _host(found[1]) if found else ""
    port = int(found[2]) if found and found[2] else DEFAULT_PORTS[scheme]
    if not host or not 0 < port <= 65535:
        raise UrlRefused(f"{_shown(url)} names no host. Give a full address such as https://shop.example/faq")
    return host if port == DEFAULT_PORTS[scheme] else f"{host}:{port}"


def _host(spelled: str) -> str:
    """The host in ASCII, "" when it is none. Numbers must be four decimal ones: 0x7f.1 and 2130706433 are tricks."""
    try:
        if spelled.startswith("["):
            return f"[{ipaddress.IPv6Address(spelled[1:-1]).compressed}]"
        host = (spelled if spelled.isascii() else _idna(spelled)).lower().removesuffix(".")
        if NUMBER.fullmatch(host.rpartition(".")[2]):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        return ""
    return host if HOST_NAME.fullmatch(host) and len(host) <= 253 else ""


def _idna(host: str) -> str:
    import idna  # late: its tables are large, and most hosts are ASCII

    # As browsers do (UTS 46, non-transitional): the codec of Python's library reads faß.de as fass.de, another site.
    return idna.encode(host, uts46=True).decode()


def _clean_path(path: str) -> str:
    # Escapes first: %2e%2e is a dot segment too, and %2F is not a slash.
    escaped = _spell(path)
    cleaned = "/" + posixpath.normpath(escaped).lstrip("/") if path else "/"
    if escaped.endswith(("/", "/.", "/..")) and not cleaned.endswith("/"):
        cleaned += "/"
    return cleaned


def _clean_query(query: str) -> str:
    fields = (field for field in query.split("&") if field and not TRACKING.match(field.partition("=")[0]))
    return "&".join(map(_spell, fields))


def _spell(text: str) -> str:
    return ESCAPE_OR_UNSAFE.sub(_spell_one, text)


def _spell_one(found: re.Match[str]) -> str:
    if not found[1]:
        return quote(found[0], safe="", errors="replace")
    char = chr(int(found[1], 16))
    return char if char in UNRESERVED else found[0].upper()


def host_port(url: str) -> str:
    """`host:port`, the port always named, an IPv6 address in brackets."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}"


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
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    special = not ip.is_global or ip.is_multicast or ip.is_reserved
    return special or any(ip in network for network in REFUSED_NETWORKS if network.version == ip.version)
