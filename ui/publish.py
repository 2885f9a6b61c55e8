"""Crawl or import -> entries.jsonl -> published index: the one way in which a site changes. Knows no terminal.

What is written, in this order: settings, entries, pages, index; then the journal of the crawl goes. A kill between any two
steps is healed by the next run: a page whose stored entries are not the ones it is remembered by is read again, and the
index is compared with the entries.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.diff import (
    Diff,
    apply_edits,
    edited_changed,
    held_back,
    merge_crawl,
    merge_import,
    moved_edits,
    news,
    read_edits,
    without_repeats,
)
from crawler.harvest import Harvest, gather
from crawler.records import FaqEntry, read_entries, read_jsonl, write_entries, write_text_atomically
from crawler.state import Journal, Stopped, known_pages, write_pages
from crawler.visits import PageState, Visit
from index import snapshot
from index.build import Synced, sync
from index.embed import Embedder
from index.errors import IndexFailure
from index.snapshot import writer_lock
from ui.settings import Settings, Site, read_site, site_folder, write_site
from ui.visit import nothing_found, settings_digest, visit_site

Edits = Sequence[Mapping[str, Any]]
ROLLED_BACK = "snapshot {name} was rolled back"


@dataclass(frozen=True)
class Published:
    """What a change did to a site, or would do.

    `synced` is None when nothing was published: in a dry run, or because it was `held` back for the reason given there.
    `resumed` is the crawl that this one went on with; `edited_changed` are entries with a manual edit whose source has
    changed or gone.
    """

    diff: Diff
    synced: Synced | None
    seconds: float = 0.0
    crawled: Harvest | None = None
    resumed: Stopped | None = None
    held: str = ""
    edited_changed: tuple[FaqEntry, ...] = ()


@dataclass(frozen=True)
class Watch:
    """Where progress goes, and where an embedder comes from.

    `page` is told each visit and how many pages are still ahead, `resumed` what a crawl goes on with, `embedding` (done,
    total). `embedder` is asked for when something is to be embedded; `digest` tells which it would be, "" if only loading
    it can tell.
    """

    page: Callable[[Visit, int], None]
    embedding: Callable[[int, int], None]
    embedder: Callable[[], Embedder]
    digest: Callable[[], str] = lambda: ""
    resumed: Callable[[Stopped], None] = lambda stopped: None


@dataclass(frozen=True)
class _Before:
    """A site as a crawl finds it, and the crawl that is to be done."""

    settings: Settings
    site: Site
    entries: list[FaqEntry]
    known: dict[str, PageState]

    @property
    def folder(self) -> Path:
        return site_folder(self.settings, self.site.name)

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "crawl.jsonl", settings_digest(self.site.crawl), self.known)


def crawl_site(
    settings: Settings, site: Site, *, watch: Watch, dry_run: bool = False, accept: bool = False
) -> Published:
    """Crawl a site by its stored settings and publish what was found; a dry run changes nothing.

    A result that changes too much is held back: stored aside, not published. `accept` publishes all the same: what was held
    back less than a day ago without crawling again, else a new crawl. A site without seeds is not crawled: its index is
    made anew from the entries that are there.

    Raises:
        FetchFailed: not one page could be read.
        BadCall: the crawl found nothing that could be asked about.

    """
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with nullcontext() if dry_run else writer_lock(folder):
        old = read_entries(folder / "entries.jsonl")
        if site.crawl.seeds:
            before = _Before(settings, site, old, known_pages(folder / "pages.jsonl", old))
            published = _crawl(before, watch, dry_run, accept)
        else:
            edits = read_edits(folder / "edits.jsonl")
            synced = None if dry_run else _publish(settings, folder, old, edits, watch, accept)
            held = ROLLED_BACK.format(name=synced.held_for) if synced and synced.held_for else ""
            published = Published(merge_import(old, []), None if held else synced, held=held)
    return replace(published, seconds=time.monotonic() - began)


def import_entries(
    settings: Settings, site: Site, entries: Sequence[FaqEntry], *, watch: Watch, dry_run: bool = False
) -> Published:
    """Upsert those of `entries` that say something new, by id, and publish; a dry run changes nothing."""
    began = time.monotonic()
    folder = site_folder(settings, site.name)
    with nullcontext() if dry_run else writer_lock(folder):
        old, edits = read_entries(folder / "entries.jsonl"), read_edits(folder / "edits.jsonl")
        fresh, edited = news(entries, old, edits), {edit["id"] for edit in edits}
        diff = merge_import(old, fresh)
        synced = None if dry_run else _store(settings, site, old, diff, edits, watch)
    hidden = tuple(entry for entry in fresh if entry.id in edited)
    return Published(diff, synced, time.monotonic() - began, edited_changed=hidden)


def _crawl(before: _Before, watch: Watch, dry_run: bool, accept: bool) -> Published:
    """Crawl, merge, and publish unless it is to be held back or only tried."""
    journal = before.journal
    visits, resumed = journal.held_back(datetime.now(UTC)) if accept else None, None
    if visits is None:
        resumed = None if dry_run else journal.stopped(datetime.now(UTC))
        if resumed:
            watch.resumed(resumed)
        visits = visit_site(before.site, before.known, None if dry_run else journal, resumed, watch.page)
    crawled = gather(visits, before.known, before.entries, began_at=journal.began_at)
    diff = merge_crawl(before.entries, crawled.entries, stays=crawled.stays)
    edits = read_edits(before.folder / "edits.jsonl")
    published = Published(diff, None, 0, crawled, resumed, "", edited_changed(diff, edits))
    if problem := nothing_found(before.site, crawled):
        if not dry_run:
            journal.remove()
        raise problem
    if not accept:
        published = replace(published, held=_why_held(before, diff, crawled))
    if dry_run:
        return published
    if published.held:
        journal.hold_back(visits)
    else:
        if moved := moved_edits(diff, edits):
            edits = [*edits, *moved]
            _write_rows(before.folder / "edits.jsonl", edits)
        _note_edited(before, published.edited_changed)
        synced = _store(before.settings, before.site, before.entries, diff, edits, watch, crawled.states, accept)
        published = replace(published, synced=synced)
        journal.held.unlink(missing_ok=True)
    journal.remove()
    return published


def _why_held(before: _Before, diff: Diff, crawled: Harvest) -> str:
    """Why a result waits for a person: it changes too much, or the last one was rolled back; "" when it need not."""
    if name := _rolled_back(before.folder):
        return ROLLED_BACK.format(name=name)
    return held_back(
        diff,
        before.entries,
        pages=crawled.asked,
        failed=crawled.pages["failed"],
        going=crawled.going,
        expected=crawled.expected,
    )


def _store(
    settings: Settings,
    site: Site,
    old: Sequence[FaqEntry],
    diff: Diff,
    edits: Edits,
    watch: Watch,
    states: Sequence[PageState] | None = None,
    accept: bool = False,
) -> Synced:
    """Write what a change made of a site, and publish. What can fail for a wrong setting is done before the first write."""
    folder = site_folder(settings, site.name)
    if diff.added or diff.changed:
        watch.embedder()
    # A crawl takes minutes: what else was set meanwhile stays.
    stored = read_site(settings, site.name) if (folder / "site.json").exists() else site
    write_site(settings, stored.model_copy(update={"crawl": site.crawl}))
    if list(diff.entries) != old:
        write_entries(folder / "entries.jsonl", diff.entries)
    if states is not None:
        write_pages(folder / "pages.jsonl", states)
    return _publish(settings, folder, diff.entries, edits, watch, accept)


def _publish(
    settings: Settings, folder: Path, entries: Iterable[FaqEntry], edits: Edits, watch: Watch, accept: bool
) -> Synced:
    embedder = _embedder(folder, watch)
    shown = without_repeats(apply_edits(entries, edits))
    return sync(folder, shown, embedder, store=settings.store, progress=watch.embedding, accept=accept)


def _rolled_back(folder: Path) -> str:
    """The generation that was rolled back and not replaced yet, "" when there is none."""
    try:
        return snapshot.pointer(folder).instead_of
    except IndexFailure:
        return ""


def _embedder(folder: Path, watch: Watch) -> Embedder:
    """The embedder, which loads when there is something to embed if the published index was made by the same one."""
    try:
        made_by = snapshot.manifest(folder, snapshot.current(folder))["embedder"]
    except IndexFailure:
        return watch.embedder()
    if made_by["digest"] != watch.digest():
        return watch.embedder()
    return Embedder(**made_by, embed=lambda texts, kind, done: watch.embedder().embed(texts, kind, done))


def _note_edited(before: _Before, changed: Iterable[FaqEntry]) -> None:
    """Keep what an edited entry said before its source changed, until a person has looked: `edited_changed.jsonl`."""
    path = before.folder / "edited_changed.jsonl"
    rows = {row["id"]: row for _, row in read_jsonl(path)} if path.exists() else {}
    now, was = datetime.now(UTC).isoformat(timespec="seconds"), {entry.id: entry for entry in before.entries}
    new = [was[entry.id] for entry in changed if entry.id not in rows]
    rows |= {e.id: {"id": e.id, "question": e.question, "answer": e.answer, "seen_at": now} for e in new}
    if new:
        _write_rows(path, rows.values())


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    write_text_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
