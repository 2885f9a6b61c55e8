"""What a site remembers between crawls, and how little of it is believed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.harvest import Harvest, gather
from crawler.records import FaqEntry
from crawler.state import Journal, known_pages, reader_digest, write_pages
from crawler.survey import Survey
from crawler.visits import End, Fetched, PageState, Skip, Unchanged, Visit, from_row, said_by, to_row

PAY = FaqEntry("pay", "How do I pay?", "By card.", "https://shop.example/pay", tags=("money",))
SHIP = FaqEntry("ship", "Do you ship?", "Yes.", "https://shop.example/ship")
NOW = datetime.now(UTC)


def state_of(*entries: FaqEntry, **more: object) -> PageState:
    url, ids = entries[0].url, tuple(entry.id for entry in entries)
    return PageState(url, etag='"1"', last_modified="Mon", raw="f00", said=said_by(entries, url), entries=ids, **more)  # type: ignore[arg-type]


PAID, SHIPPED = state_of(PAY, links=("https://shop.example/ship",), language="en"), state_of(SHIP)
VISITS: list[Visit] = [
    Fetched(PAID, Survey(PAY.url, (PAY,), PAID.links, False, "en", 12, True)),
    Unchanged(SHIPPED, not_modified=False),
    Skip("https://shop.example/a", "robots", "robots.txt disallows it"),
    Skip("https://shop.example/b", "duplicate", "says the same", PageState("https://shop.example/b", said="x", original=PAY.url)),
    End("max_pages", False, (("max_depth", 2), ("max_pages", 7))),
]  # fmt: skip


@pytest.mark.parametrize("visit", VISITS)
def test_a_visit_comes_back_as_it_went(visit: Visit) -> None:
    row = json.loads(json.dumps(to_row(visit)))

    assert visit == from_row(row, {SHIPPED.url: SHIPPED}, where="here")


def test_pages_come_back_as_they_went(tmp_path: Path) -> None:
    write_pages(tmp_path / "pages.jsonl", [PAID, SHIPPED])

    assert {PAY.url: PAID, SHIP.url: SHIPPED} == known_pages(tmp_path / "pages.jsonl", [PAY, SHIP])
    assert 3 == len((tmp_path / "pages.jsonl").read_text("utf-8").splitlines())


def forgets(state: PageState) -> bool:
    return (state.etag, state.last_modified, state.raw) == ("", "", "")


@pytest.mark.parametrize(
    "entries", [[SHIP], [SHIP, replace(PAY, answer="In cash.")], [SHIP, replace(PAY, question="?")]]
)
def test_a_page_whose_entries_are_not_stored_as_it_knows_them_is_read_again(
    tmp_path: Path, entries: list[FaqEntry]
) -> None:
    write_pages(tmp_path / "pages.jsonl", [PAID, SHIPPED])

    known = known_pages(tmp_path / "pages.jsonl", entries)

    assert forgets(known[PAY.url])
    assert PAID.links == known[PAY.url].links
    assert SHIPPED == known[SHIP.url]


def test_another_reader_reads_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    write_pages(path, [PAID])
    path.write_text(path.read_text("utf-8").replace(reader_digest(), "older"), "utf-8")

    assert forgets(known_pages(path, [PAY])[PAY.url])


@pytest.mark.parametrize("text", ["", "{", "[]\n", '{"reader":"x"}\n{"url":5}\n', "\x00\xff", '{"reader":[]}\n{}\n'])
def test_a_file_that_cannot_be_read_remembers_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_bytes(text.encode("latin-1"))

    assert {} == known_pages(path, [])


def test_entries_without_a_page_make_one(tmp_path: Path) -> None:
    own = FaqEntry("own", "Are you open?", "Daily.", PAY.url, source="import")

    known = known_pages(tmp_path / "none.jsonl", [PAY, replace(PAY, id="pay2"), SHIP, own])

    assert {
        PAY.url: PageState(PAY.url, entries=("pay", "pay2")),
        SHIP.url: PageState(SHIP.url, entries=("ship",)),
    } == known


KNOWN = {SHIPPED.url: SHIPPED}


def journal(path: Path, settings: str = "s") -> Journal:
    return Journal(path / "crawl.jsonl", settings, KNOWN)


def test_a_journal_that_was_not_removed_is_gone_on_with(tmp_path: Path) -> None:
    first = journal(tmp_path)
    assert first.stopped(NOW) is None
    for visit in VISITS[:3]:
        first.note(visit)  # type: ignore[arg-type]
    first.close()

    second = journal(tmp_path)
    stopped = second.stopped(NOW)
    assert stopped is not None
    assert VISITS[:3] == list(stopped.done.values())
    assert abs(stopped.at - NOW) < timedelta(hours=1)
    second.note(VISITS[3])  # type: ignore[arg-type]
    second.close()

    third = journal(tmp_path).stopped(NOW)
    assert third is not None
    assert VISITS[:4] == list(third.done.values())


def test_separators_of_other_scripts_end_no_line(tmp_path: Path) -> None:
    odd = replace(SHIP, answer="one\u2028two\x85three\x0c")
    first = journal(tmp_path)
    first.note(read(odd))
    first.close()

    stopped = journal(tmp_path).stopped(NOW)

    assert stopped is not None
    assert [read(odd)] == list(stopped.done.values())


def test_nothing_is_written_before_there_is_something_to_write(tmp_path: Path) -> None:
    journal(tmp_path).stopped(NOW)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("half", ['{"fetched":{"url":"https://sh', "\x00\x00\x00", '{"fetched":5,"survey":{}}', "[1]"])
def test_half_a_line_is_passed_over(tmp_path: Path, half: str) -> None:
    first = journal(tmp_path)
    first.note(VISITS[0])  # type: ignore[arg-type]
    first.close()
    with first.path.open("a") as file:
        file.write(half)

    second = journal(tmp_path)
    assert second.stopped(NOW)
    second.note(VISITS[1])  # type: ignore[arg-type]
    second.close()
    stopped = journal(tmp_path).stopped(NOW)

    assert stopped is not None
    assert VISITS[:2] == list(stopped.done.values())


def test_other_settings_and_yesterday_begin_anew(tmp_path: Path) -> None:
    first = journal(tmp_path)
    first.note(VISITS[0])  # type: ignore[arg-type]
    first.close()

    assert journal(tmp_path, "other").stopped(NOW) is None
    assert journal(tmp_path).stopped(NOW + timedelta(hours=25)) is None

    anew = journal(tmp_path, "other")
    anew.stopped(NOW)
    anew.note(VISITS[2])  # type: ignore[arg-type]
    anew.close()
    stopped = journal(tmp_path, "other").stopped(NOW)
    assert stopped is not None
    assert [VISITS[2]] == list(stopped.done.values())


def test_pages_that_failed_are_tried_again(tmp_path: Path) -> None:
    first = journal(tmp_path)
    first.note(Skip("https://shop.example/x", "failed", "timed out"))
    first.close()

    assert journal(tmp_path).stopped(NOW) is None


def test_a_journal_that_is_removed_takes_an_empty_folder_along(tmp_path: Path) -> None:
    first = journal(tmp_path / "site")
    first.note(VISITS[0])  # type: ignore[arg-type]
    first.remove()

    assert [] == list(tmp_path.iterdir())


def test_a_result_held_back_comes_back_whole_or_not_at_all(tmp_path: Path) -> None:
    held = journal(tmp_path)
    held.hold_back(VISITS)

    again = journal(tmp_path)
    assert VISITS == again.held_back(NOW)
    assert held.began_at == again.began_at
    assert journal(tmp_path, "other").held_back(NOW) is None
    assert journal(tmp_path).held_back(NOW + timedelta(hours=25)) is None
    held.held.write_text("".join(held.held.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    assert journal(tmp_path).held_back(NOW) is None


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (("https://s.example/a", "Yes."), ("https://s.example/b", "Yes."), True),
        (("https://s.example/a", "Yes."), ("https://s.example/b", "No."), False),
        (
            ("https://s.example/shirts", "/shirts was not found"),
            ("https://s.example/socks", "/socks was not found"),
            True,
        ),
        (("https://s.example/x?id=12345", "No /x?id=12345"), ("https://s.example/x?id=678", "No /x?id=678"), True),
        (("https://s.example/5", "It costs 5"), ("https://s.example/50", "It costs 50"), False),
    ],
)
def test_two_pages_say_the_same(one: tuple[str, str], two: tuple[str, str], same: bool) -> None:
    digests = {said_by([FaqEntry("i", "Q?", answer, url)], url) for url, answer in (one, two)}

    assert same == (1 == len(digests))


def test_a_page_that_says_nothing_says_the_same_as_no_other() -> None:
    assert "" == said_by([], "https://shop.example/")


OLD = [PAY, SHIP]
BOTH = {PAY.url: PAID, SHIP.url: SHIPPED}
NEW = FaqEntry("new", "Anything new?", "This.", "https://shop.example/new")


def harvested(
    *visits: Visit, known: dict[str, PageState] = BOTH, old: list[FaqEntry] = OLD, began_at: str = "monday"
) -> Harvest:
    return gather([*visits, End()], known, old, began_at=began_at)


def read(*entries: FaqEntry) -> Fetched:
    return Fetched(state_of(*entries), Survey(entries[0].url, entries))


@pytest.mark.parametrize("reason", ["gone", "moved", "not_html", "unlinked"])
def test_a_page_that_is_not_found_keeps_its_entries_once(reason: str) -> None:
    first = harvested(Skip(PAY.url, reason), Unchanged(SHIPPED))

    assert {"pay", "ship"} == first.stays
    assert {"pay"} == first.going

    known = {state.url: state for state in first.states}
    assert first == harvested(Skip(PAY.url, reason), Unchanged(SHIPPED), known=known), "the same crawl, once more"

    second = harvested(Skip(PAY.url, reason), Unchanged(SHIPPED), known=known, began_at="tuesday")

    assert {"ship"} == second.stays
    assert (SHIPPED,) == second.states
    assert (set(), {"pay"}) == (second.going, second.expected)


def test_a_page_that_comes_back_begins_anew() -> None:
    (gone,) = (state for state in harvested(Skip(PAY.url, "gone")).states if state.url == PAY.url)
    assert "monday" == gone.gone_since

    (back,) = harvested(Unchanged(gone), known={PAY.url: gone}, old=[PAY]).states

    assert PAID == back


@pytest.mark.parametrize("reason", ["robots", "excluded"])
def test_a_page_that_is_not_wanted_loses_its_entries_at_once(reason: str) -> None:
    found = harvested(Skip(PAY.url, reason), Unchanged(SHIPPED))

    assert {"ship"} == found.stays
    assert (SHIPPED,) == found.states
    assert ({"pay"} if reason == "excluded" else set()) == found.expected


@pytest.mark.parametrize("reason", ["noindex", "language", "duplicate"])
def test_a_page_that_was_read_and_not_wanted_is_remembered(reason: str) -> None:
    bare = replace(PAID, entries=(), noindex=reason == "noindex")

    found = harvested(Skip(PAY.url, reason, state=bare), Unchanged(SHIPPED))

    assert {"ship"} == found.stays
    assert {bare, SHIPPED} == set(found.states)


@pytest.mark.parametrize("crawls", [1, 5])
def test_a_page_that_fails_never_loses_anything(crawls: int) -> None:
    known = BOTH
    for _ in range(crawls):
        found = harvested(Skip(PAY.url, "failed"), Unchanged(SHIPPED), known=known)
        known = {state.url: state for state in found.states}

    assert {"pay", "ship"} == found.stays
    assert BOTH == known


def test_a_page_that_was_not_come_to_stays_as_it_is() -> None:
    found = harvested(Unchanged(SHIPPED))

    assert {"pay", "ship"} == found.stays
    assert {PAID, SHIPPED} == set(found.states)


def test_what_a_page_says_no_more_goes_at_once() -> None:
    known = {PAY.url: state_of(PAY, replace(SHIP, url=PAY.url))}

    found = harvested(read(PAY), known=known)

    assert frozenset() == found.stays
    assert (PAY,) == found.entries


def test_a_page_that_has_moved_is_not_answered_from_twice() -> None:
    elsewhere = replace(PAY, id="pay-new", url="https://shop.example/payment")

    found = harvested(Skip(PAY.url, "moved"), read(elsewhere), Unchanged(SHIPPED))

    assert {"ship"} == found.stays
    assert (elsewhere,) == found.entries


def test_pages_are_counted_by_what_became_of_them() -> None:
    found = harvested(read(NEW), Unchanged(PAID), Unchanged(SHIPPED, False), Skip("x", "failed"), Skip("y", "robots"))

    counts = {"fetched": 2, "unchanged": 1, "not_modified": 1, "failed": 1, "skipped_robots": 1}
    assert counts == {key: count for key, count in found.pages.items() if count}
    assert (3, 4, 3) == (found.read, found.asked, found.found)
