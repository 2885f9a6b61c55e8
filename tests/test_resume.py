"""A crawl that is killed, in a real process, wherever it stands: nothing published is lost, and the next one heals it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler.records import read_entries
from index.calibrate import load_calibration
from index.embed import fake_embedder
from index.hybrid import Index
from tests.shop import Shop, faq
from ui.publish import Watch, crawl_site
from ui.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = 24
# A crawl of site s, which SIGINT stops even where the tests run in the background and inherit that it is ignored. With a
# number it kills itself at that rename of a file or folder, before or after it happens.
CHILD = """
import os, signal, sys
from pathlib import Path
from index.embed import fake_embedder
from ui.publish import Watch, crawl_site
from ui.settings import CrawlSettings, Settings, Site
folder, host, when, number = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)
rename, renames = Path.replace, [0]
def replace(self, target):
    renames[0] += 1
    if when == "before" and renames[0] == int(number): os.kill(os.getpid(), signal.SIGKILL)
    found = rename(self, target)
    if when == "after" and renames[0] == int(number): os.kill(os.getpid(), signal.SIGKILL)
    return found
Path.replace = replace
site = Site(name="s", crawl=CrawlSettings(seeds=(f"http://{host}/",), delay_s=0, allow_hosts=(host,)))
crawl_site(Settings(data=Path(folder)), site, watch=Watch(lambda *a: None, lambda *a: None, fake_embedder))
"""

pytestmark = [pytest.mark.slow_process, pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    shop.validators = True
    shop.pages = {"/": (200, faq("home", *(f"/{n}" for n in range(PAGES))))}
    shop.pages |= {f"/{n}": (200, faq(f"question {n}")) for n in range(PAGES)}
    yield shop
    shop.close()


def start(data: Path, shop: Shop, when: str = "", number: int = 0) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", CHILD, str(data), shop.host, when, str(number)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def crawl(data: Path, shop: Shop) -> object:
    return crawl_site(Settings(data=data), shop.site(), watch=Watch(lambda *a: None, lambda *a: None, fake_embedder))


def served(data: Path) -> set[tuple[str, str]]:
    index = Index.open(data / "sites/s", fake_embedder(), load_calibration(None))
    return {(entry.question, entry.answer) for entry in index.entries}


def expected(answer: str = "Answer") -> set[tuple[str, str]]:
    return {("home?", "Answer to home.")} | {(f"question {n}?", f"{answer} to question {n}.") for n in range(PAGES)}


def wait_for(met: Callable[[], bool], seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_crawl_leaves_what_was_published_and_is_gone_on_with(tmp_path: Path, shop: Shop, kill: int) -> None:
    crawl(tmp_path, shop)
    before = {path: path.read_bytes() for path in (tmp_path / "sites/s").rglob("*") if path.is_file()}
    shop.pages |= {f"/{n}": (200, faq(f"question {n}").replace("Answer", "New")) for n in range(8)}
    shop.hits.clear()
    shop.slow_s = 0.1
    process = start(tmp_path, shop)
    journal = tmp_path / "sites/s/crawl.jsonl"
    wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 8)
    process.send_signal(kill)
    _, said = process.communicate(timeout=30)

    assert process.returncode != 0, said
    assert {path: path.read_bytes() for path in before} == before
    assert served(tmp_path) == expected()
    done = {path for (path, status), _ in shop.hits.items() if status in (200, 304)}
    shop.slow_s = 0.0
    shop.hits.clear()

    published = crawl(tmp_path, shop)

    assert len(published.resumed.done) >= 8  # type: ignore[attr-defined]
    again = {path for (path, status), _ in shop.hits.items() if status in (200, 304)}
    assert len(again & done) <= 8, "all but the pages that were under way"
    assert done | again == set(shop.pages)
    assert served(tmp_path) == {e for e in expected() if e[0] not in {f"question {n}?" for n in range(8)}} | {
        (f"question {n}?", f"New to question {n}.") for n in range(8)
    }
    assert not journal.exists()


# site.json, entries.jsonl, pages.jsonl, the snapshot's folder, CURRENT
STEPS = [("before", 1), *(("after", number) for number in range(1, 6))]


@pytest.mark.parametrize(("when", "number"), STEPS)
def test_a_kill_between_any_two_steps_of_publishing_is_healed(
    tmp_path: Path, shop: Shop, number: int, when: str
) -> None:
    crawl(tmp_path, shop)
    shop.pages |= {f"/{n}": (200, faq(f"question {n}").replace("Answer", "New")) for n in range(6)}
    del shop.pages["/23"]
    process = start(tmp_path, shop, when, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    assert len(served(tmp_path)) == PAGES + 1, "something whole is served"

    crawl(tmp_path, shop)

    now = {e for e in expected() if e[0] not in {f"question {n}?" for n in range(6)}} | {
        (f"question {n}?", f"New to question {n}.") for n in range(6)
    }
    assert served(tmp_path) == now
    stored = read_entries(tmp_path / "sites/s/entries.jsonl")
    assert {(e.question, e.answer) for e in stored} == now
    shop.hits.clear()
    crawl(tmp_path, shop)
    assert sum(count for (_, status), count in shop.hits.items() if status == 304) == PAGES, "all is remembered"
    assert served(tmp_path) == now - {("question 23?", "Answer to question 23.")}


def test_a_first_crawl_that_is_killed_is_gone_on_with(tmp_path: Path, shop: Shop) -> None:
    shop.slow_s = 0.1
    process = start(tmp_path, shop)
    journal = tmp_path / "sites/s/crawl.jsonl"
    wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 6)
    process.kill()
    process.communicate(timeout=30)
    shop.slow_s = 0.0

    published = crawl(tmp_path, shop)

    assert published.resumed is not None  # type: ignore[attr-defined]
    assert served(tmp_path) == expected()


def test_a_lock_is_free_as_soon_as_its_holder_is_dead(tmp_path: Path, shop: Shop) -> None:
    shop.slow_s = 0.2
    process = start(tmp_path, shop)
    wait_for(lambda: sum(shop.hits.values()) > 2)
    process.kill()
    process.communicate(timeout=30)
    shop.slow_s = 0.0

    crawl(tmp_path, shop)

    assert served(tmp_path) == expected()
