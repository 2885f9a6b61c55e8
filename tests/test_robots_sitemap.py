"""robots.txt and sitemaps: text in, rules and addresses out."""

import gzip
import time

import pytest

from crawler import robots, sitemap
from crawler.errors import FetchFailed

HOST = "https://shop.example"
RULES = b"""\
User-agent: *
Disallow: /staff/
Disallow: /*.php$
Allow: /staff/faq

User-agent: Slow
Crawl-delay: 2.5
Disallow:

Sitemap: https://shop.example/a.xml
Sitemap: https://shop.example/b.xml
"""


def rules(body: bytes, status: int = 200, agent: str = "Kefu") -> robots.Robots:
    return robots.parse(status, body, agent, HOST)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", True), ("/staff/x", False), ("/staff/faq", True), ("/a.php", False), ("/a.php5", True), ("/staffing", True)],
)
def test_rules_are_obeyed(path: str, expected: bool) -> None:
    assert expected == rules(RULES).allows(HOST + path)


def test_rules_for_our_name_win() -> None:
    text = b"User-agent: *\nDisallow:\n\nUser-agent: kefu\nDisallow: /help/\n"

    assert not rules(text).allows(f"{HOST}/help/faq")
    assert rules(text, agent="Other").allows(f"{HOST}/help/faq")


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410])
def test_no_robots_txt_allows_everything(status: int) -> None:
    assert rules(b"User-agent: *\nDisallow: /", status).allows(f"{HOST}/staff/")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_error_asks_to_wait(status: int) -> None:
    with pytest.raises(FetchFailed, match=rf"^https://shop.example/robots.txt answers {status}.*Try again later$"):
        rules(b"", status)


def test_crawl_delay() -> None:
    assert 2.5 == rules(RULES, agent="Slow").delay_s
    assert 0.0 == rules(RULES).delay_s
    assert 0.0 == rules(b"User-agent: *\nCrawl-delay: soon").delay_s


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Request-rate: 1/5", 5.0),
        ("Request-rate: 10/1m", 6.0),
        ("Request-rate: 1/5\nCrawl-delay: 9", 9.0),
        ("Request-rate: 0/5", 0.0),
        ("Request-rate: often", 0.0),
        ("Crawl-delay: -5", 0.0),
        ("Crawl-delay: nan", 0.0),
        ("Crawl-delay: inf", 0.0),
    ],
)
def test_request_rate(lines: str, expected: float) -> None:
    assert expected == rules(f"User-agent: *\n{lines}".encode()).delay_s


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", set()),
        ("noindex", {"noindex"}),
        ("NoIndex, NOFOLLOW", {"noindex", "nofollow"}),
        ("kefu: noindex, nofollow", {"noindex", "nofollow"}),
        ("googlebot: noindex, nofollow", set()),
        ("googlebot: noindex, kefu: nofollow", {"nofollow"}),
        ("nofollow, googlebot: noindex", {"nofollow"}),
        ("max-snippet: 20, noindex", {"noindex"}),
        ("unavailable_after: 25 Jun 2010 15:00:00 GMT, nofollow", {"nofollow"}),
    ],
)
def test_what_a_header_asks(header: str, expected: set[str]) -> None:
    asks = robots.asked_by_header({"x-robots-tag": header} if header else {}, "Kefu")

    assert expected == asks & {"noindex", "nofollow", "none"}


def test_sitemap_lines() -> None:
    assert ["https://shop.example/a.xml", "https://shop.example/b.xml"] == list(rules(RULES).sitemaps())


@pytest.mark.parametrize("body", [b"<html>Not found</html>", b"\xff\xfe\x00", b"Disallow: /", b""])
def test_garbage_allows_everything(body: bytes) -> None:
    assert rules(body).allows(f"{HOST}/faq")


def test_a_byte_order_mark_hides_no_rule() -> None:
    assert not rules(b"\xef\xbb\xbf" + RULES).allows(f"{HOST}/staff/x")


URLSET = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> https://shop.example/faq </loc><lastmod>2026-10-09</lastmod>
    <image:image><image:loc>https://shop.example/pen.jpg</image:loc></image:image></url>
  <url><loc>https://shop.example/a?b=1&amp;c=2</loc></url>
</urlset>"""
PAGES = ("https://shop.example/faq", "https://shop.example/a?b=1&c=2")
GZIPPED_TWICE = gzip.compress(URLSET[:200]) + gzip.compress(URLSET[200:])  # one file of two members


@pytest.mark.parametrize("body", [URLSET, gzip.compress(URLSET), GZIPPED_TWICE, URLSET.split(b"\n", 1)[1]])
def test_a_sitemap_names_pages(body: bytes) -> None:
    assert sitemap.Sitemap(pages=PAGES, is_whole=True) == sitemap.parse(body)


def test_a_sitemap_without_a_namespace() -> None:
    assert ("https://shop.example/x",) == sitemap.parse(
        b"<urlset><url><loc>https://shop.example/x</loc></url></urlset>"
    ).pages


def test_what_was_changed_last_comes_first_and_nothing_is_left_out() -> None:
    dates = ("2024-05-05", "", "2026-10-09T08:00:00+00:00", "2020-01-01", "yesterday")
    rows = "".join(f"<url><loc>https://s.example/{n}</loc><lastmod>{d}</lastmod></url>" for n, d in enumerate(dates))

    pages = sitemap.parse(f"<urlset>{rows}</urlset>".encode()).pages

    assert [2, 0, 3] == [number for number in (int(page[-1]) for page in pages) if number in (0, 2, 3)]
    assert 5 == len(pages)


def test_an_index_names_sitemaps() -> None:
    body = b"<sitemapindex><sitemap><loc>https://shop.example/zh.xml.gz</loc></sitemap></sitemapindex>"

    assert sitemap.Sitemap(sitemaps=("https://shop.example/zh.xml.gz",), is_whole=True) == sitemap.parse(body)


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>Are you human?</p></html>", URLSET[:-40], gzip.compress(URLSET)[:-40]]
)
def test_what_is_no_whole_sitemap_says_nothing_of_pages_that_it_leaves_out(body: bytes) -> None:
    assert not sitemap.parse(body).is_whole


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE urlset SYSTEM "http://evil.example/x.dtd">',
        b'<!DOCTYPE u [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_doctype_is_refused(prologue: bytes) -> None:
    body = prologue + b"<urlset><url><loc>https://shop.example/&a;</loc></url></urlset>"

    assert sitemap.Sitemap() == sitemap.parse(body)


def test_an_entity_is_not_expanded_wherever_it_hides() -> None:
    entity = b'<!DOCTYPE u [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    body = b"<!--" + b" " * 3000 + b"-->" + entity + b"<urlset><url><loc>https://shop.example/&a;</loc></url></urlset>"

    assert "root:" not in "".join(sitemap.parse(body).pages)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE u [<!ENTITY l0 "lol">{LAUGHS}]><urlset><url><loc>&l9;</loc></url></urlset>',
    "quadratic": f'<!DOCTYPE u [<!ENTITY a "{"a" * 50_000}">]><urlset><url><loc>{"&a;" * 50_000}</loc></url></urlset>',
    "parameter": '<!DOCTYPE u [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><urlset></urlset>',
    "external": '<!DOCTYPE u PUBLIC "-//x" "http://127.0.0.1:9/x.dtd"><urlset><url><loc>https://s.example/</loc></url></urlset>',
    "deep": "<urlset>" + "<url>" * 100_000,
    "wide": "<urlset " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("hidden", [0, 3000])
@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_does_no_harm(name: str, hidden: int, encoding: str) -> None:
    body = ("<!--" + " " * hidden + "-->" + BOMBS[name]).encode(encoding)
    began = time.monotonic()

    pages = sitemap.parse(body).pages

    assert () == pages
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<html><body>Not found", b"\x00\xff", b"\x1f\x8bnot gzip", gzip.compress(b""), b"<a/>"]
)
def test_what_is_no_sitemap_names_nothing(body: bytes) -> None:
    assert sitemap.Sitemap() == sitemap.parse(body)


def test_a_truncated_sitemap_names_what_it_can() -> None:
    assert PAGES[0] in sitemap.parse(URLSET[:-60]).pages


def test_a_gzip_bomb_is_capped() -> None:
    padding = (b"<!--" + b" " * 2**20 + b"-->") * 12
    bomb = gzip.compress(URLSET.replace(b"</urlset>", padding + b"<url><loc>after the limit</loc></url></urlset>"))

    assert len(bomb) < 100_000 < sitemap.MAX_BYTES < len(padding)
    assert PAGES == sitemap.parse(bomb).pages


def test_the_number_of_pages_is_capped() -> None:
    row = b"<url><loc>https://shop.example/x</loc></url>"
    body = b"<urlset>" + row * (sitemap.MAX_URLS + 5) + b"</urlset>"

    assert sitemap.MAX_URLS == len(sitemap.parse(body).pages)
