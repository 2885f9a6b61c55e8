"""What a crawl meets at an address: a page read, a page unchanged, none and why; and how it ended. Values and JSON rows."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import BadRecord
from crawler.records import FaqEntry, from_json
from crawler.survey import Survey


@dataclass(frozen=True, slots=True)
class PageState:
    """What is remembered of a page from crawl to crawl: one line of `pages.jsonl`.

    `raw` is the sha256 of its bytes, `said` tells whether its questions and answers are those of before or of another
    page, `entries` are the ids that it gave; there are none, though it said something, when its entries were not
    wanted. `original` is the page that it repeats. `gone_since` is the
    crawl that did not find it any more, by the time when it began; "" when it is there.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    raw: str = ""
    said: str = ""
    original: str = ""
    noindex: bool = False
    language: str = ""
    scripted: bool = False
    gone_since: str = ""
    fetched_at: str = ""
    entries: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def unstored(self) -> bool:
        """Whether the page said something that was not kept: to have it, the page must be read again."""
        return bool(self.said) and not self.entries


@dataclass(frozen=True)
class Fetched:
    """A page that was read, and what to remember of it."""

    state: PageState
    survey: Survey

    @property
    def url(self) -> str:
        """Its address."""
        return self.state.url


@dataclass(frozen=True)
class Unchanged:
    """A page that is as it was: `not_modified` when the server said so (304), else its bytes were the same."""

    state: PageState
    not_modified: bool = True

    @property
    def url(self) -> str:
        """Its address."""
        return self.state.url


@dataclass(frozen=True)
class Skip:
    """An address that gave no entries; `detail` is for people, for "moved" it is the new address.

    `reason` is one of robots, failed, gone, moved, not_html, noindex, language, duplicate, excluded (by the settings),
    unlinked (known, and no page leads to it any more). `state` is there when the page was read all the same.
    """

    url: str
    reason: str
    detail: str = ""
    state: PageState | None = None


@dataclass(frozen=True)
class End:
    """How a crawl ended, always its last visit.

    `stopped_by` is done, failing, or the name of the limit that ended it. `left_out` counts addresses by the limit that
    kept them out. `whole` says that every page was looked for: what was not met is no longer linked.
    """

    stopped_by: str = "done"
    whole: bool = True
    left_out: tuple[tuple[str, int], ...] = ()


Outcome = Fetched | Unchanged | Skip
Visit = Outcome | End


def said_by(entries: Iterable[FaqEntry], url: str) -> str:
    """A digest of questions and answers; "" for none. The page's own address in a text does not count.

    A server that answers every address with "… was not found", and names it, says the same each time.
    """
    own = sorted(_own_names(url), key=len, reverse=True)
    total, some = hashlib.sha256(), False
    for entry in entries:
        text = f"{entry.question}\x1f{entry.answer}\x1e"
        for name in own:
            text = text.replace(name, "")
        total.update(text.encode("utf-8", "replace"))
        some = True
    return total.hexdigest()[:16] if some else ""


def _own_names(url: str) -> set[str]:
    """The address in the ways in which a page may print it: whole, path with query, path, last folder."""
    parts = urlsplit(url)
    asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
    last = parts.path.rstrip("/").rpartition("/")[2]
    return {name for name in (url, asked, parts.path, last) if len(name) > 3}


def to_row(visit: Visit) -> dict[str, Any]:
    """A visit as JSON; empty fields are left out."""
    if isinstance(visit, Fetched):
        survey = {key: value for key, value in asdict(visit.survey).items() if value and key != "links"}
        return {"fetched": state_row(visit.state), "survey": survey}
    if isinstance(visit, Unchanged):
        validators = {"etag": visit.state.etag, "last_modified": visit.state.last_modified}
        return {"unchanged": visit.url, "not_modified": visit.not_modified} | validators
    if isinstance(visit, Skip):
        state = {"state": state_row(visit.state)} if visit.state else {}
        return {"skip": visit.url, "reason": visit.reason, "detail": visit.detail} | state
    return {"end": visit.stopped_by, "whole": visit.whole, "left_out": visit.left_out}


def from_row(row: dict[str, Any], known: Mapping[str, PageState], *, where: str) -> Visit:
    """Read what `to_row` wrote; of an unchanged page it says no more than is not `known`.

    Raises:
        BadRecord: naming `where`.

    """
    try:
        if "fetched" in row:
            return Fetched(state := state_from_row(row["fetched"], where=where), _survey(row["survey"], state, where))
        if "unchanged" in row:
            state = replace(known[row["unchanged"]], etag=row["etag"], last_modified=row["last_modified"])
            return Unchanged(state, row["not_modified"])
        if "skip" in row:
            state_or_none = state_from_row(row["state"], where=where) if "state" in row else None
            return Skip(row["skip"], row["reason"], row["detail"], state_or_none)
        return End(row["end"], row["whole"], tuple((name, count) for name, count in row["left_out"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecord(f"{where}: this is no visit of a crawl ({error!r}). Remove the file and crawl again") from error


def _survey(row: dict[str, Any], state: PageState, where: str) -> Survey:
    entries = tuple(from_json(entry, where=where) for entry in row.pop("entries", ()))
    return Survey(**row, entries=entries, links=state.links)


FIELDS = tuple(field.name for field in fields(PageState))


def state_row(state: PageState) -> dict[str, Any]:
    """A page's state as JSON; empty fields are left out."""
    return {name: value for name in FIELDS if (value := getattr(state, name))}


def state_from_row(row: dict[str, Any], *, where: str) -> PageState:
    """Read what `state_row` wrote; keys of another version are passed over, for a page can be read again.

    Raises:
        BadRecord: naming `where`, when there is no address.

    """
    if not isinstance(row.get("url"), str):
        raise BadRecord(f'{where}: a page needs its "url". Remove the file; the next crawl makes it again')
    known: dict[str, Any] = {key: value for key, value in row.items() if key in FIELDS}
    lists = {key: tuple(known.get(key, ())) for key in ("entries", "links")}
    return PageState(**known | lists)


def forgotten(state: PageState) -> PageState:
    """The state without what spares a page from being read again."""
    return replace(state, etag="", last_modified="", raw="")
