"""Walks over sites that are a table of pages."""

from collections.abc import Callable

import pytest

from crawler.crawl import CrawlPolicy, Skip, crawl, to_page
from crawler.errors import FetchFailed, UrlRefused
from crawler.fetch import Fetch, Response, fake_fetch
from crawler.links import PageLinks, read_links
from crawler.records import Page

HOST = "https://shop.example"


def page(
    html: str, status: int = 200, kind: str = "text/html; charset=utf-8", at: str = ""
) -> Callable[[str], Response]:
    return lambda url: Response(at or url, status, kind, html.encode())


def links(*paths: str) -> Callable[[str], Response]:
    return page("".join(f'<a href="{path}">x</a>' for path in paths))


def site(pages: dict[str, Callable[[str], Response]], visits: list[str] | None = None) -> Fetch:
    """A fetch for the paths of `pages`; `visits` notes what was asked for."""
    fetch = fake_fetch({HOST + path: make(HOST + path) for path, make in pages.items()})

    def noted(url: str) -> Response:
        if visits is not None:
            visits.append(url.removeprefix(HOST))
        return fetch(url)

    return noted


def walk(fetch: Fetch, *seeds: str, **policy: object) -> tuple[list[str], list[tuple[str, str]]]:
    """Paths of the pages, and (path, reason) of the skips."""
    found = list(crawl(seeds or (f"{HOST}/",), fetch=fetch, policy=CrawlPolicy(delay_s=0, **policy)))  # type: ignore[arg-type]
    return (
        [item.url.removeprefix(HOST) for item in found if isinstance(item, Page)],
        [(item.url.removeprefix(HOST), item.reason) for item in found if isinstance(item, Skip)],
    )


def test_links_are_followed_breadth_first_and_no_page_twice() -> None:
    visits: list[str] = []
    fetch = site(
        {"/": links("/a", "/b", "/a#x", "/"), "/a": links("/c", "/b?utm_source=x"), "/b": links("/"), "/c": links()},
        visits,
    )

    assert (["/", "/a", "/b", "/c"], []) == walk(fetch)
    assert ["/robots.txt", "/sitemap.xml", "/", "/a", "/b", "/c"] == visits


def test_a_page_carries_address_text_and_time() -> None:
    (found,) = crawl([HOST], fetch=site({"/": page("你好")}), policy=CrawlPolicy(delay_s=0))

    assert isinstance(found, Page)
    assert (f"{HOST}/", "你好", "+00:00") == (found.url, found.html, found.fetched_at[-6:])


def test_a_response_becomes_a_page_in_its_own_charset() -> None:
    response = Response(f"{HOST}/", 200, "text/html; charset=gb2312", "退货".encode("gb18030"))

    assert "退货" == to_page(response).html


def test_a_disallowed_page_is_reported_and_not_fetched() -> None:
    visits: list[str] = []
    fetch = site(
        {
            "/robots.txt": page("User-agent: *\nDisallow: /staff/"),
            "/": links("/staff/x", "/a"),
            "/a": links(),
            "/staff/x": links(),
        },
        visits,
    )

    assert (["/", "/a"], [("/staff/x", "robots")]) == walk(fetch)
    assert "/staff/x" not in visits


def test_a_disallowed_seed_is_no_exception() -> None:
    fetch = site({"/robots.txt": page("User-agent: *\nDisallow: /"), "/": page("hi")})

    assert ([], [("/", "robots")]) == walk(fetch)


def test_a_redirect_is_no_way_around_robots_txt() -> None:
    fetch = site(
        {
            "/robots.txt": page("User-agent: *\nDisallow: /staff/"),
            "/": links("/a"),
            "/a": page("secret", at=f"{HOST}/staff/x"),
        }
    )

    assert (["/"], [("/a", "robots")]) == walk(fetch)


def test_robots_txt_that_fails_stops_the_crawl() -> None:
    with pytest.raises(FetchFailed, match="asks to be left alone"):
        walk(site({"/robots.txt": page("", status=503), "/": page("hi")}))


def test_a_seed_that_must_not_be_fetched_stops_the_crawl() -> None:
    with pytest.raises(UrlRefused):
        walk(site({}), "ftp://shop.example/")


def test_sitemap_and_links_are_both_used() -> None:
    fetch = site(
        {
            "/sitemap.xml": page(
                f"<urlset><url><loc>{HOST}/mapped</loc></url><url><loc>/picture.png</loc></url></urlset>"
            ),
            "/": links("/linked"),
            "/linked": links(),
            "/mapped": links("/deep"),
            "/deep": links(),
        }
    )

    assert (["/", "/mapped", "/linked", "/deep"], []) == walk(fetch)


def test_sitemaps_of_robots_txt_and_of_an_index() -> None:
    visits: list[str] = []
    fetch = site(
        {
            "/robots.txt": page(f"Sitemap: {HOST}/index.xml\nSitemap: https://other.example/s.xml\nSitemap: ftp://x/"),
            "/index.xml": page(
                f"<sitemapindex><sitemap><loc>{HOST}/1.xml</loc></sitemap><sitemap><loc>{HOST}/index.xml</loc></sitemap></sitemapindex>"
            ),
            "/1.xml": page(f"<urlset><url><loc>{HOST}/a</loc></url><url><loc>ftp://x/</loc></url></urlset>"),
            "/": links(),
            "/a": links(),
        },
        visits,
    )

    assert (["/", "/a"], []) == walk(fetch)
    assert ["/robots.txt", "/index.xml", "/1.xml", "/", "/a"] == visits


def test_a_sitemap_that_fails_is_passed_over() -> None:
    def fetch(url: str) -> Response:
        if url.endswith(".xml"):
            raise FetchFailed("too large")
        return site({"/": links()})(url)

    assert (["/"], []) == walk(fetch)


def test_scope_is_the_folder_of_the_seed() -> None:
    fetch = site(
        {
            "/help/faq": links("/help/a", "/helpful", "/about", "https://other.example/help/x", "/help/a.pdf"),
            "/help/a": links(),
            "/sitemap.xml": page(
                f"<urlset><url><loc>{HOST}/help/b</loc></url><url><loc>{HOST}/shop</loc></url></urlset>"
            ),
            "/help/b": links(),
        }
    )

    assert (["/help/faq", "/help/b", "/help/a"], []) == walk(fetch, f"{HOST}/help/faq")


def test_several_seeds_open_several_folders() -> None:
    fetch = site({"/zh/": links("/zh/a", "/x"), "/en/": links("/en/b"), "/zh/a": links(), "/en/b": links()})

    assert (["/zh/", "/en/", "/zh/a", "/en/b"], []) == walk(fetch, f"{HOST}/zh/", f"{HOST}/en/")


def test_include_opens_and_exclude_closes() -> None:
    fetch = site(
        {"/help/": links("/faq/1", "/faq/2", "/help/a"), "/faq/1": links(), "/faq/2": links(), "/help/a": links()}
    )

    assert (["/help/", "/faq/1"], []) == walk(fetch, f"{HOST}/help/", include=("/faq/",), exclude=("/2$",))
    assert (["/help/", "/help/a"], []) == walk(fetch, f"{HOST}/help/", exclude=("/faq/",))


def test_max_pages_stops_and_says_so() -> None:
    fetch = site({"/": links("/a", "/b", "/c"), "/a": links(), "/b": links(), "/c": links()})

    assert (["/", "/a"], [("/b", "limit")]) == walk(fetch, max_pages=2)
    assert (["/", "/a", "/b", "/c"], []) == walk(fetch, max_pages=4)


def test_max_depth() -> None:
    fetch = site({"/": links("/1"), "/1": links("/2"), "/2": links("/3")})

    assert (["/", "/1"], []) == walk(fetch, max_depth=1)


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        ("", 1.5),
        ("User-agent: *\nCrawl-delay: 4", 4.0),
        ("User-agent: *\nCrawl-delay: 0.1", 1.5),
        ("User-agent: *\nCrawl-delay: 9999", 30.0),
    ],
)
def test_a_pause_before_each_request(robots: str, expected: float) -> None:
    fetch = site({"/robots.txt": page(robots), "/": links("/a"), "/a": links()})
    waits: list[float] = []

    pages = list(crawl([HOST], fetch=fetch, policy=CrawlPolicy(delay_s=1.5), wait=waits.append))

    assert 2 == len(pages)
    assert [expected] * 3 == waits  # /sitemap.xml, / and /a


def test_noindex_is_obeyed_and_its_links_are_followed() -> None:
    fetch = site({"/": page('<meta name="ROBOTS" content="NoIndex"><a href="/a">x</a>'), "/a": links()})

    assert (["/a"], [("/", "noindex")]) == walk(fetch)


def test_a_page_is_known_by_its_canonical_link() -> None:
    fetch = site(
        {
            "/": links("/a?print=1", "/a", "/b"),
            "/a?print=1": page('<link rel="canonical" href="/a">'),
            "/a": page('<link rel="canonical" href="/a">'),
            "/b": page('<link rel="canonical" href="https://other.example/b">'),
        }
    )

    assert (["/", "/a", "/b"], []) == walk(fetch)


def test_two_redirects_to_one_page_give_it_once() -> None:
    fetch = site({"/": links("/a", "/b"), "/a": page("x", at=f"{HOST}/c"), "/b": page("x", at=f"{HOST}/c")})

    assert (["/", "/c"], []) == walk(fetch)


def test_pages_that_fail_are_reported() -> None:
    known = site(
        {
            "/": links("/gone", "/missing", "/error", "/broken", "/refused", "/json", "/a"),
            "/gone": page("", status=410),
            "/error": page("", status=500),
            "/json": page("{}", kind="application/json"),
            "/a": links(),
        }
    )

    def fetch(url: str) -> Response:
        if url == f"{HOST}/broken":
            raise FetchFailed("broke off")
        if url == f"{HOST}/refused":
            raise UrlRefused("private")
        return known(url)

    pages, skips = walk(fetch)

    assert ["/", "/a"] == pages
    assert [
        ("/gone", "gone"),
        ("/missing", "gone"),
        ("/error", "failed"),
        ("/broken", "failed"),
        ("/refused", "failed"),
        ("/json", "not_html"),
    ] == skips


def test_the_detail_of_a_skip_says_what_happened() -> None:
    details = [
        item.detail
        for item in crawl([HOST], fetch=site({"/": page("", 500)}), policy=CrawlPolicy(delay_s=0))
        if isinstance(item, Skip)
    ]

    assert [f"{HOST}/ answers 500"] == details


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="a">1</a><a href="/b#x">2</a><area href="c"><a href="a">3</a>', ("/help/a", "/b", "/help/c")),
        ('<base href="/other/"><a href="a">1</a>', ("/other/a",)),
        ('<a href="#x">1</a><a href="mailto:a@b">2</a><a href="tel:1">3</a><a href="javascript:x()">4</a><a>5</a>', ()),
        ('<a href="ftp://shop.example/">1</a><a href="http://[">2</a><a href="/x.zip">3</a>', ()),
        ('<a rel="NoFollow ugc" href="a">1</a><a href="b">2</a>', ("/help/b",)),
        ('<meta name="robots" content="nofollow"><a href="a">1</a>', ()),
        ('<meta name="robots" content="index, follow"><a href="a">1</a>', ("/help/a",)),
        ("", ()),
        ("\x00", ()),
        ("<!-- <a href=a> -->", ()),
    ],
)
def test_links_of_a_page(html: str, expected: tuple[str, ...]) -> None:
    assert tuple(HOST + path for path in expected) == read_links(html, f"{HOST}/help/").links


def test_none_means_neither_index_nor_follow() -> None:
    html = '<meta name="robots" content="none"><a href="/a">x</a>'

    assert PageLinks(noindex=True) == read_links(html, f"{HOST}/")
