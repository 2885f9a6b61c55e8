"""Crawls the sites of a running server again and again, each in a process of its own, so that no answer waits for it."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ui
from crawler.errors import KefuError
from ui.errors import BadCall
from ui.settings import Settings, read_site, site_folder

UNITS_S = {"m": 60, "h": 3600, "d": 86400}
LEAST_S = 600
CHECK_EVERY_S = 10.0
DONE = "crawled again: {fetched} pages read, {not_modified} not modified, {failed} failed; entries: {added} added, {changed} changed, {removed} removed"
BAD_INTERVAL = "'{text}' is no interval. Give at least 10 minutes, for example 30m, 6h or 1d"

# (settings, site, stop) -> one line that says how the crawl ended
Run = Callable[[Settings, str, threading.Event], str]


def interval_s(text: str) -> int:
    """Seconds of 30m, 6h or 1d.

    Raises:
        BadCall: it is none, or shorter than ten minutes.

    """
    found = re.fullmatch(r"(\d{1,6})([mhd])", text.strip().lower())
    seconds = int(found[1]) * UNITS_S[found[2]] if found else 0
    if seconds < LEAST_S:
        raise BadCall(BAD_INTERVAL.format(text=text))
    return seconds


def crawl_in_child(settings: Settings, site: str, stop: threading.Event) -> str:
    """`kefu crawl --site NAME --json`; ended when `stop` is set, which loses nothing: the next one goes on from there."""
    root = str(Path(ui.__file__).resolve().parents[1])
    code = f"import sys; sys.path.insert(0, {root!r}); from ui.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-P", "-c", code, "--data", str(settings.data), "crawl", "--site", site, "--json"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while True:
        try:
            out, said = process.communicate(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            if stop.is_set():
                process.terminate()
    return _outcome(out.decode("utf-8", "replace"), said.decode("utf-8", "replace"), process.returncode)


def _outcome(out: str, said: str, code: int) -> str:
    if code:
        return (said.strip().splitlines() or [f"the crawl ended with exit code {code}"])[-1].removeprefix("kefu: ")
    report: dict[str, Any] = json.loads(out)
    return DONE.format(**report["pages"], **report["entries"])


def keep_fresh(
    settings: Settings,
    names: Sequence[str],
    every_s: float,
    tell: Callable[[str], None],
    stop: threading.Event,
    *,
    run: Run = crawl_in_child,
    check_every_s: float = CHECK_EVERY_S,
) -> None:
    """Crawl each site that has seeds when its last crawl is `every_s` old, one after the other, until `stop` is set."""
    tried: dict[str, float] = {}
    while not stop.wait(check_every_s):
        for name in names:
            if stop.is_set() or time.time() - max(tried.get(name, 0.0), last_crawl(settings, name)) < every_s:
                continue
            tried[name] = time.time()
            try:
                if read_site(settings, name).crawl.seeds:
                    tell(f"{name}: {run(settings, name, stop)}")
            except (KefuError, OSError, ValueError) as error:  # the next one may go well
                tell(f"{name}: {error}")


def last_crawl(settings: Settings, site: str) -> float:
    """When a site was last crawled and published, in seconds since 1970; 0 for never."""
    try:
        return (site_folder(settings, site) / "pages.jsonl").stat().st_mtime
    except OSError:
        return 0.0
