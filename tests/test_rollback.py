"""Going back to the snapshot before: what serves then, and that no crawl undoes it unasked."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.records import FaqEntry, read_entries
from index import snapshot
from index.build import sync
from index.embed import Embedder
from index.passage import SPLITTER
from tests.shop import Shop, faq
from ui.cli.run import run
from ui.publish import Watch, crawl_site, import_entries
from ui.settings import Settings, Site

ENTRY = FaqEntry("x", "Where are you?", "In Bern.", language="en")


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    shop.pages = {"/": (200, faq("home"))}
    yield shop
    shop.close()


@pytest.fixture
def site(shop: Shop) -> Site:
    return shop.site()


def served(settings: Settings) -> dict[str, str]:
    folder = settings.data / "sites/s"
    entries = read_entries(folder / "snapshots" / snapshot.current(folder) / "entries.jsonl")
    return {entry.question: entry.answer for entry in entries}


def go_back(settings: Settings) -> snapshot.Pointer:
    return snapshot.rollback(settings.data / "sites/s", lambda manifest: True)


@pytest.fixture
def rolled_back(settings: Settings, site: Site, watch: Watch, shop: Shop) -> snapshot.Pointer:
    """A shop whose second crawl brought a wrong answer, and which went back to the first."""
    crawl_site(settings, site, watch=watch)
    shop.pages["/"] = (200, faq("home").replace("Answer", "Wrong answer"))
    crawl_site(settings, site, watch=watch)
    assert served(settings) == {"home?": "Wrong answer to home."}
    return go_back(settings)


@pytest.mark.parametrize("changed", [False, True])
def test_a_crawl_after_a_rollback_waits_to_be_accepted(
    settings: Settings, site: Site, watch: Watch, shop: Shop, rolled_back: snapshot.Pointer, changed: bool
) -> None:
    if changed:
        shop.pages["/"] = (200, faq("home").replace("Answer", "Another answer"))

    for _ in range(2):
        held = crawl_site(settings, site, watch=watch)
        assert (held.held, held.synced) == ("snapshot 000002 was rolled back", None)
        assert served(settings) == {"home?": "Answer to home."}

    accepted = crawl_site(settings, site, watch=watch, accept=True)

    assert accepted.synced is not None
    assert accepted.synced.snapshot == "000003"
    assert served(settings) == {"home?": "Another answer to home." if changed else "Wrong answer to home."}
    assert crawl_site(settings, site, watch=watch).held == ""


def test_when_the_site_says_again_what_is_served_accepting_ends_the_rollback(
    settings: Settings, site: Site, watch: Watch, shop: Shop, rolled_back: snapshot.Pointer
) -> None:
    shop.pages["/"] = (200, faq("home"))

    crawl_site(settings, site, watch=watch, accept=True)

    assert crawl_site(settings, site, watch=watch).held == ""
    assert served(settings) == {"home?": "Answer to home."}


def test_an_import_that_changes_nothing_leaves_the_rollback_and_a_new_one_ends_it(
    settings: Settings, watch: Watch
) -> None:
    site = Site(name="s")
    for answer in ("In Bern.", "In Bonn."):
        import_entries(settings, site, [replace(ENTRY, answer=answer)], watch=watch)
    go_back(settings)

    same = import_entries(settings, site, [replace(ENTRY, answer="In Bonn.")], watch=watch)
    assert same.synced is not None
    assert (same.synced.snapshot, same.synced.held_for) == ("000001", "000002")
    assert served(settings) == {"Where are you?": "In Bern."}

    import_entries(settings, site, [replace(ENTRY, answer="In Basel.")], watch=watch)
    assert served(settings) == {"Where are you?": "In Basel."}


def test_whatever_was_rolled_back_waits(settings: Settings, watch: Watch) -> None:
    site = Site(name="s")
    for answer in ("In Bern.", "In Bonn.", "In Brig."):
        import_entries(settings, site, [replace(ENTRY, answer=answer)], watch=watch)
    go_back(settings), go_back(settings)

    for answer, number in (("In Brig.", "000003"), ("In Bonn.", "000002")):
        again = import_entries(settings, site, [replace(ENTRY, answer=answer)], watch=watch)
        assert again.synced is not None
        assert (again.synced.snapshot, again.synced.held_for) == ("000001", number)
    assert served(settings) == {"Where are you?": "In Bern."}


def test_a_build_from_the_entries_waits_too(settings: Settings, watch: Watch) -> None:
    site = Site(name="s")
    for answer in ("In Bern.", "In Bonn."):
        import_entries(settings, site, [replace(ENTRY, answer=answer)], watch=watch)
    go_back(settings)

    assert crawl_site(settings, site, watch=watch).held == "snapshot 000002 was rolled back"
    assert crawl_site(settings, site, watch=watch, accept=True).held == ""
    assert served(settings) == {"Where are you?": "In Bonn."}


def test_what_was_rolled_back_is_not_embedded_again(settings: Settings, embedder: Embedder) -> None:
    folder = settings.data / "sites/s"
    for answer in ("In Bern.", "In Bonn."):
        sync(folder, [replace(ENTRY, answer=answer)], embedder)
    go_back(settings)

    again = sync(folder, [replace(ENTRY, answer="In Bonn.")], embedder, accept=True)

    assert (again.snapshot, again.embedded) == ("000003", 0)


@pytest.fixture
def on_disk(settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command for a site with two snapshots, in a place without models."""
    monkeypatch.setenv("KEFU_MODELS", str(settings.data / "models"))
    monkeypatch.setenv("KEFU_EMBEDDER", embedder.name)
    for answer in ("In Bern.", "In Bonn."):
        sync(settings.data / "sites/s", [replace(ENTRY, answer=answer)], embedder)
    (settings.data / "sites/s/site.json").write_text('{"name": "s"}', "utf-8")
    return ["--data", str(settings.data), "rollback", "--site", "s"]


def test_the_command_says_which_one_serves(
    on_disk: list[str], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*on_disk, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"site": "s", "snapshot": "000001", "instead_of": "000002"}
    assert served(settings) == {"Where are you?": "In Bern."}

    assert run(on_disk) == 1
    assert "no snapshot before 000001 that can serve, so 000001 stays" in capsys.readouterr().err


def test_the_command_in_words(on_disk: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(on_disk) == 0
    assert capsys.readouterr().out == (
        "s: snapshot 000001 serves now, instead of 000002. Crawls are held back from now on; "
        "'kefu crawl --site s --accept' publishes the next\n"
    )


def test_the_command_passes_over_other_versions(
    on_disk: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.passage.SPLITTER", SPLITTER + 1)

    assert run(on_disk) == 1
    assert "kefu crawl --site s" in capsys.readouterr().err


def test_the_command_passes_over_another_embedder(
    on_disk: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_EMBEDDER", "org/another-model")

    assert run(on_disk) == 1
    assert "no snapshot before 000002 that can serve" in capsys.readouterr().err
