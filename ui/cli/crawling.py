"""What `kefu crawl` and its relatives do on a terminal: crawl with progress, and the report. Imported when needed."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from crawler.crawl import Skip
from crawler.records import Page
from crawler.urls import canonical, same_site
from index.embed import Embedder
from ui.cli.output import say, show, show_count, show_download, show_pages
from ui.errors import BadCall
from ui.launch import embedder_for
from ui.publish import Published, Watch, crawl_site
from ui.settings import Settings, Site, chosen_site, read_site


def with_crawl(site: Site, given: dict[str, Any]) -> Site:
    """The site with the crawl settings that were given laid over its stored ones."""
    for pattern in (*(given.get("include") or ()), *(given.get("exclude") or ())):
        try:
            re.compile(pattern)
        except re.error as error:
            raise BadCall(
                f"'{pattern}' is no regular expression ({error}). Quote special characters with a backslash"
            ) from error
    changes = {
        key: tuple(value) if isinstance(value, list) else value for key, value in given.items() if value is not None
    }
    return site.model_copy(update={"crawl": site.crawl.model_copy(update=changes)})


def crawl_shown(
    settings: Settings, site: Site, *, dry_run: bool = False, embedder: Callable[[], Embedder] | None = None
) -> Published:
    """Crawl with progress on the terminal; `embedder` gives one that is loaded already."""
    with watching(settings, embedder) as watch:
        return crawl_site(settings, site, watch=watch, dry_run=dry_run)


@contextmanager
def watching(settings: Settings, given: Callable[[], Embedder] | None = None) -> Iterator[Watch]:
    """A `Watch` that draws on the terminal; the bar of the embedding appears when embedding begins."""
    pages, entries = 0, 0
    with ExitStack() as pages_shown, ExitStack() as bar:
        line = pages_shown.enter_context(show_pages())

        def page(visit: Page | Skip, found: int) -> None:
            nonlocal pages, entries
            pages, entries = pages + isinstance(visit, Page), entries + found
            line(f"{pages} pages, {entries} entries · {visit.url}")

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

        yield Watch(page, embedding, embedder)


def report(name: str, published: Published) -> dict[str, Any]:
    """The JSON of a crawl."""
    crawled, diff = published.crawled, published.diff
    names = (
        "fetched",
        "not_modified",
        "failed",
        "gone",
        "skipped_robots",
        "skipped_not_html",
        "skipped_noindex",
        "skipped_limit",
    )
    counts = crawled.pages if crawled else {}
    return {
        "site": name,
        "pages": {key: counts.get(key, 0) for key in names},
        "entries": {
            "added": len(diff.added),
            "changed": len(diff.changed),
            "removed": len(diff.removed),
            "kept": len(diff.kept),
            "held": 0,
        },
        "embedded": published.synced.embedded if published.synced else 0,
        "snapshot": published.synced.snapshot if published.synced else None,
        "seconds": round(published.seconds, 2),
        "stopped_by": crawled.stopped_by if crawled else "done",
    }


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
    counts = report(site.name, published)
    entries, pages = counts["entries"], {key: value for key, value in counts["pages"].items() if value}
    for skip in (
        skip
        for skip in (published.crawled.skips if published.crawled else ())
        if skip.reason in ("failed", "gone", "limit")
    ):
        say(f"  {skip.detail or skip.url}")
    if dry_run:
        for mark, found in (
            ("+", published.diff.added),
            ("~", published.diff.changed),
            ("-", published.diff.removed),
        ):
            for entry in found:
                show(f"{mark} {entry.title}  {entry.link}")
    show(
        f"{site.name}: "
        + ", ".join(f"{value} {key.replace('_', ' ')}" for key, value in pages.items())
        + f" in {counts['seconds']} s"
    )
    show("entries: " + ", ".join(f"{entries[key]} {key}" for key in ("added", "changed", "removed", "kept")))
    if published.synced:
        show(
            f'published snapshot {published.synced.snapshot}. Ask it: kefu ask "…" --site {site.name}, or kefu serve --site {site.name}'
        )
    elif dry_run:
        show("dry run: nothing was changed")
