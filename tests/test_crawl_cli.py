"""`kefu crawl` at the shell: what it prints, and how it ends. No model is needed: nothing is published here."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.diff import merge_crawl
from crawler.harvest import Harvest, gather
from crawler.records import FaqEntry, write_entries
from crawler.visits import End, PageState, Skip, Unchanged, Visit
from tests.shop import Shop, faq
from ui.cli import crawling
from ui.cli.crawling import Progress, report, tell
from ui.cli.run import run
from ui.publish import Published
from ui.settings import CrawlSettings, Settings, Site, write_site

ENTRIES = [FaqEntry(str(n), f"Old question {n}?", f"Answer {n}.", "https://shop.example/") for n in range(20)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    shop.pages = {"/": (200, faq("home", "/one", "/two")), "/one": (200, faq("one")), "/two": (500, "sorry")}
    yield shop
    shop.close()


@pytest.fixture
def known(shop: Shop) -> Site:
    """A site that was crawled before, with twenty entries that are not there now."""
    site = shop.site()
    settings = Settings()
    write_site(settings, site)
    here = [FaqEntry(e.id, e.question, e.answer, f"http://{shop.host}/") for e in ENTRIES]
    write_entries(settings.data / "sites/s/entries.jsonl", here)
    return site


def test_a_dry_run_lists_what_would_change(capsys: pytest.CaptureFixture[str], shop: Shop) -> None:
    argv = ["crawl", f"http://{shop.host}/", "--site", "s", "--delay", "0", "--allow-host", shop.host, "--dry-run"]

    assert run([*argv, "--json"]) == 0
    out, err = capsys.readouterr()

    found = json.loads(out)
    assert err == ""
    assert (2, 1, 0) == tuple(found["pages"][key] for key in ("fetched", "failed", "not_modified"))
    assert found["entries"] == {"added": 2, "changed": 0, "removed": 0, "kept": 0, "held": 0}
    assert (found["embedded"], found["snapshot"], found["stopped_by"]) == (0, None, "done")
    assert len(found["diff"]["added"]) == 2
    assert not Path("kefu-data").exists()

    assert run(argv) == 0
    out, _ = capsys.readouterr()
    assert f"+ one?  http://{shop.host}/one" in out
    assert "dry run: nothing was changed" in out


def test_a_result_that_is_held_back_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], known: Site
) -> None:
    before = Path("kefu-data/sites/s/entries.jsonl").read_bytes()

    assert run(["crawl", "--site", "s", "--json"]) == 1
    out, err = capsys.readouterr()

    found = json.loads(out)
    assert found["entries"]["held"] == 22
    assert found["held_because"] == "20 of 20 entries were changed, removed or not found"
    assert found["snapshot"] is None
    assert err == (
        "kefu: 20 of 20 entries were changed, removed or not found, so nothing was published. "
        "'kefu crawl --site s --accept' publishes it\n"
    )
    assert before == Path("kefu-data/sites/s/entries.jsonl").read_bytes()
    assert Path("kefu-data/sites/s/held.jsonl").exists()

    assert run(["crawl", "--site", "s"]) == 1
    out, _ = capsys.readouterr()
    assert "- Old question 3?" in out
    assert "… and 2 more" in out


def test_a_dry_run_says_that_it_would_be_held_back(capsys: pytest.CaptureFixture[str], known: Site) -> None:
    assert run(["crawl", "--site", "s", "--dry-run"]) == 0

    assert "would be held back" in capsys.readouterr().out
    assert not Path("kefu-data/sites/s/held.jsonl").exists()


def test_a_language_that_is_none(capsys: pytest.CaptureFixture[str], shop: Shop) -> None:
    assert run(["crawl", f"http://{shop.host}/", "--language", "Chinese"]) == 1
    assert "two or three small letters" in capsys.readouterr().err


def harvested(*visits: Visit, left_out: tuple[tuple[str, int], ...] = (), stopped_by: str = "done") -> Harvest:
    return gather([*visits, End(stopped_by, True, left_out)], {}, ENTRIES, began_at="now")


def lines(capsys: pytest.CaptureFixture[str], crawled: Harvest, **more: object) -> str:
    published = Published(merge_crawl(ENTRIES, []), None, 1.0, crawled, **more)  # type: ignore[arg-type]
    tell(Site(name="s"), published, dry_run=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("limit", sorted(crawling.LIMITS))
def test_every_limit_is_named_with_what_raises_it(capsys: pytest.CaptureFixture[str], limit: str) -> None:
    said = lines(capsys, harvested(left_out=((limit, 7),)))

    assert "7 " in said
    assert "Raise " in said or limit in ("failing", "repeated_folders")
    assert "{" not in said


def test_the_limits_are_those_of_the_crawl() -> None:
    numbers = {name for name in CrawlSettings.model_fields if name.startswith("max_")}

    assert numbers == {name for name in crawling.LIMITS if name.startswith("max_")}


def test_the_report_names_what_a_person_should_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    state = PageState("https://shop.example/app", scripted=True)
    crawled = harvested(Unchanged(state), Skip("https://shop.example/x", "robots"))

    said = lines(capsys, crawled, edited_changed=tuple(ENTRIES[:2]))

    assert "1 filled in by JavaScript" in said
    assert "https://shop.example/app" in said
    assert "1 left out: robots.txt" in said
    assert "Old question 0?, Old question 1?" in said


def test_every_outcome_has_words() -> None:
    reasons = "failed gone moved unlinked robots noindex not_html language duplicate excluded".split()
    counted = harvested(*(Skip(reason, reason) for reason in reasons)).pages

    assert set(counted) - {"skipped_limit"} <= set(crawling.PAGES)
    published = Published(merge_crawl([], []), None, 1.0, harvested())
    assert {"fetched", "not_modified", "failed", "skipped_robots"} <= set(report("s", published)["pages"])


def test_progress_shows_pages_entries_skips_rate_and_time_left() -> None:
    seconds = iter([0.0, 10.0, 10.0, 20.0])
    progress = Progress(lambda: next(seconds))

    progress.line(Unchanged(PageState("https://shop.example/[a]", entries=("1", "2"))), 9)
    progress.line(Skip("x", "robots"), 9)
    line = progress.line(Unchanged(PageState("https://shop.example/[a]", entries=("3",))), 3)

    assert line.splitlines() == [
        "3 of 6 pages · 3 entries · skipped 1 robots · 0.1/s · about 20 s left",
        "https://shop.example/\\[a]",
    ]


def test_a_report_without_a_crawl_has_the_same_keys() -> None:
    found = report("s", Published(merge_crawl([], []), None))

    assert Counter(found["pages"].values()) == {0: len(found["pages"])}
