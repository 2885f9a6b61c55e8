"""Visits a site by its settings: the network and the reader of pages that production uses. Changes nothing."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext

from crawler.crawl import crawl
from crawler.errors import FetchFailed, KefuError
from crawler.fetch import FetchLimits, open_fetch
from crawler.harvest import Harvest
from crawler.response import Response
from crawler.sandbox import open_survey
from crawler.state import Journal, Stopped
from crawler.survey import Survey
from crawler.visits import PageState, Visit
from ui.errors import BadCall
from ui.settings import CrawlSettings, Site


def visit_site(
    site: Site,
    known: Mapping[str, PageState],
    journal: Journal | None,
    resumed: Stopped | None,
    page: Callable[[Visit, int], None],
) -> list[Visit]:
    """All visits of one crawl; `page` is told each, and how many pages are still ahead. Without a journal none is kept."""
    chosen, ahead = site.crawl, 0

    def waiting(pages: int) -> None:
        nonlocal ahead
        ahead = pages

    # Redirects are for the crawl to judge, which knows robots.txt and what was visited.
    fetch = open_fetch(allow_hosts=chosen.allow_hosts, contact=chosen.contact, limits=FetchLimits(max_redirects=0))
    visits = []
    with _survey_when_needed(site.name) as survey, closing(journal) if journal else nullcontext():
        for visit in crawl(
            chosen.seeds,
            fetch=fetch,
            survey=survey,
            policy=chosen.policy,
            known=known,
            done=resumed.done if resumed else {},
            note=journal.note if journal else lambda outcome: None,
            waiting=waiting,
        ):
            visits.append(visit)
            page(visit, ahead)
    return visits


@contextmanager
def _survey_when_needed(site: str) -> Iterator[Callable[[Response], Survey]]:
    """`open_survey` at the first page: on an unchanged site there is none to read."""
    readers: list[Callable[[Response], Survey]] = []
    one_at_a_time = threading.Lock()
    with ExitStack() as opened:

        def survey(response: Response) -> Survey:
            with one_at_a_time:
                if not readers:
                    readers.append(opened.enter_context(open_survey(site)))
            return readers[0](response)

        yield survey


def nothing_found(site: Site, crawled: Harvest) -> KefuError | None:
    """What is wrong with a crawl that found nothing at all."""
    why = next((skip for skip in crawled.skips if skip.reason in ("failed", "gone", "not_html")), None)
    moved = next((skip for skip in crawled.skips if skip.reason == "moved"), None)
    if not crawled.read and why:
        return FetchFailed(f"{why.detail.rstrip('.')}. Nothing was changed")
    if not crawled.read and moved:
        return FetchFailed(
            f"{moved.url} leads to {moved.detail}, which is outside of what is crawled. Crawl that address instead. Nothing was changed"
        )
    if crawled.found:
        return None
    said = f"{crawled.read} pages were read and none holds text that could be answered from"
    if crawled.pages["skipped_robots"]:
        said = f"robots.txt disallows {crawled.pages['skipped_robots']} pages and nothing else was found"
    return BadCall(
        f"site {site.name}: {said}. Nothing was changed. Give the address of a page with questions and answers"
    )


def settings_digest(chosen: CrawlSettings) -> str:
    """Tells whether two crawls would walk the same pages."""
    told = chosen.model_dump(mode="json", exclude={"contact", "delay_s"})
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
