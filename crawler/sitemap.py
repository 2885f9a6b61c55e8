"""Sitemap XML to URLs (sitemaps.org 0.9). Pure; entities are not expanded and nothing is loaded."""

import contextlib
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from crawler.inflate import MAGIC, gunzip

MAX_BYTES = 10 * 1024 * 1024
MAX_URLS = 50_000


@dataclass(frozen=True)
class Sitemap:
    """Page addresses, or those of further sitemaps when the file is an index; what was changed last comes first.

    Generators often set one date for all: the order is a hint, and no page is passed over for its date.
    """

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    is_whole: bool = False


def parse(body: bytes) -> Sitemap:
    """Read a sitemap or sitemap index, gzipped or not. What is no sitemap gives an empty one; never raises."""
    xml = _inflate(body)
    if b"<!DOCTYPE" in xml[:2048] or b"<!ENTITY" in xml[:2048]:
        return Sitemap()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        return Sitemap()
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        return Sitemap()
    kind, found = etree.QName(root).localname, _newest_first(root)
    whole = kind in ("sitemapindex", "urlset") and len(found) < MAX_URLS and not parser.error_log
    return Sitemap(sitemaps=found, is_whole=whole) if kind == "sitemapindex" else Sitemap(found, is_whole=whole)


def _newest_first(root: Any) -> tuple[str, ...]:
    rows = islice(root.iter("{*}url", "{*}sitemap"), MAX_URLS)
    dated = [(_text(row, "lastmod"), address) for row in rows if (address := _text(row, "loc"))]
    # ISO dates sort as text; the sort is stable, so that those without a date keep their order at the end.
    return tuple(address for _, address in sorted(dated, key=lambda pair: pair[0], reverse=True))


def _text(row: Any, name: str) -> str:
    return (row.findtext(f"{{*}}{name}") or "").strip()


def _inflate(body: bytes) -> bytes:
    if not body.startswith(MAGIC):
        return body[:MAX_BYTES]
    found = bytearray()
    with contextlib.suppress(zlib.error):  # what came before it still names pages, and is not taken for the whole
        for piece in gunzip([body]):
            found += piece
            if len(found) >= MAX_BYTES:
                break
    return bytes(found)
