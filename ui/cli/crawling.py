"""What `kefu crawl` and its relatives do on a terminal: crawl with progress, and the report. Imported when needed."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from crawler.crawl import FAILURES_IN_A_ROW
from crawler.harvest import Harvest
from crawler.records import FaqEntry
from crawler.state import Stopped
from crawler.urls import canonical, same_site
from crawler.visits import Fetched, Skip, Unchanged, Visit
from index import catalogue, weights
from index.embed import Embedder
from ui.cli.output import say, show, show_count, show_download, show_pages
from ui.errors import BadCall
from ui.launch import embedder_for
from ui.publish import Published, Watch, crawl_site
from ui.settings import Settings, Site, chosen_site, read_site

PAGES = {
    "fetched": "read",
    "not_modified": "not modified since the last crawl (304)",
    "failed": "failed; what they said stays",
    "gone": "not there any more (404, 410)",
    "moved": "addresses that lead to another",
    "unlinked": "that no page leads to any more",
    "skipped_robots": "left out: robots.txt",
    "skipped_noindex": "left out: they ask not to be indexed",
    "skipped_not_html": "left out: no web page",
    "skipped_language": "left out: in another language",
    "skipped_duplicate": "left out: they say the same as another",
    "skipped_excluded": "left out: by the settings, now",
    "skipped_limit": "left out: by a limit",
}
ENTRIES = ("added", "changed", "removed", "kept")
LIMITS = {
    "max_pages": "{count} more pages were known when {value} had been asked for. Raise it with --max-pages",
    "max_depth": "{count} pages lie more than {value} links deep. Raise crawl.max_depth in site.json",
    "max_variants": "{count} addresses differ from others in their query only, past {value} of a kind. Raise crawl.max_variants in site.json",
    "max_mib": "{count} more pages were known when {value} MiB had been read. Raise crawl.max_mib in site.json",
    "max_minutes": "{count} more pages were known when {value} minutes had passed. Raise crawl.max_minutes in site.json",
    "failing": f"{{count}} more pages were known when {FAILURES_IN_A_ROW} had failed one after the other. Try again when the site is well",
    "repeated_folders": "{count} addresses repeat their folders over and over, as in a/b/a/b/a/b: a trap",
}
NOTES = {
    "unchanged": "{count:>7} of the pages read, byte for byte as before",
    "going": "{count:>7} entries of pages that were not found for the first time; they go if the next crawl does not find them either: {first}",
    "scripted": "{count:>7} filled in by JavaScript, their text could not be read: {first}",
    "hidden": "{count:>7} characters that no visitor sees, left out",
    "edited": "{count:>7} entries with an edit, changed on the site; the edits stay. See edited_changed.jsonl: {first}",
}
RESUMED = "resumed: {count} pages from the crawl that was stopped at {at:%H:%M}"
HELD = "{why}, so nothing was published. 'kefu crawl --site {site} --accept' publishes it"
WOULD_BE_HELD = "{why}: this would be held back until it is published with --accept"
DRY_RUN = "dry run: nothing was changed"
SHOWN_CHANGES = 20


def with_crawl(site: Site, given: dict[str, Any]) -> Site:
    """The site with the crawl settings that were given laid over its stored ones."""
    for pattern in (*(given.get("include") or ()), *(given.get("exclude") or ())):
        try:
            re.compile(pattern)
        except re.error as error:
            raise BadCall(
                f"'{pattern}' is no regular expression ({error}). Quote special characters with a backslash"
            ) from error
    for language in given.get("languages") or ():
        if not re.fullmatch("[a-z]{2,3}", language):
            raise BadCall(f"'{language}' is no language code. Give two or three small letters, for example zh or en")
    changes = {
        key: tuple(value) if isinstance(value, list) else value for key, value in given.items() if value is not None
    }
    return site.model_copy(update={"crawl": site.crawl.model_copy(update=changes)})


def crawl_shown(
    settings: Settings,
    site: Site,
    *,
    dry_run: bool = False,
    accept: bool = False,
    embedder: Callable[[], Embedder] | None = None,
) -> Published:
    """Crawl with progress on the terminal; `embedder` gives one that is loaded already."""
    with watching(settings, embedder) as watch:
        return crawl_site(settings, site, watch=watch, dry_run=dry_run, accept=accept)


@contextmanager
def watching(settings: Settings, given: Callable[[], Embedder] | None = None) -> Iterator[Watch]:
    """A `Watch` that draws on the terminal; the bar of the embedding appears when embedding begins."""
    progress = Progress(time.monotonic)
    with ExitStack() as pages_shown, ExitStack() as bar:
        line = pages_shown.enter_context(show_pages())

        def page(visit: Visit, ahead: int) -> None:
            line(progress.line(visit, ahead))

        held: list[Any] = []

        def embedding(done: int, total: int) -> None:
            pages_shown.close()
            if not held:
                held.append(bar.enter_context(show_count("embedding")))
            held[0](done, total)

        @cache
        def embedder() -> Embedder:
            pages_shown.close()
            return given() if given else embedder_for(settings, show_download, say)

        def resumed(stopped: Stopped) -> None:
            say(RESUMED.format(count=len(stopped.done), at=stopped.at.astimezone()))

        yield Watch(page, embedding, embedder, lambda: given().digest if given else embedder_digest(settings), resumed)


def embedder_digest(settings: Settings) -> str:
    """Which embedder the settings name, "" when only loading it can tell."""
    known = catalogue.find(settings.embedder)
    return (
        weights.digest(known.name, settings.models) if known and weights.installed(known.name, settings.models) else ""
    )


class Progress:
    """What has come in so far, as one line."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._began = now, now()
        self._pages, self._entries = 0, 0
        self._skipped: Counter[str] = Counter()

    def line(self, visit: Visit, ahead: int) -> str:
        """Count a visit in; `ahead` pages are known and still to come."""
        if isinstance(visit, Fetched | Unchanged):
            self._pages += 1
            self._entries += len(visit.state.entries)
        elif isinstance(visit, Skip):
            self._skipped[visit.reason] += 1
        done = self._pages + self._skipped.total()
        rate = done / max(self._now() - self._began, 0.001)
        parts = [f"{done} of {done + ahead} pages", f"{self._entries} entries"]
        if self._skipped:
            parts.append("skipped " + ", ".join(f"{count} {why}" for why, count in self._skipped.most_common()))
        parts += [f"{rate:.1f}/s", f"about {_duration(ahead / rate)} left"]
        return " · ".join(parts) + f"\n{getattr(visit, 'url', '')}".replace("[", "\\[")  # rich reads [ ] as markup


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def report(name: str, published: Published, *, dry_run: bool = False) -> dict[str, Any]:
    """The JSON of a crawl. With `dry_run` it lists what would change, by id."""
    crawled, diff, held = published.crawled, published.diff, bool(published.held) and not dry_run
    counts = crawled.pages if crawled else Counter[str]()
    touched = {"added": diff.added, "changed": diff.changed, "removed": diff.removed}
    found: dict[str, Any] = {
        "site": name,
        "pages": {key: counts[key] for key in (*PAGES, "unchanged")},
        "entries": {
            **{key: len(getattr(diff, key)) for key in ENTRIES},
            "held": sum(map(len, touched.values())) if held else 0,
        },
        "embedded": published.synced.embedded if published.synced else 0,
        "snapshot": published.synced.snapshot if published.synced else None,
        "seconds": round(published.seconds, 2),
        "stopped_by": crawled.end.stopped_by if crawled else "done",
        "held_because": published.held,
        "resumed": len(published.resumed.done) if published.resumed else 0,
        "edited_changed": [entry.id for entry in published.edited_changed],
    }
    if crawled:
        found["limits"] = dict(crawled.end.left_out)
        found["pages"]["scripted"] = len(crawled.scripted)
        found["going"] = len(crawled.going)
        found["hidden_chars"] = crawled.hidden_chars
    if dry_run:
        found["diff"] = {key: [entry.id for entry in entries] for key, entries in touched.items()}
    return found


def site_to_crawl(settings: Settings, url: str | None, name: str | None) -> Site:
    """The site to crawl: the one named, else one named after the host of the URL, which becomes one of its seeds."""
    if url is None:
        return read_site(settings, chosen_site(settings, name))
    address = canonical(url if "://" in url else f"https://{url}")
    site = read_site(settings, name or _name_of(address))
    seeds = site.crawl.seeds
    if seeds and not same_site(address, canonical(seeds[0])):
        raise BadCall(
            f"site {site.name} is crawled from {seeds[0]}, which is another host. Give this one its own --site"
        )
    return with_crawl(site, {"seeds": list(dict.fromkeys((*seeds, address)))})


def _name_of(address: str) -> str:
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "-", host)[:63].strip("-") or "site"


def tell(site: Site, published: Published, dry_run: bool) -> None:
    """Print the report of a crawl."""
    if crawled := published.crawled:
        for line in _problems(crawled):
            say(f"  {line}")
        show(f"{site.name}: {crawled.asked} pages in {published.seconds:.1f} s")
        for line in (*_page_rows(crawled), *_notes(site, published, crawled)):
            show(f"  {line}")
    if dry_run or published.held:
        for line in _changes(published, None if dry_run else SHOWN_CHANGES):
            show(line)
    show("entries: " + ", ".join(f"{len(getattr(published.diff, key))} {key}" for key in ENTRIES))
    if published.synced:
        show(
            f'published snapshot {published.synced.snapshot}. Ask it: kefu ask "…" --site {site.name}, or kefu serve --site {site.name}'
        )
    elif dry_run:
        show(f"{WOULD_BE_HELD.format(why=published.held)}\n{DRY_RUN}" if published.held else DRY_RUN)


def refuse_held(site: str, published: Published) -> None:
    """Raise BadCall, with the way on, when a result was held back."""
    if published.held:
        raise BadCall(HELD.format(why=published.held, site=site))


def _problems(crawled: Harvest) -> Iterator[str]:
    for skip in crawled.skips:
        if skip.reason in ("failed", "gone"):
            yield skip.detail or skip.url


def _page_rows(crawled: Harvest) -> Iterator[str]:
    for key, what in PAGES.items():
        if crawled.pages[key]:
            yield f"{crawled.pages[key]:>7} {what}"


def _notes(site: Site, published: Published, crawled: Harvest) -> Iterator[str]:
    for name, count in crawled.end.left_out:
        yield LIMITS[name].format(count=count, value=getattr(site.crawl, name, ""))
    edited: tuple[FaqEntry, ...] = published.edited_changed
    told = {
        "unchanged": (crawled.pages["unchanged"], ""),
        "going": (
            len(crawled.going),
            ", ".join(e.title for e in published.diff.entries if e.id in crawled.going)[:200],
        ),
        "scripted": (len(crawled.scripted), ", ".join(crawled.scripted[:3])),
        "hidden": (crawled.hidden_chars, ""),
        "edited": (len(edited), ", ".join(entry.title for entry in edited[:3])),
    }
    for name, (count, first) in told.items():
        if count:
            yield NOTES[name].format(count=count, first=first)


def _changes(published: Published, most: int | None) -> Iterator[str]:
    diff = published.diff
    marked = [
        (mark, e) for mark, found in zip("+~-", (diff.added, diff.changed, diff.removed), strict=True) for e in found
    ]
    for mark, entry in marked[:most]:
        yield f"{mark} {entry.title}  {entry.link}"
    if most and len(marked) > most:
        yield f"  … and {len(marked) - most} more"
