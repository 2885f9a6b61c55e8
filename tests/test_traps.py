"""Sites that never end: the walk does, within its budget, and finds the pages that matter."""

import hashlib
import random
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from crawler.response import Response
from crawler.visits import Fetched
from tests.walks import HOST, Web, end, page, visits

BUDGET = 300
REAL = [f"/faq/{n}" for n in range(100)]


def html(body: str, *paths: str) -> str:
    return body + "".join(f'<a href="{path}">x</a>' for path in paths)


def real(number: int) -> str:
    pairs = f"<title>FAQ</title><dl><dt>Real question {number}?</dt><dd>Real answer number {number}.</dd></dl>"
    return html(pairs, *REAL[number + 1 : number + 4], "/trap/0")


def seeded(url: str) -> random.Random:
    return random.Random(hashlib.sha256(url.encode()).digest())


def calendar(url: str) -> str:
    year, month = (int(part) for part in [*urlsplit(url).path.split("/"), "0", "0"][2:4])
    at = 12 * year + month
    days = [f"/trap/{at // 12}/{at % 12}/{day}" for day in range(1, 29)]
    return html(
        f"<h1>Month {at}</h1><p>No events.</p>", *(f"/trap/{(at + d) // 12}/{(at + d) % 12}" for d in (1, -1)), *days
    )


def session_ids(url: str) -> str:
    fresh = [f"/trap/{n}?ticket={seeded(url + str(n)).randrange(10**12)}" for n in range(10)]
    return html("<h1>Shop</h1><p>Everything we sell, for you.</p>", *fresh)


def facets(url: str) -> str:
    chosen = dict(parse_qsl(urlsplit(url).query))
    names = {"colour": 8, "size": 8, "brand": 20, "sort": 4}
    more = [
        "/trap/list?" + "&".join(f"{k}={v}" for k, v in (chosen | {name: str(n)}).items())
        for name, count in names.items()
        for n in range(count)
    ]
    return html(f"<h1>Products</h1><p>{sorted(chosen.items())}</p>", *more)


def relative(url: str) -> str:
    return html(f"<h1>Page</h1><p>{seeded(url).random()}</p>", "trap/more/", "deeper/trap/")


def soft_404(url: str) -> str:
    path = urlsplit(url).path
    return html(
        f"<h1>Sorry</h1><p>The page {path} was not found.</p>",
        *(f"/trap/{seeded(path + str(n)).getrandbits(64):x}" for n in range(8)),
    )


def random_query(url: str) -> str:
    drawn = seeded(url)
    return html(f"<p>{drawn.random()}</p>", *(f"/trap/{n % 3}?r={drawn.random()}" for n in range(10)))


def deep(url: str) -> str:
    return html(
        f"<h1>Level</h1><p>{seeded(url).random()}</p>", url.rstrip("/") + "/" + hex(seeded(url).randrange(10**9))
    )


def redirects(url: str) -> str:
    return ""


TRAPS: dict[str, Callable[[str], str]] = {
    trap.__name__: trap for trap in (calendar, session_ids, facets, relative, soft_404, random_query, deep, redirects)
}


def trapped(trap: Callable[[str], str]) -> Web:
    """A shop with a hundred FAQ pages, each of which leads into the trap too."""

    def answer(url: str) -> Response:
        if trap is not redirects:
            return page(trap(url))(url)
        path = urlsplit(url).path
        goal = {"/trap/a": "/trap/b", "/trap/b": "/trap/a"}.get(path, f"{path}/{len(url)}")
        return page("", 302, location=goal)(url)

    pages = {path: page(real(number)) for number, path in enumerate(REAL)}
    home = page(html("<h1>Home</h1>", "/trap/0", *(["/trap/a"] if trap is redirects else []), *REAL[::7]))
    return Web(pages | {"/": home, "/robots.txt": page("", 404), "/sitemap.xml": page("", 404)}, answer)


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_a_trap_costs_no_more_than_the_budget_and_hides_nothing(name: str) -> None:
    web = trapped(TRAPS[name])

    found = visits(web, max_pages=BUDGET)

    pages = {visit.url.removeprefix(HOST) for visit in found if isinstance(visit, Fetched)}
    assert len(set(REAL) & pages) >= 99
    assert len(web.asked) <= BUDGET + 2
    assert end(found).stopped_by == "done" or dict(end(found).left_out)["max_pages"] > 0


@pytest.mark.parametrize("name", ["session_ids", "soft_404"])
def test_pages_that_say_the_same_are_kept_once(name: str) -> None:
    found = visits(trapped(TRAPS[name]), max_pages=BUDGET)

    kept = [visit for visit in found if isinstance(visit, Fetched) and "/trap/" in visit.url]
    assert len(kept) == 1


def test_every_limit_that_was_met_is_named() -> None:
    limits = {name for trap in TRAPS.values() for name, _ in end(visits(trapped(trap), max_pages=BUDGET)).left_out}

    assert {"max_depth", "max_variants", "repeated_folders"} <= limits
