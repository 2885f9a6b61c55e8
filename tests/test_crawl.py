"""Walks over sites that are a table of pages."""

from dataclasses import replace

import pytest

from crawler.crawl import crawl
from crawler.errors import FetchFailed, PageBroken, UrlRefused
from crawler.extract.document import parse
from crawler.frontier import CrawlPolicy
from crawler.links import PageLinks, links_of
from crawler.records import FaqEntry
from crawler.response import Response, Validators
from crawler.survey import Survey, survey
from crawler.visits import End, Fetched, Outcome, Skip, Unchanged
from tests.walks import HOST, NOTHING_KNOWN, Web, end, faq, links, moved, page, states, visits, walk


def test_links_are_followed_breadth_first_and_no_page_twice() -> None:
    web = Web(
        {"/": links("/a", "/b", "/a#x", "/"), "/a": links("/c", "/b?utm_source=x"), "/b": links("/"), "/c": links()}
    )

    assert (["/", "/a", "/b", "/c"], []) == walk(web)
    assert ["/robots.txt", "/sitemap.xml", "/", "/a", "/b", "/c"] == web.asked


def test_the_order_does_not_depend_on_which_answer_comes_first() -> None:
    pages = {"/": links(*(f"/{n}" for n in range(20)))} | {f"/{n}": links(f"/{n}/a", f"/{n}/b") for n in range(20)}

    orders = {tuple(walk(Web(dict(pages)), connections=connections)[0]) for connections in (1, 2, 2, 2)}

    assert 1 == len(orders)


def test_a_page_carries_what_it_says_and_what_to_remember() -> None:
    web = Web({"/": faq("Paid", "/a", head='<html lang="en">', etag='"1"', last_modified="Mon")})

    (found, gone, last) = visits(web)

    assert isinstance(found, Fetched)
    assert "Paid?" == found.survey.entries[0].question
    state = found.state
    assert (f"{HOST}/", '"1"', "Mon", "en", (f"{HOST}/a",)) == (
        state.url, state.etag, state.last_modified, state.language, state.links,
    )  # fmt: skip
    assert (found.survey.entries[0].id,) == state.entries
    assert "+00:00" == state.fetched_at[-6:]
    assert isinstance(gone, Skip)
    assert End() == last


def test_a_disallowed_page_is_reported_and_not_fetched() -> None:
    web = Web({"/robots.txt": page("User-agent: *\nDisallow: /staff/"), "/": links("/staff/x", "/a"), "/a": links()})

    assert (["/", "/a"], [("/staff/x", "robots")]) == walk(web)
    assert "/staff/x" not in web.asked


def test_a_disallowed_seed_is_no_exception() -> None:
    assert ([], [("/", "robots")]) == walk(Web({"/robots.txt": page("User-agent: *\nDisallow: /"), "/": page("hi")}))


def test_a_redirect_is_no_way_around_robots_txt() -> None:
    web = Web(
        {"/robots.txt": page("User-agent: *\nDisallow: /staff/"), "/": links("/a"), "/a": moved("/staff/x")},
    )

    assert (["/"], [("/a", "moved"), ("/staff/x", "robots")]) == walk(web)
    assert "/staff/x" not in web.asked


def test_the_other_host_of_a_site_has_its_own_robots_txt() -> None:
    web = Web(
        {
            "/": links("https://www.shop.example/a", "https://www.shop.example/b"),
            "https://www.shop.example/robots.txt": page("User-agent: *\nDisallow: /b"),
            "https://www.shop.example/a": links(),
        }
    )

    assert (["/", "https://www.shop.example/a"], [("https://www.shop.example/b", "robots")]) == walk(web)


def test_a_host_whose_robots_txt_fails_is_left_alone() -> None:
    web = Web({"/": links("https://www.shop.example/a"), "https://www.shop.example/robots.txt": page("", 503)})

    assert (["/"], [("https://www.shop.example/a", "failed")]) == walk(web)
    assert "https://www.shop.example/a" not in web.asked


def test_robots_txt_that_fails_stops_the_crawl() -> None:
    web = Web({"/robots.txt": page("", status=503), "/": page("hi")})

    with pytest.raises(FetchFailed, match="asks to be left alone"):
        walk(web)

    assert ["/robots.txt"] * 3 == web.asked


def test_robots_txt_that_comes_at_the_second_try() -> None:
    web = Web({"/": links()})
    tries = iter([page("", 503)])
    web.pages["/robots.txt"] = lambda url: next(tries, page("", 404))(url)

    assert (["/"], []) == walk(web)


def test_robots_txt_behind_a_redirect() -> None:
    web = Web({"/robots.txt": moved("/r.txt"), "/r.txt": page("User-agent: *\nDisallow: /a"), "/": links("/a")})

    assert (["/"], [("/a", "robots")]) == walk(web)


def test_a_seed_that_must_not_be_fetched_stops_the_crawl() -> None:
    with pytest.raises(UrlRefused):
        walk(Web({}), "ftp://shop.example/")


def test_sitemap_and_links_are_both_used() -> None:
    rows = "".join(f"<url><loc>{where}</loc></url>" for where in (f"{HOST}/mapped", "/picture.png"))
    web = Web(
        {
            "/sitemap.xml": page(f"<urlset>{rows}</urlset>", kind="text/xml"),
            "/": links("/linked"),
            "/linked": links(),
            "/mapped": links("/deep"),
            "/deep": links(),
        }
    )

    assert (["/", "/mapped", "/linked", "/deep"], []) == walk(web)


def test_what_the_sitemap_says_was_changed_last_comes_first() -> None:
    rows = "".join(
        f"<url><loc>{HOST}/{name}</loc><lastmod>{date}</lastmod></url>"
        for name, date in (("old", "2020-01-01"), ("new", "2026-10-09"), ("mid", "2024-05-05"))
    )
    pages = {"/sitemap.xml": page(f"<urlset>{rows}</urlset>"), "/old": links(), "/new": links(), "/mid": links()}

    assert ["/", "/new", "/mid", "/old"] == walk(Web(pages | {"/": links()}))[0]


def test_sitemaps_of_robots_txt_and_of_an_index() -> None:
    nested = f"<sitemap><loc>{HOST}/1.xml</loc></sitemap><sitemap><loc>{HOST}/index.xml</loc></sitemap>"
    web = Web(
        {
            "/robots.txt": page(f"Sitemap: {HOST}/index.xml\nSitemap: https://other.example/s.xml\nSitemap: ftp://x/"),
            "/index.xml": page(f"<sitemapindex>{nested}</sitemapindex>"),
            "/1.xml": page(f"<urlset><url><loc>{HOST}/a</loc></url><url><loc>ftp://x/</loc></url></urlset>"),
            "/": links(),
            "/a": links(),
        }
    )

    assert (["/", "/a"], []) == walk(web)
    assert ["/robots.txt", "/index.xml", "/1.xml", "/", "/a"] == web.asked


def test_a_sitemap_that_fails_is_passed_over_and_nothing_is_called_unlinked() -> None:
    web = Web({"/sitemap.xml": page("", 500), "/": links()})

    found = visits(web, known=states(visits(Web({"/": links("/a"), "/a": links()}))))

    assert [f"{HOST}/"] == [visit.url for visit in found if isinstance(visit, Fetched | Unchanged | Skip)]
    assert not end(found).whole


def test_scope_is_the_folder_of_the_seed() -> None:
    rows = "".join(f"<url><loc>{HOST}{path}</loc></url>" for path in ("/help/b", "/shop"))
    web = Web(
        {
            "/help/faq": links("/help/a", "/helpful", "/about", "https://other.example/help/x", "/help/a.pdf"),
            "/help/a": links(),
            "/sitemap.xml": page(f"<urlset>{rows}</urlset>"),
            "/help/b": links(),
        }
    )

    assert (["/help/faq", "/help/b", "/help/a"], []) == walk(web, f"{HOST}/help/faq")


def test_scope_holds_for_the_goal_of_a_redirect() -> None:
    web = Web({"/help/": links("/help/a", "/help/b"), "/help/a": moved("/account/login"), "/help/b": moved("/help/c")})
    web.pages |= {"/account/login": links(), "/help/c": links()}

    assert (["/help/", "/help/c"], [("/help/a", "moved"), ("/help/b", "moved")]) == walk(web, f"{HOST}/help/")


def test_a_seed_that_has_moved_takes_its_scope_along() -> None:
    web = Web({"/help/": moved("/hc/en/"), "/hc/en/": links("/hc/en/a", "/hc/de/a"), "/hc/en/a": links()})

    assert (["/hc/en/", "/hc/en/a"], [("/help/", "moved")]) == walk(web, f"{HOST}/help/")


def test_a_redirect_to_another_site_is_not_followed() -> None:
    web = Web({"/": links("/a"), "/a": moved("https://other.example/a")})

    assert (["/"], [("/a", "moved")]) == walk(web)
    assert "https://other.example/a" not in web.asked


def test_a_fetch_that_follows_redirects_itself_serves_too() -> None:
    web = Web({"/": links("/a"), "/a": lambda url: links()(f"{HOST}/b"), "/b": links()})

    assert (["/", "/b"], [("/a", "moved")]) == walk(web)


@pytest.mark.parametrize(
    "pages",
    [
        {"/a": moved("/a")},
        {"/a": moved("/b"), "/b": moved("/a")},
        {"/a": moved("/a/"), "/a/": moved("/a")},
        {"/a": moved("")},
    ],
)
def test_redirects_in_a_circle_end(pages: dict[str, object]) -> None:
    web = Web({"/": links("/a"), **pages})  # type: ignore[dict-item]

    assert ["/"] == walk(web)[0]
    assert len(web.asked) <= 5


def test_an_endless_chain_of_redirects_ends() -> None:
    web = Web({"/": links("/r/0")} | {f"/r/{n}": moved(f"/r/{n + 1}") for n in range(100)})

    assert ["/"] == walk(web)[0]
    assert len(web.asked) <= 3 + 6


def test_several_seeds_open_several_folders() -> None:
    web = Web({"/zh/": links("/zh/a", "/x"), "/en/": links("/en/b"), "/zh/a": links(), "/en/b": links()})

    assert (["/zh/", "/en/", "/zh/a", "/en/b"], []) == walk(web, f"{HOST}/zh/", f"{HOST}/en/")


def test_include_opens_and_exclude_closes() -> None:
    pages = {"/help/": links("/faq/1", "/faq/2", "/help/a"), "/faq/1": links(), "/faq/2": links(), "/help/a": links()}

    assert (["/help/", "/faq/1"], []) == walk(Web(dict(pages)), f"{HOST}/help/", include=("/faq/",), exclude=("/2$",))
    assert (["/help/", "/help/a"], []) == walk(Web(dict(pages)), f"{HOST}/help/", exclude=("/faq/",))


def test_a_limit_ends_the_crawl_and_says_how_much_it_left() -> None:
    web = Web({"/": links("/a", "/b", "/c"), "/a": links(), "/b": links(), "/c": links()})

    found = visits(web, max_pages=2)

    assert [f"{HOST}/", f"{HOST}/a"] == [visit.url for visit in found if isinstance(visit, Fetched)]
    assert End("max_pages", whole=False, left_out=(("max_pages", 2),)) == end(found)
    assert End() == end(visits(web, max_pages=4))


def test_the_limit_of_depth_is_said() -> None:
    web = Web({"/": links("/1"), "/1": links("/2", "/also"), "/2": links("/3")})

    assert End(whole=False, left_out=(("max_depth", 2),)) == end(visits(web, max_depth=1))


def test_the_limits_of_bytes_and_of_time() -> None:
    big = page("<p>" + "x" * 600_000 + "</p>" + "".join(f'<a href="/{n}">x</a>' for n in range(40)))
    web = Web({"/": big} | {f"/{n}": big for n in range(40)})

    assert "max_mib" == end(visits(web, max_mib=1, connections=1)).stopped_by
    assert len(web.asked) < 20

    slow = Web({"/": links(*(f"/{n}" for n in range(200)))} | {f"/{n}": links() for n in range(200)})
    assert "max_minutes" == end(visits(slow, max_minutes=1, delay_s=1.0)).stopped_by
    assert 55 <= len(slow.asked) <= 75


def test_a_site_that_breaks_down_is_left_alone() -> None:
    web = Web({"/": links(*(f"/{n}" for n in range(200)))} | {f"/{n}": page("", 500) for n in range(200)})

    found = visits(web)

    assert "failing" == end(found).stopped_by
    assert len(web.asked) < 40


def test_a_server_that_is_busy_gets_the_time_it_asks_for() -> None:
    web = Web({"/": links("/a"), "/a": links()})
    answers = iter([page("", 429, retry_after="7"), page("", 503)])
    web.pages["/a"] = lambda url: next(answers, links())(url)

    assert (["/", "/a"], []) == walk(web)
    first, second, third = (at for at, name in zip(web.at, web.asked, strict=True) if name == "/a")
    assert second - first >= 7
    assert third >= second


def test_a_server_that_stays_busy_is_given_up() -> None:
    web = Web({"/": links("/a"), "/a": page("", 503, retry_after="100000")})

    assert (["/"], [("/a", "failed")]) == walk(web)
    assert 3 == web.asked.count("/a")
    assert web.time.seconds <= 2 * 120


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        ("", 1.5),
        ("User-agent: *\nCrawl-delay: 4", 4.0),
        ("User-agent: *\nRequest-rate: 1/5", 5.0),
        ("User-agent: *\nCrawl-delay: 0.1", 1.5),
        ("User-agent: *\nCrawl-delay: 9999", 30.0),
    ],
)
def test_a_pause_before_each_request(robots: str, expected: float) -> None:
    web = Web({"/robots.txt": page(robots), "/": links("/a"), "/a": links()})

    walk(web, delay_s=1.5)

    assert [0.0, *(expected * n for n in (1, 2, 3))] == web.at  # robots.txt, sitemap.xml, / and /a


def test_no_delay_means_no_waiting() -> None:
    web = Web({"/": links("/a"), "/a": page("", 503)})

    walk(web)

    assert [] == web.time.waits


def test_noindex_is_obeyed_and_its_links_are_followed() -> None:
    web = Web({"/": page('<meta name="ROBOTS" content="NoIndex"><a href="/a">x</a>'), "/a": links()})

    assert (["/a"], [("/", "noindex")]) == walk(web)


@pytest.mark.parametrize(
    ("header", "pages", "skips"),
    [
        ("noindex", ["/a"], [("/", "noindex")]),
        ("none", [], [("/", "noindex")]),
        ("kefu: noindex, nofollow", [], [("/", "noindex")]),
        ("otherbot: none", ["/", "/a"], []),
        ("unavailable_after: 25 Jun 2010", ["/", "/a"], []),
        ("nofollow", ["/"], []),
    ],
)
def test_x_robots_tag_is_obeyed(header: str, pages: list[str], skips: list[tuple[str, str]]) -> None:
    web = Web({"/": page('<a href="/a">x</a>', x_robots_tag=header), "/a": links()})

    assert (pages, skips) == walk(web)


ORIGINAL = '<link rel="canonical" href="/a">'


def test_a_page_is_known_by_the_one_it_calls_original() -> None:
    web = Web({"/": links("/a?print=1", "/a"), "/a?print=1": faq("x", head=ORIGINAL), "/a": faq("x", head=ORIGINAL)})

    assert (["/", "/a"], [("/a?print=1", "duplicate")]) == walk(web)


def test_an_original_that_is_linked_nowhere_is_found() -> None:
    web = Web({"/": links("/a?print=1"), "/a?print=1": faq("x", head=ORIGINAL), "/a": faq("x")})

    assert (["/", "/a"], [("/a?print=1", "duplicate")]) == walk(web)


@pytest.mark.parametrize("home", [faq("home", "/b", "/c"), page("", 404), page("", 500), moved("/b")])
def test_a_page_that_names_a_false_original_stands_for_itself(home: object) -> None:
    false = '<link rel="canonical" href="/a">'
    web = Web({"/": links("/b", "/c"), "/a": home, "/b": faq("b", head=false), "/c": faq("c", head=false)})  # type: ignore[dict-item]

    pages, _ = walk(web)

    assert {"/b", "/c"} <= set(pages)


def test_two_pages_that_call_each_other_original_both_stand() -> None:
    web = Web(
        {
            "/": links("/a", "/b"),
            "/a": faq("a", head='<link rel="canonical" href="/b">'),
            "/b": faq("b", head='<link rel="canonical" href="/a">'),
        }
    )

    pages, _ = walk(web)

    assert ["/", "/a", "/b"] == sorted(pages)


def test_an_original_on_another_site_does_not_count() -> None:
    head = '<link rel="canonical" href="https://other.example/b">'

    assert (["/"], []) == walk(Web({"/": faq("x", head=head)}))


def test_two_pages_that_say_the_same_are_one() -> None:
    web = Web({"/": links("/a", "/b"), "/a": faq("x", "/c"), "/b": faq("x", "/d"), "/c": faq("c"), "/d": faq("d")})

    assert (["/", "/a", "/c", "/d"], [("/b", "duplicate")]) == walk(web)


def test_pages_that_differ_in_one_number_are_two() -> None:
    web = Web({"/": links("/a", "/b"), "/a": faq("It costs 5"), "/b": faq("It costs 500")})

    assert (["/", "/a", "/b"], []) == walk(web)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/a", "/a/"),
        ("/a/", "/a/index.html"),
        ("/a?x=1&y=2", "/a?y=2&x=1"),
        ("/a", "http://shop.example/a"),
        ("/a", "https://www.shop.example/a"),
        ("/a", "https://shop.example:443/a"),
        ("/a?id=5", "/a?id=5&PHPSESSID=1234"),
        ("/a", "/a;jsessionid=0123456789ABCDEF"),
    ],
)
def test_one_page_is_asked_for_in_one_spelling(first: str, second: str) -> None:
    web = Web({"/": links(first, second)})
    web.pages[first] = links()

    assert (["/", first], []) == walk(web)
    assert 4 == len(web.asked)


def test_a_spelling_that_leads_to_nothing_gives_way_to_another() -> None:
    web = Web({"/": links("/a/", "/b"), "/b": links("/a", "/a/index.html"), "/a": links()})

    assert (["/", "/b", "/a"], [("/a/", "gone"), ("/a/index.html", "gone")]) == walk(web)


def test_a_page_keeps_the_spelling_that_it_had_at_the_last_crawl() -> None:
    known = states(visits(Web({"/": links("/a/"), "/a/": faq("x")})))
    web = Web({"/": links("/a", "/a/"), "/a": faq("x"), "/a/": faq("x")})

    assert ["/", "/a/"] == walk(web, known=known)[0]


def test_only_the_chosen_languages() -> None:
    web = Web(
        {
            "/": faq("home", "/zh", "/de", head='<html lang="en-GB">'),
            "/zh": page(
                '<html lang="zh-CN"><title>常见问题</title><dl><dt>如何退货？</dt><dd>三十天内退回。</dd></dl>'
            ),
            "/de": page('<html lang="de"><title>FAQ</title><dl><dt>Wie zahle ich?</dt><dd>Mit Karte.</dd></dl>'),
        }
    )

    assert (["/zh"], [("/", "language"), ("/de", "language")]) == walk(web, languages=("zh",))
    assert (["/", "/zh"], [("/de", "language")]) == walk(web, languages=("zh", "en"))


def test_pages_that_fail_are_reported() -> None:
    web = Web(
        {
            "/": links("/gone", "/missing", "/error", "/broken", "/refused", "/json", "/hard", "/forbidden", "/a"),
            "/gone": page("", status=410),
            "/error": page("", status=500),
            "/forbidden": page("", status=403),
            "/json": page("{}", kind="application/json"),
            "/hard": faq("hard"),
            "/a": links(),
        }
    )

    def fetch(url: str, validators: Validators = NOTHING_KNOWN, /) -> Response:
        if url == f"{HOST}/broken":
            raise FetchFailed("broke off")
        if url == f"{HOST}/refused":
            raise UrlRefused("private")
        return web.fetch(url, validators)

    def read(response: Response) -> Survey:
        if response.url == f"{HOST}/hard":
            raise PageBroken("takes more than 10 s to read")
        return survey(response)

    found = list(crawl([f"{HOST}/"], fetch=fetch, survey=read, policy=CrawlPolicy(delay_s=0)))

    assert [f"{HOST}/", f"{HOST}/a"] == [visit.url for visit in found if isinstance(visit, Fetched)]
    assert [
        ("/gone", "gone"),
        ("/missing", "gone"),
        ("/error", "failed"),
        ("/broken", "failed"),
        ("/refused", "failed"),
        ("/json", "not_html"),
        ("/hard", "failed"),
        ("/forbidden", "failed"),
    ] == [(visit.url.removeprefix(HOST), visit.reason) for visit in found if isinstance(visit, Skip)]


def test_the_detail_of_a_skip_says_what_happened() -> None:
    details = [visit.detail for visit in visits(Web({"/": page("", 500)})) if isinstance(visit, Skip)]

    assert [f"{HOST}/ answers 500"] == details


def test_entries_of_another_page_are_not_believed() -> None:
    def read(response: Response) -> Survey:
        return replace(survey(response), entries=(FaqEntry("x", "Pay?", "To me.", f"{HOST}/pay"),))

    found = list(crawl([HOST], fetch=Web({"/": faq("a")}).fetch, survey=read, policy=CrawlPolicy(delay_s=0)))

    assert [("failed", f"{HOST}/")] == [(visit.reason, visit.url) for visit in found if isinstance(visit, Skip)]


def test_what_stops_the_reader_stops_the_crawl() -> None:
    def read(response: Response) -> Survey:
        raise RuntimeError("no reader")

    with pytest.raises(RuntimeError, match="no reader"):
        list(crawl([HOST], fetch=Web({"/": links()}).fetch, survey=read, policy=CrawlPolicy(delay_s=0)))


SITE = {
    "/": faq("home", "/a", "/b", etag='"h"'),
    "/a": faq("a", "/c", etag='"a"'),
    "/b": faq("b", etag='"b"'),
    "/c": faq("c", etag='"c"'),
}


def test_an_unchanged_site_is_walked_without_a_body() -> None:
    known = states(visits(Web(dict(SITE))))
    web = Web(dict(SITE))

    found = visits(web, known=known)

    assert [Unchanged(state) for state in known.values()] == found[:-1]
    assert ["/", "/a", "/b", "/c"] == web.known


def test_a_page_without_validators_is_compared_byte_for_byte_and_not_read_again() -> None:
    pages = {"/": faq("home", "/a"), "/a": faq("a")}
    known = states(visits(Web(dict(pages))))

    def read(response: Response) -> Survey:
        raise AssertionError("it was read")

    found = list(crawl([HOST], fetch=Web(pages).fetch, survey=read, policy=CrawlPolicy(delay_s=0), known=known))

    assert [Unchanged(state, not_modified=False) for state in known.values()] == found[:-1]


def test_a_changed_page_among_unchanged_ones() -> None:
    known = states(visits(Web(dict(SITE))))
    web = Web(SITE | {"/a": faq("a2", "/d", etag='"a2"'), "/d": faq("d")})

    found = visits(web, known=known)

    kinds = {visit.url.removeprefix(HOST): type(visit) for visit in found if not isinstance(visit, End)}
    assert {"/": Unchanged, "/a": Fetched, "/b": Unchanged, "/d": Fetched, "/c": Skip} == kinds
    assert Skip(f"{HOST}/c", "unlinked", "no page leads to it any more") in found


def test_a_page_that_fails_still_leads_to_where_it_led() -> None:
    known = states(visits(Web(dict(SITE))))

    assert (["/", "/b", "/c"], [("/a", "failed")]) == walk(Web(SITE | {"/a": page("", 500)}), known=known)


def test_what_the_settings_leave_out_now_is_said() -> None:
    known = states(visits(Web(dict(SITE))))

    assert ("/b", "excluded") in walk(Web(dict(SITE)), known=known, exclude=("/b",))[1]


def test_a_folder_that_a_redirect_opened_is_not_shut_by_one_that_fails() -> None:
    pages = {"/zh/": faq("zh"), "/old/help": moved("/hc/en/"), "/hc/en/": faq("en", "/hc/en/a"), "/hc/en/a": faq("a")}
    seeds = (f"{HOST}/zh/", f"{HOST}/old/help")
    known = states(visits(Web(dict(pages)), *seeds))
    assert {f"{HOST}/zh/", f"{HOST}/hc/en/", f"{HOST}/hc/en/a"} == set(known)

    _, skips = walk(Web(pages | {"/old/help": page("", 503)}), *seeds, known=known)

    assert [("/old/help", "failed")] == skips


def test_a_duplicate_stays_one_while_its_original_stands() -> None:
    pages = {
        "/": links("/a", "/b"),
        "/a": faq("x", etag='"a"'),
        "/b": faq("x", etag='"b"'),
    }
    known = states(visits(Web(dict(pages))))
    again = Web(dict(pages))

    assert (["/", "/a"], [("/b", "duplicate")]) == walk(again, known=known)
    assert {"/a", "/b"} <= set(again.known)


def test_a_duplicate_is_read_again_when_its_original_says_something_else() -> None:
    pages = {"/": links("/a", "/b"), "/a": faq("x", etag='"a"'), "/b": faq("x", etag='"b"')}
    known = states(visits(Web(dict(pages))))
    web = Web(pages | {"/a": faq("new", etag='"a2"')})

    found = visits(web, known=known)

    assert {f"{HOST}/a", f"{HOST}/b"} == {visit.url for visit in found if isinstance(visit, Fetched)}
    assert 2 == web.asked.count("/b")


def test_a_new_page_that_says_the_same_does_not_take_the_place_of_the_old_one() -> None:
    known = states(visits(Web({"/": links("/old"), "/old": faq("x")})))
    web = Web({"/": links("/copy", "/old"), "/old": faq("x"), "/copy": faq("x")})

    assert (["/", "/old"], [("/copy", "duplicate")]) == walk(web, known=known)


def test_a_page_left_out_for_its_language_is_read_when_the_language_is_wanted() -> None:
    pages = {"/": faq("home", head='<html lang="en">', etag='"1"')}
    known = states(visits(Web(dict(pages)), languages=("zh",)))

    (found, *_) = visits(Web(dict(pages)), known=known)

    assert isinstance(found, Fetched)
    assert found.survey.entries


def test_a_crawl_goes_on_where_it_was_stopped() -> None:
    noted: list[Outcome] = []
    web = Web(dict(SITE))
    walking = crawl([HOST], fetch=web.fetch, survey=survey, policy=CrawlPolicy(delay_s=0), note=noted.append)
    stopped = [next(walking), next(walking)]
    walking.close()

    rest = Web(dict(SITE))
    done = {outcome.url: outcome for outcome in noted}
    found = list(crawl([HOST], fetch=rest.fetch, survey=survey, policy=CrawlPolicy(delay_s=0), done=done))

    assert stopped == found[:2]
    assert [f"{HOST}/", f"{HOST}/a", f"{HOST}/b", f"{HOST}/c"] == [v.url for v in found if isinstance(v, Fetched)]
    assert ["/robots.txt", "/sitemap.xml"] == rest.asked[:2]
    assert not {visit.url.removeprefix(HOST) for visit in stopped if isinstance(visit, Fetched)} & set(rest.asked)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="a">1</a><a href="/b#x">2</a><area href="c"><a href="a">3</a>', ("/help/a", "/b", "/help/c")),
        ('<base href="/other/"><a href="a">1</a>', ("/other/a",)),
        ('<a href="#x">1</a><a href="mailto:a@b">2</a><a href="tel:1">3</a><a href="javascript:x()">4</a><a>5</a>', ()),
        ('<a href="ftp://shop.example/">1</a><a href="http://[">2</a><a href="/x.zip">3</a>', ()),
        ('<a rel="NoFollow ugc" href="a">1</a><a href="b">2</a>', ("/help/b",)),
        ('<meta name="robots" content="nofollow"><a href="a">1</a>', ()),
        ('<meta name="Kefu" content="nofollow"><a href="a">1</a>', ()),
        ('<meta name="otherbot" content="nofollow"><a href="a">1</a>', ("/help/a",)),
        ('<meta name="robots" content="index, follow"><a href="a">1</a>', ("/help/a",)),
        ('<iframe src="/f"></iframe><frameset><frame src="/g"></frameset>', ("/f", "/g")),
        ('<link rel="alternate" hreflang="de" href="/de/"><link rel="next" href="?p=2">', ("/de/", "/help/?p=2")),
        ('<link rel="stylesheet" href="/x"><link rel="alternate" type="application/rss+xml" href="/feed">', ()),
        ("", ()),
        ("\x00", ()),
        ("<!-- <a href=a> -->", ()),
    ],
)
def test_links_of_a_page(html: str, expected: tuple[str, ...]) -> None:
    assert sorted(HOST + path for path in expected) == sorted(links_of(parse(html), f"{HOST}/help/").links)


def test_a_page_is_canonical_on_its_own_site_only() -> None:
    named = [
        links_of(parse(f'<link rel="canonical" href="{href}">'), f"{HOST}/help/").canonical_url
        for href in ("/faq", "https://elsewhere.example/faq", "", "http://[")
    ]

    assert [f"{HOST}/faq", "", "", ""] == named


def test_none_means_neither_index_nor_follow() -> None:
    html = '<meta name="robots" content="none"><a href="/a">x</a>'

    assert PageLinks(noindex=True) == links_of(parse(html), f"{HOST}/")
