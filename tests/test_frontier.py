"""Which addresses are visited, and in which order."""

import pytest

from crawler.frontier import CrawlPolicy, Frontier, page_key, scope_of, tidy
from crawler.urls import canonical

HOST = "https://shop.example"


def frontier(**policy: int) -> Frontier:
    chosen = CrawlPolicy(**policy)  # type: ignore[arg-type]
    return Frontier(chosen, scope_of([f"{HOST}/"], chosen))


def taken(waiting: Frontier) -> list[str]:
    found = []
    while place := waiting.take():
        found.append(place[0].removeprefix(HOST))
    return found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/a?PHPSESSID=1f2e&id=5", "/a?id=5"),
        ("/a?sessionid=abc", "/a"),
        ("/a?ASPSESSIONIDQQ=abc&b=1", "/a?b=1"),
        ("/a?ASP.NET_SessionId=abc", "/a"),
        ("/a?sid=0123456789abcdef0123", "/a"),
        ("/a?sid=12", "/a?sid=12"),
        ("/a?session=1", "/a?session=1"),
        ("/a;jsessionid=0AB1/b?c=1", "/a/b?c=1"),
        ("/a?b=1&&c=2", "/a?b=1&c=2"),
        ("/a?q=%C4%E3", "/a?q=%C4%E3"),
    ],
)
def test_session_ids_go(url: str, expected: str) -> None:
    assert HOST + expected == tidy(canonical(HOST + url))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("https://www.a.example/x/index.html", "http://a.example/x", True),
        ("https://a.example/default.aspx?b=1&a=2", "https://a.example/?a=2&b=1", True),
        ("https://a.example/x/", "https://a.example/x", True),
        ("https://a.example/X", "https://a.example/x", False),
        ("https://a.example/index.htm", "https://a.example/index/htm", False),
        ("https://a.example/x?a=1", "https://a.example/x?a=2", False),
        ("https://a.example:8080/x", "https://a.example/x", False),
        ("https://a.example/reindex.html", "https://a.example/", False),
    ],
)
def test_spellings_of_one_page(one: str, two: str, same: bool) -> None:
    assert same == (page_key(one) == page_key(two))


def test_nearer_pages_come_first_whatever_was_added_first() -> None:
    waiting = frontier()
    for path, depth in (("/far", 3), ("/near", 1), ("/mid", 2)):
        waiting.add(HOST + path, depth)

    assert ["/near", "/mid", "/far"] == taken(waiting)


def test_what_looks_like_a_trap_comes_last_and_is_not_forgotten() -> None:
    waiting = frontier()
    waiting.add(f"{HOST}/copy", 1, late=True)
    waiting.add(f"{HOST}/deep", 4)
    waiting.add(f"{HOST}/both", 2, late=True)
    waiting.add(f"{HOST}/both", 3)

    assert ["/both", "/deep", "/copy"] == taken(waiting)


def test_variants_of_one_path_are_limited() -> None:
    waiting = frontier(max_variants=3)
    for number in range(10):
        waiting.add(f"{HOST}/shop?colour={number}", 1)
    waiting.add(f"{HOST}/shop", 1)

    assert ["/shop?colour=0", "/shop?colour=1", "/shop?colour=2", "/shop"] == taken(waiting)
    assert {"max_variants": 7} == waiting.left_out()


def test_many_variants_give_way_to_other_pages() -> None:
    waiting = frontier()
    for number in range(20):
        waiting.add(f"{HOST}/shop?colour={number}", 1)
    waiting.add(f"{HOST}/faq", 2)

    order = taken(waiting)

    assert 10 == order.index("/faq")
    assert 21 == len(order)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/a/b/a/b/a/b", False),
        ("/x/x/x", False),
        ("/help/a/b/c/a/b/c/a/b/c/d", False),
        ("/x/x/y", True),
        ("/2024/01/01/01", False),
        ("/ab/abab/ab", True),
    ],
)
def test_folders_that_repeat_are_a_trap(path: str, kept: bool) -> None:
    waiting = frontier()
    waiting.add(HOST + path, 1)

    assert kept == bool(taken(waiting))


def test_a_page_too_deep_counts_until_it_is_found_nearer() -> None:
    waiting = frontier(max_depth=2)
    waiting.add(f"{HOST}/a", 3)
    waiting.add(f"{HOST}/b", 3)
    assert {"max_depth": 2} == waiting.left_out()

    waiting.add(f"{HOST}/a", 1)

    assert {"max_depth": 1} == waiting.left_out()
    assert ["/a"] == taken(waiting)


def test_the_length_is_that_of_the_queue() -> None:
    waiting = frontier()
    waiting.add(f"{HOST}/a", 1)
    waiting.add(f"{HOST}/a/", 1)
    waiting.add(f"{HOST}/b", 1, late=True)
    waiting.add(f"{HOST}/b", 1)
    assert 2 == len(waiting)

    taken(waiting)

    assert 0 == len(waiting)
