"""Crawl or import -> entries.jsonl -> published index: the one way in which a site changes. Knows no terminal."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.crawl import CrawlPolicy, Skip, crawl
from crawler.diff import Diff, apply_edits, merge_crawl, merge_import, read_edits
from crawler.errors import FetchFailed
from crawler.extract import extract, passages
from crawler.fetch import open_fetch
from crawler.records import FaqEntry, Page, read_entries, write_entries
from index.embed import Embedder
from index.hybrid import Synced, sync
from index.snapshot import writer_lock
from ui.errors import BadCall
from ui.settings import Settings, Site, read_site, site_folder, write_site

Embedding = Callable[[int, int], None]


@dataclass(frozen=True)
class Crawled:
    """What a crawl found: counts of pages by outcome, what was skipped, and the entries of the pages."""

    pages: Counter[str]
    skips: tuple[Skip, ...]
    entries: tuple[FaqEntry, ...]
    read_urls: frozenset[str]
    stopped_by: str


@dataclass(frozen=True)
class Published:
    """What a change did to a site. `synced` is None when nothing was published (a dry run)."""

    diff: Diff
    synced: Synced | None
    seconds: float
    crawled: Crawled | None = None


@dataclass(frozen=True)
class Watch:
    """Where progress goes, each page or skip, and embedding as (done, total); and the embedder, asked for when needed."""

    page: Callable[[Page | Skip, int], None]
    embedding: Embedding
    embedder: Callable[[], Embedder]


def crawl_site(settings: Settings, site: Site, *, watch: Watch, dry_run: bool = False) -> Published:
    """Crawl a site by its stored settings and publish what was found; a dry run changes nothing.

    A site without seeds is not crawled: its index is made anew from the entries that are there.

    Raises:
        FetchFailed: not one page could be read.
        BadCall: the crawl found nothing that could be asked about.

    """
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with writer_lock(folder):
        old = read_entries(folder / "entries.jsonl")
        if not site.crawl.seeds:
            return Published(merge_import(old, []), _publish(settings, folder, old, watch), time.monotonic() - began)
        crawled = _crawl(site, watch)
        if not crawled.entries:
            raise BadCall(_nothing_found(site, crawled))
        diff = merge_crawl(old, crawled.entries, unread_urls=_unread(old, crawled))
        if dry_run:
            return Published(diff, None, time.monotonic() - began, crawled)
        synced = _store(settings, site, diff, watch)
        return Published(diff, synced, time.monotonic() - began, crawled)


def import_entries(settings: Settings, site: Site, entries: Sequence[FaqEntry], *, watch: Watch) -> Published:
    """Upsert entries by id and publish."""
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with writer_lock(folder):
        diff = merge_import(read_entries(folder / "entries.jsonl"), entries)
        return Published(diff, _store(settings, site, diff, watch), time.monotonic() - began)


def _store(settings: Settings, site: Site, diff: Diff, watch: Watch) -> Synced:
    """Write what a change made of a site, and publish. What can fail for a wrong setting is done before the first write."""
    folder = site_folder(settings, site.name)
    watch.embedder()
    read_edits(folder / "edits.jsonl")
    # A crawl takes minutes: what else was set meanwhile stays.
    stored = read_site(settings, site.name) if (folder / "site.json").exists() else site
    write_site(settings, stored.model_copy(update={"crawl": site.crawl}))
    write_entries(folder / "entries.jsonl", diff.entries)
    return _publish(settings, folder, diff.entries, watch)


def _crawl(site: Site, watch: Watch) -> Crawled:
    chosen = site.crawl
    fetch = open_fetch(allow_hosts=chosen.allow_hosts, contact=chosen.contact)
    policy = CrawlPolicy(
        max_pages=chosen.max_pages, delay_s=chosen.delay_s, include=chosen.include, exclude=chosen.exclude
    )
    pages: Counter[str] = Counter()
    skips: list[Skip] = []
    entries: dict[str, FaqEntry] = {}
    read_urls: set[str] = set()
    for visit in crawl(chosen.seeds, fetch=fetch, policy=policy):
        if isinstance(visit, Skip):
            pages[
                f"skipped_{visit.reason}"
                if visit.reason in ("robots", "not_html", "noindex", "limit")
                else visit.reason
            ] += 1
            skips.append(visit)
            watch.page(visit, 0)
            continue
        found = extract(visit, site.name) or passages(visit, site.name)
        entries |= {entry.id: entry for entry in found}
        pages["fetched"] += 1
        read_urls.add(visit.url)
        watch.page(visit, len(found))
    if not pages["fetched"] and skips and skips[0].reason in ("failed", "gone", "not_html"):
        raise FetchFailed(f"{skips[0].detail.rstrip('.')}. Nothing was changed")
    stopped = "max_pages" if any(skip.reason == "limit" for skip in skips) else "done"
    return Crawled(pages, tuple(skips), tuple(entries.values()), frozenset(read_urls), stopped)


def _unread(old: Sequence[FaqEntry], crawled: Crawled) -> set[str]:
    """Pages whose entries must stay: when a page failed or a limit ended the crawl, all that it did not come to.

    A page that failed may have been the only one that links to others.
    """
    whole = crawled.stopped_by == "done" and not any(skip.reason == "failed" for skip in crawled.skips)
    answered = crawled.read_urls | {skip.url for skip in crawled.skips if skip.reason in ("gone", "robots", "noindex")}
    return set() if whole else {entry.url for entry in old} - answered


def _publish(settings: Settings, folder: Path, entries: Sequence[FaqEntry], watch: Watch) -> Synced:
    edited = apply_edits(entries, read_edits(folder / "edits.jsonl"))
    return sync(folder, edited, watch.embedder(), store=settings.store, progress=watch.embedding)


def _nothing_found(site: Site, crawled: Crawled) -> str:
    why = f"{crawled.pages['fetched']} pages were read and none holds text that could be answered from"
    if crawled.pages["skipped_robots"]:
        why = f"robots.txt disallows {crawled.pages['skipped_robots']} pages and nothing else was found"
    return f"site {site.name}: {why}. Nothing was changed. Give the address of a page with questions and answers"
