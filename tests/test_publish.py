"""A site changes as a whole or not at all: what a crawl may remove, and what it must never touch."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.errors import BadRecord, FetchFailed
from crawler.files import load
from crawler.records import FaqEntry, read_entries, write_entries
from index import snapshot
from index.build import Synced
from index.embed import Embedder
from index.errors import IndexFailure
from index.snapshot import writer_lock
from tests.shop import Shop, faq
from ui.errors import BadCall, BadSettings
from ui.publish import Published, Watch, crawl_site, import_entries
from ui.settings import Settings, Site, read_site, write_site


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    shop.pages = {
        "/": (200, faq("home", "/hub")),
        "/hub": (200, faq("hub", "/one", "/two")),
        "/one": (200, faq("one")),
        "/two": (200, faq("two")),
    }
    yield shop
    shop.close()


@pytest.fixture
def site(shop: Shop) -> Site:
    return shop.site()


def questions(settings: Settings) -> set[str]:
    return {entry.question for entry in read_entries(settings.data / "sites/s/entries.jsonl")}


ALL = {"home?", "hub?", "one?", "two?"}


def test_a_page_that_fails_keeps_what_lies_behind_it(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    crawl_site(settings, site, watch=watch)
    shop.pages["/hub"] = (500, "sorry")

    published = crawl_site(settings, site, watch=watch)

    assert questions(settings) == ALL
    assert published.diff.removed == ()


def test_a_page_that_is_gone_loses_its_entries_at_the_second_crawl(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    crawl_site(settings, site, watch=watch)
    shop.pages["/one"] = (404, "gone")

    first = crawl_site(settings, site, watch=watch)

    assert questions(settings) == ALL
    assert first.crawled is not None
    assert len(first.crawled.going) == 1

    crawl_site(settings, site, watch=watch)

    assert questions(settings) == ALL - {"one?"}


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/robots.txt", (200, "User-agent: *\nDisallow: /"), BadCall),
        ("/robots.txt", (503, ""), FetchFailed),
        ("/", (500, ""), FetchFailed),
        ("/", (200, "<meta name=robots content=noindex>" + faq("home")), BadCall),
        ("/", (200, "<body></body>"), BadCall),
    ],
)
def test_a_crawl_that_reads_nothing_changes_nothing(
    settings: Settings, site: Site, watch: Watch, shop: Shop, path: str, answer: tuple[int, str], error: type[Exception]
) -> None:
    crawl_site(settings, site, watch=watch)
    import_entries(settings, site, [FaqEntry("i", "imported?", "Yes.", source="import")], watch=watch)
    shop.pages = {"/": (200, faq("home")), path: answer}

    with pytest.raises(error):
        crawl_site(settings, site, watch=watch)

    assert questions(settings) == {*ALL, "imported?"}


def test_a_crawl_never_touches_an_imported_entry(settings: Settings, site: Site, watch: Watch) -> None:
    crawl_site(settings, site, watch=watch)
    crawled = read_entries(settings.data / "sites/s/entries.jsonl")[0]
    import_entries(settings, site, [FaqEntry(crawled.id, "home?", "Mine.", source="import")], watch=watch)

    crawl_site(settings, site, watch=watch)

    after = {entry.id: entry.answer for entry in read_entries(settings.data / "sites/s/entries.jsonl")}
    assert after[crawled.id] == "Mine."


def test_what_is_set_while_a_crawl_runs_stays(settings: Settings, site: Site, watch: Watch) -> None:
    crawl_site(settings, site, watch=watch)
    began = read_site(settings, "s")
    write_site(settings, began.model_copy(update={"contacts": {"phone": "1"}}))

    crawl_site(settings, began, watch=watch)

    assert read_site(settings, "s").contacts == {"phone": "1"}


@pytest.mark.parametrize(
    "edit",
    [
        {"answer": "x"},
        {"id": "a", "answer": ""},
        {"id": "a", "answer": 5},
        {"id": "a", "similar": "abc"},
        {"id": "a", "hidden": 1},
    ],
)
def test_an_edit_that_cannot_be_is_said_and_nothing_is_written(
    settings: Settings, site: Site, watch: Watch, edit: dict[str, object]
) -> None:
    crawl_site(settings, site, watch=watch)
    (settings.data / "sites/s/edits.jsonl").write_text(json.dumps(edit) + "\n", "utf-8")

    with pytest.raises(BadRecord, match="line 1"):
        crawl_site(settings, site, watch=watch)


def test_an_edit_is_published_and_the_entry_stays_as_it_was_crawled(
    settings: Settings, site: Site, watch: Watch
) -> None:
    crawl_site(settings, site, watch=watch)
    entry = read_entries(settings.data / "sites/s/entries.jsonl")[0]
    (settings.data / "sites/s/edits.jsonl").write_text(
        json.dumps({"id": entry.id, "answer": "Edited."}) + "\n", "utf-8"
    )

    published: Published = crawl_site(settings, site, watch=watch)

    assert published.synced is not None
    served = settings.data / "sites/s/snapshots" / published.synced.snapshot / "entries.jsonl"
    assert {e.id: e.answer for e in read_entries(served)}[entry.id] == "Edited."
    assert read_entries(settings.data / "sites/s/entries.jsonl")[0] == entry


def test_an_embedder_that_fails_loses_nothing_but_the_publishing(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    def broken() -> Embedder:
        raise IndexFailure("no such embedder")

    with pytest.raises(IndexFailure):
        crawl_site(settings, site, watch=replace(watch, embedder=broken))

    assert [path.name for path in (settings.data / "sites/s").iterdir()] == ["crawl.jsonl"]
    shop.pages = {"/robots.txt": (404, "")}
    published = crawl_site(settings, site, watch=watch)
    assert published.resumed is not None
    assert questions(settings) == ALL
    assert not (settings.data / "sites/s/crawl.jsonl").exists()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_second_crawl_of_an_unchanged_site_asks_reads_embeds_and_loads_nothing(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    def loaded() -> Embedder:
        raise AssertionError("the embedder was loaded")

    shop.validators = True
    first = crawl_site(settings, site, watch=watch)
    shop.hits.clear()
    digest = watch.embedder().digest

    second = crawl_site(settings, site, watch=replace(watch, embedder=loaded, digest=lambda: digest))

    assert {(path, 304) for path in ("/", "/hub", "/one", "/two")} == {hit for hit in shop.hits if hit[1] in (200, 304)}
    assert second.crawled is not None
    assert second.crawled.pages["not_modified"] == 4
    assert second.synced == Synced(first.synced.snapshot, 0)  # type: ignore[union-attr]
    assert len(second.diff.kept) == 4


def test_a_second_crawl_without_validators_reads_no_page_again(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    crawl_site(settings, site, watch=watch)

    second = crawl_site(settings, site, watch=watch)

    assert second.crawled is not None
    assert (4, 4) == (second.crawled.pages["fetched"], second.crawled.pages["unchanged"])
    assert second.synced is not None
    assert second.synced.embedded == 0


def test_only_what_changed_is_embedded(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    shop.validators = True
    crawl_site(settings, site, watch=watch)
    shop.pages["/one"] = (200, faq("one").replace("Answer to one", "Another answer to one"))

    second = crawl_site(settings, site, watch=watch)

    assert second.synced is not None
    assert second.synced.embedded == 1
    assert [entry.question for entry in second.diff.changed] == ["one?"]


def test_a_dry_run_changes_nothing_at_all(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    published = crawl_site(settings, site, watch=watch, dry_run=True)

    assert len(published.diff.added) == 4
    assert [] == list(settings.data.iterdir())

    crawl_site(settings, site, watch=watch)
    before = tree(settings.data)
    shop.pages["/one"] = (200, faq("other"))
    published = crawl_site(settings, site, watch=watch, dry_run=True)

    assert (1, 1) == (len(published.diff.added), len(published.diff.removed))
    assert before == tree(settings.data)


def test_a_defaced_site_is_held_back_and_accepted_without_asking_it_again(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    good = {f"/{n}": (200, faq(f"question {n}")) for n in range(20)}
    shop.pages = {"/": (200, faq("home", *good)), **good}
    crawl_site(settings, site, watch=watch)
    before = {name: text for name, text in tree(settings.data).items() if "held" not in name}
    shop.pages |= {f"/{n}": (200, faq(f"question {n}").replace("Answer", "Hacked")) for n in range(10)}

    held = crawl_site(settings, site, watch=watch)

    assert held.held == "10 of 21 entries were changed, removed or not found"
    assert held.synced is None
    assert before == {name: text for name, text in tree(settings.data).items() if "held" not in name}

    shop.hits.clear()
    accepted = crawl_site(settings, site, watch=watch, accept=True)

    assert not shop.hits
    assert accepted.synced is not None
    assert len(accepted.diff.changed) == 10
    assert not (settings.data / "sites/s/held.jsonl").exists()
    assert crawl_site(settings, site, watch=watch).diff.changed == ()


def test_a_site_that_is_well_again_forgets_what_was_held_back(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    good = {f"/{n}": (200, faq(f"question {n}")) for n in range(20)}
    shop.pages = {"/": (200, faq("home", *good)), **good}
    crawl_site(settings, site, watch=watch)
    shop.pages |= {f"/{n}": (503, "") for n in range(10)}
    assert crawl_site(settings, site, watch=watch).held == "10 of 21 pages failed"

    shop.pages |= good
    published = crawl_site(settings, site, watch=watch)

    assert (published.held, len(published.diff.kept)) == ("", 21)
    assert not (settings.data / "sites/s/held.jsonl").exists()


def test_a_new_crawl_is_made_where_there_is_nothing_to_accept(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    good = {f"/{n}": (200, faq(f"question {n}")) for n in range(20)}
    shop.pages = {"/": (200, faq("home", *good)), **good}
    crawl_site(settings, site, watch=watch)
    shop.pages |= {f"/{n}": (200, faq(f"question {n}").replace("Answer", "Hacked")) for n in range(20)}

    published = crawl_site(settings, site, watch=watch, accept=True)

    assert len(published.diff.changed) == 20
    assert published.synced is not None


@pytest.mark.parametrize(
    "wall", [(404, ""), (500, ""), (403, ""), (200, ""), (200, "<h1>Log in</h1><p>Your name?</p>"), None]
)
def test_a_site_that_shows_nothing_any_more_is_not_published(
    settings: Settings, site: Site, watch: Watch, shop: Shop, wall: tuple[int, str] | None
) -> None:
    shop.pages = {"/": (200, faq("home", *(f"/{n}" for n in range(20))))} | {
        f"/{n}": (200, faq(f"question {n}")) for n in range(20)
    }
    before = crawl_site(settings, site, watch=watch).synced
    login = {"/login": (200, "<h1>Log in</h1><p>What is your name, please, and your password?</p>")}
    shop.moved = {} if wall else dict.fromkeys(shop.pages, "/login")
    shop.pages = dict.fromkeys(shop.pages, wall) if wall else login

    for _ in range(3):
        try:
            published = crawl_site(settings, site, watch=watch)
        except (FetchFailed, BadCall):
            continue
        assert published.held
        assert published.synced is None

    assert before is not None
    assert snapshot.current(settings.data / "sites/s") == before.snapshot
    assert len(questions(settings)) == 21


def test_pages_that_are_gone_for_good_are_asked_about_once(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    good = {f"/{n}": (200, faq(f"question {n}")) for n in range(20)}
    shop.pages = {"/": (200, faq("home", *good)), **good}
    crawl_site(settings, site, watch=watch)
    shop.pages = {path: page for path, page in shop.pages.items() if path not in {f"/{n}" for n in range(12)}}

    first = crawl_site(settings, site, watch=watch)
    assert first.held == "12 of 21 entries were changed, removed or not found"
    assert crawl_site(settings, site, watch=watch, accept=True).synced
    assert len(questions(settings)) == 21

    last = crawl_site(settings, site, watch=watch)
    assert (last.held, len(last.diff.removed)) == ("", 12)
    assert len(questions(settings)) == 9


def test_an_edit_stays_when_its_source_changes_and_what_the_source_said_is_kept(
    settings: Settings, site: Site, watch: Watch, shop: Shop
) -> None:
    crawl_site(settings, site, watch=watch)
    folder = settings.data / "sites/s"
    entry = next(e for e in read_entries(folder / "entries.jsonl") if e.question == "one?")
    (folder / "edits.jsonl").write_text(json.dumps({"id": entry.id, "answer": "Edited."}) + "\n", "utf-8")
    shop.pages["/one"] = (200, faq("one").replace("Answer to one", "Another answer to one"))

    published = crawl_site(settings, site, watch=watch)

    assert [e.answer for e in published.edited_changed] == ["Another answer to one."]
    assert published.synced is not None
    served = read_entries(folder / "snapshots" / published.synced.snapshot / "entries.jsonl")
    assert {e.id: e.answer for e in served}[entry.id] == "Edited."
    (row,) = map(json.loads, (folder / "edited_changed.jsonl").read_text("utf-8").splitlines())
    assert (row["id"], row["answer"]) == (entry.id, "Answer to one.")
    assert {e.id: e.answer for e in read_entries(folder / "entries.jsonl")}[entry.id] == "Another answer to one."


def test_a_real_crawl_asks_no_faster_than_it_is_told(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    polite = site.model_copy(update={"crawl": site.crawl.model_copy(update={"delay_s": 0.2})})

    crawl_site(settings, polite, watch=watch)

    gaps = [later - earlier for earlier, later in zip(shop.asked_at, shop.asked_at[1:], strict=False)]
    assert len(gaps) == 5
    assert min(gaps) > 0.15


def test_two_at_once_one_waits_its_turn(settings: Settings, site: Site, watch: Watch) -> None:
    with writer_lock(settings.data / "sites/s"), pytest.raises(IndexFailure, match="another process"):
        crawl_site(settings, site, watch=watch)


def test_imported_lines_without_ids_are_never_merged(tmp_path: Path) -> None:
    rows = [("q", "It costs 5.00"), ("q", "It costs 500"), ("q", "It costs 500")]
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows), "utf-8")

    first, again = load([file], "").entries, load([file], "").entries

    assert len({entry.id for entry in first}) == 3
    assert first == again


def test_a_site_that_calls_itself_otherwise_is_refused(settings: Settings, tmp_path: Path) -> None:
    write_site(settings, Site(name="one"))
    (tmp_path / "sites/two").mkdir()
    (tmp_path / "sites/two/site.json").write_bytes((tmp_path / "sites/one/site.json").read_bytes())

    with pytest.raises(BadSettings, match="calls itself 'one'"):
        read_site(settings, "two")


def test_an_entry_file_of_another_hand_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"
    write_entries(path, [FaqEntry("a", "q", "x")])
    path.write_text(path.read_text("utf-8") + '{"id":"b","answer":"\\ud800"}\n', "utf-8")

    with pytest.raises(BadRecord, match="line 2"):
        read_entries(path)
