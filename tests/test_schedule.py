"""`kefu serve --every`: when it crawls, and that nothing it meets ends the server."""

import os
import threading
import time
from pathlib import Path

import pytest

from crawler.state import write_pages
from tests.shop import Shop, faq
from ui.errors import BadCall, BadSettings
from ui.schedule import crawl_in_child, interval_s, keep_fresh
from ui.settings import CrawlSettings, Settings, Site, write_site


@pytest.mark.parametrize(("text", "expected"), [("30m", 1800), ("6h", 21600), ("1d", 86400), (" 10M ", 600)])
def test_intervals(text: str, expected: int) -> None:
    assert expected == interval_s(text)


@pytest.mark.parametrize("text", ["", "6", "9m", "0h", "6 hours", "-6h", "1.5h", "60s", "9999999d"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(BadCall, match="30m, 6h or 1d"):
        interval_s(text)


class Runs:
    """Notes which sites are crawled; ends the schedule after so many."""

    def __init__(self, last: int, error: Exception | None = None) -> None:
        self.names: list[str] = []
        self.said: list[str] = []
        self.stop = threading.Event()
        self._last, self._error = last, error

    def __call__(self, settings: Settings, name: str, stop: threading.Event) -> str:
        self.names.append(name)
        if len(self.names) == self._last:
            stop.set()
        if self._error:
            raise self._error
        return "done"

    def keep(self, settings: Settings, names: list[str], every_s: float) -> None:
        ended = threading.Timer(5, self.stop.set)
        ended.start()
        keep_fresh(settings, names, every_s, self.said.append, self.stop, run=self, check_every_s=0.01)
        ended.cancel()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data=tmp_path)
    for name in ("one", "two"):
        write_site(found, Site(name=name, crawl=CrawlSettings(seeds=("https://shop.example/",))))
    write_site(found, Site(name="files"))
    return found


def crawled(settings: Settings, name: str, hours_ago: float) -> None:
    path = settings.data / "sites" / name / "pages.jsonl"
    write_pages(path, [])
    then = time.time() - 3600 * hours_ago
    os.utime(path, (then, then))


def test_a_site_is_crawled_when_its_last_crawl_is_old(settings: Settings) -> None:
    crawled(settings, "one", 7)
    crawled(settings, "two", 5)
    runs = Runs(last=1)

    runs.keep(settings, ["one", "two", "files"], 6 * 3600)

    assert ["one"] == runs.names
    assert ["one: done"] == runs.said


def test_a_site_is_crawled_again_and_again_and_one_after_the_other(settings: Settings) -> None:
    runs = Runs(last=6)

    runs.keep(settings, ["one", "two", "files"], 0.05)

    assert ["one", "two"] * 3 == runs.names


def test_a_crawl_that_fails_is_said_and_tried_again_at_its_time(settings: Settings) -> None:
    runs = Runs(last=3, error=BadSettings("site.json is broken"))

    runs.keep(settings, ["one"], 0.05)

    assert ["one: site.json is broken"] * 3 == runs.said


def test_it_ends_with_the_server(settings: Settings) -> None:
    runs = Runs(last=99)
    runs.stop.set()

    runs.keep(settings, ["one"], 0.01)

    assert [] == runs.names


@pytest.mark.slow_process
def test_a_real_child_says_what_went_wrong_in_one_line(settings: Settings) -> None:
    crawl = CrawlSettings(seeds=("http://127.0.0.1:9/",), delay_s=0, allow_hosts=("127.0.0.1:9",))
    write_site(settings, Site(name="one", crawl=crawl))

    said = crawl_in_child(settings, "one", threading.Event())

    assert "cannot be reached" in said
    assert "\n" not in said


@pytest.mark.slow_process
def test_a_real_child_is_ended_with_the_server(settings: Settings) -> None:
    shop = Shop()
    shop.pages, shop.slow_s = {"/": (200, faq("home"))}, 30
    write_site(settings, shop.site("one"))
    stop = threading.Event()
    threading.Timer(2, stop.set).start()
    began = time.monotonic()

    crawl_in_child(settings, "one", stop)

    assert time.monotonic() - began < 15
    shop.close()
