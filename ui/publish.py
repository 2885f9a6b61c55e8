"""Crawl or import -> entries.jsonl -> published index: the one way in which a site changes. Knows no terminal."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.crawl import CrawlPolicy, Skip, crawl
from crawler.diff import Diff, apply_edits, merge_crawl, merge_import
from crawler.errors import FetchFailed
from crawler.extract import extract, passages
from crawler.fetch import open_fetch
from crawler.records import FaqEntry, Page, read_entries, read_jsonl, write_entries
from index.embed import Embedder
from index.hybrid import Synced, sync
from index.snapshot import writer_lock
from ui.errors import BadCall
from ui.settings import Settings, Site, site_folder, write_site

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
        FetchFailed: not one page could be read, and none was known before.
        BadCall: the crawl found nothing that could be asked about, and neither did any before.

    """
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with writer_lock(folder):
        old = read_entries(folder / "entries.jsonl")
        if not site.crawl.seeds:
            return Published(merge_import(old, []), _publish(settings, folder, old, watch), time.monotonic() - began)
        crawled = _crawl(site, watch)
        diff = merge_crawl(old, crawled.entries, unread_urls=_unread(old, crawled))
        if not diff.entries:
            raise BadCall(_nothing_found(site, crawled))
        if dry_run:
            return Published(diff, None, time.monotonic() - began, crawled)
        write_site(settings, site)
        write_entries(folder / "entries.jsonl", diff.entries)
        return Published(diff, _publish(settings, folder, diff.entries, watch), time.monotonic() - began, crawled)


def import_entries(settings: Settings, site: Site, entries: Sequence[FaqEntry], *, watch: Watch) -> Published:
    """Upsert entries by id and publish."""
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with writer_lock(folder):
        diff = merge_import(read_entries(folder / "entries.jsonl"), entries)
        write_site(settings, site)
        write_entries(folder / "entries.jsonl", diff.entries)
        return Published(diff, _publish(settings, folder, diff.entries, watch), time.monotonic() - began)


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
    """Pages whose entries must stay: those that failed and, when a limit ended the crawl, those it did not come to."""
    failed = {skip.url for skip in crawled.skips if skip.reason == "failed"}
    return failed | ({entry.url for entry in old} - crawled.read_urls if crawled.stopped_by != "done" else set())


def _publish(settings: Settings, folder: Path, entries: Sequence[FaqEntry], watch: Watch) -> Synced:
    edits_file = folder / "edits.jsonl"
    edits = [row for _, row in read_jsonl(edits_file)] if edits_file.exists() else []
    return sync(folder, apply_edits(entries, edits), watch.embedder(), store=settings.store, progress=watch.embedding)


def _nothing_found(site: Site, crawled: Crawled) -> str:
    why = f"{crawled.pages['fetched']} pages were read and none holds text that could be answered from"
    if crawled.pages["skipped_robots"]:
        why = f"robots.txt disallows {crawled.pages['skipped_robots']} pages and nothing else was found"
    return f"site {site.name}: {why}. Give the address of a page with questions and answers"
