"""Sitemap XML to URLs (sitemaps.org 0.9). Pure; entities are not expanded and nothing is loaded."""

import zlib
from dataclasses import dataclass

from lxml import etree

MAX_BYTES = 10 * 1024 * 1024
MAX_URLS = 50_000


@dataclass(frozen=True)
class Sitemap:
    """Page addresses, and the addresses of further sitemaps when the file is an index."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


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
    if root is None:
        return Sitemap()
    found = tuple(
        text.strip() for text in root.xpath("//*[local-name()='loc' and not(ancestor::*[local-name()='image'])]/text()")
    )[:MAX_URLS]
    return Sitemap(sitemaps=found) if etree.QName(root).localname == "sitemapindex" else Sitemap(pages=found)


def _inflate(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body[:MAX_BYTES]
    try:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        return inflater.decompress(body, MAX_BYTES)
    except zlib.error:
        return b""
