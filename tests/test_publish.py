"""A site changes as a whole or not at all: what a crawl may remove, and what it must never touch."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crawler.errors import BadRecord, FetchFailed
from crawler.records import FaqEntry, read_entries, write_entries
from index.embed import Embedder
from index.errors import IndexFailure
from index.snapshot import writer_lock
from ui.cli.import_ import read_import
from ui.errors import BadCall, BadSettings
from ui.publish import Published, Watch, crawl_site, import_entries
from ui.settings import CrawlSettings, Settings, Site, read_site, write_site


def faq(question: str, *links: str) -> str:
    anchors = "".join(f'<p>See <a href="{link}">more</a> about this.</p>' for link in links)
    return f"<title>FAQ</title><dl><dt>{question}?</dt><dd>Answer to {question}.</dd></dl>{anchors}"


class Shop:
    """A web site whose answers the test sets: path -> (status, HTML)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str]] = {}
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, html = shop.pages.get(self.path, (404, "gone"))
                body = html.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


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
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def site(shop: Shop) -> Site:
    crawl = CrawlSettings(seeds=(f"http://{shop.host}/",), delay_s=0, allow_hosts=(shop.host,))
    return Site(name="s", crawl=crawl)


@pytest.fixture
def watch(embedder: Embedder) -> Watch:
    return Watch(lambda visit, entries: None, lambda done, total: None, lambda: embedder)


def questions(settings: Settings) -> set[str]:
    return {entry.question for entry in read_entries(settings.data / "sites/s/entries.jsonl")}


ALL = {"home?", "hub?", "one?", "two?"}


def test_a_page_that_fails_keeps_what_lies_behind_it(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    crawl_site(settings, site, watch=watch)
    shop.pages["/hub"] = (500, "sorry")

    published = crawl_site(settings, site, watch=watch)

    assert questions(settings) == ALL
    assert published.diff.removed == ()


def test_a_page_that_is_gone_loses_its_entries(settings: Settings, site: Site, watch: Watch, shop: Shop) -> None:
    crawl_site(settings, site, watch=watch)
    shop.pages["/one"] = (404, "gone")

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
    snapshot = settings.data / "sites/s/snapshots" / published.synced.snapshot / "entries.jsonl"
    assert {e.id: e.answer for e in read_entries(snapshot)}[entry.id] == "Edited."
    assert read_entries(settings.data / "sites/s/entries.jsonl")[0] == entry


def test_an_embedder_that_fails_leaves_nothing_behind(settings: Settings, site: Site, watch: Watch) -> None:
    def broken() -> Embedder:
        raise IndexFailure("no such embedder")

    with pytest.raises(IndexFailure):
        crawl_site(settings, site, watch=Watch(watch.page, watch.embedding, broken))

    assert not (settings.data / "sites/s").exists()


def test_two_at_once_one_waits_its_turn(settings: Settings, site: Site, watch: Watch) -> None:
    with writer_lock(settings.data / "sites/s"), pytest.raises(IndexFailure, match="another process"):
        crawl_site(settings, site, watch=watch)


def test_imported_lines_without_ids_are_never_merged(tmp_path: Path) -> None:
    rows = [("q", "It costs 5.00"), ("q", "It costs 500"), ("q", "It costs 500")]
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows), "utf-8")

    first, again = read_import(file), read_import(file)

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
