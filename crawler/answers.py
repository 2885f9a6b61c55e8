"""What a server's answer for a page means: read, as it was, moved, gone, failed. Pure but for the time of day."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from crawler import robots
from crawler.errors import PageBroken
from crawler.fetch import AGENT_NAME
from crawler.frontier import page_key
from crawler.links import canonical_or_empty
from crawler.response import REDIRECTS, Response
from crawler.survey import Survey
from crawler.urls import same_site
from crawler.visits import Fetched, Outcome, PageState, Skip, Unchanged, said_by


def read_page(response: Response, state: PageState, survey: Callable[[Response], Survey]) -> Outcome:
    """The outcome of asking for the page of `state`, which the last crawl left.

    Raises:
        PageBroken: as `survey` does, or what it gives is not of this page.

    """
    url, status = state.url, response.status
    if status in REDIRECTS or response.url != url:
        goal = canonical_or_empty(response.headers.get("location") or response.url, url)
        return Skip(url, "moved", goal) if goal not in ("", url) else Skip(url, "failed", f"{url} redirects to nowhere")
    if status == 304 and (state.etag or state.last_modified):
        return Unchanged(state)
    if status in (404, 410):
        return Skip(url, "gone", f"{url} answers {status}")
    if status != 200:
        return Skip(url, "failed", f"{url} answers {status}")
    if not response.is_html:
        return Skip(url, "not_html", f"{url} is {response.content_type or 'no HTML'}, not a web page")
    return _read(response, state, survey)


def _read(response: Response, state: PageState, survey: Callable[[Response], Survey]) -> Fetched | Unchanged:
    headers = response.headers
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    raw = hashlib.sha256(response.body).hexdigest()
    if raw == state.raw:
        return Unchanged(replace(state, etag=etag, last_modified=modified), not_modified=False)
    found = survey(response)
    if any(entry.url != state.url for entry in found.entries):
        raise PageBroken(f"{state.url} gives entries of another page and was left out")
    asks = robots.asked_by_header(headers, AGENT_NAME)
    links = () if asks & {"nofollow", "none"} else found.links
    remembered = PageState(
        state.url,
        etag=etag,
        last_modified=modified,
        raw=raw,
        said=said_by(found.entries, state.url),
        original=_original(found, state.url),
        noindex=found.noindex or bool(asks & {"noindex", "none"}),
        language=_language(found),
        scripted=found.scripted,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        entries=tuple(entry.id for entry in found.entries),
        links=tuple(link for link in links if same_site(link, state.url)),
    )
    return Fetched(remembered, found)


def _original(found: Survey, url: str) -> str:
    named = found.url
    return named if named and same_site(named, url) and page_key(named) != page_key(url) else ""


def _language(found: Survey) -> str:
    """That of the page, else of most of its entries."""
    spoken = Counter(entry.language for entry in found.entries if entry.language)
    return found.language or (spoken.most_common(1)[0][0] if spoken else "")
