"""What a site remembers between crawls, on disk: `pages.jsonl`, the journal of a crawl under way, a result held back.

pages.jsonl   one `PageState` a line, replaced as a whole when a crawl is published
crawl.jsonl   while a crawl runs: a first line of what it is a crawl of, then each outcome as it comes; appended only
held.jsonl    the visits of a crawl that was not published, under the same first line
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import IO, Any

import crawler
from crawler.errors import BadRecord
from crawler.records import FaqEntry, read_jsonl, write_text_atomically
from crawler.visits import (
    End,
    Outcome,
    PageState,
    Skip,
    Visit,
    forgotten,
    from_row,
    said_by,
    state_from_row,
    state_row,
    to_row,
)

log = logging.getLogger(__name__)

FRESH_FOR = timedelta(hours=24)


def known_pages(path: Path, entries: Sequence[FaqEntry]) -> dict[str, PageState]:
    """What `pages.jsonl` remembers, by address, as far as it can be relied on.

    A page whose entries are not, word for word, among `entries` must be read again, and all pages when this is not the
    version that read them: those keep their place, but nothing that would spare them. Entries of pages that are not
    remembered make a page each. A file that cannot be read remembers nothing.
    """
    made_by, states = _read_pages(path)
    by_id = {entry.id: entry for entry in entries}
    same_reader = made_by == reader_digest()
    known = {state.url: state if same_reader and _agrees(state, by_id) else forgotten(state) for state in states}
    homeless = defaultdict(list)
    placed = {made for state in states for made in state.entries}
    for entry in entries:
        if entry.source != "import" and entry.url and entry.id not in placed:
            homeless[entry.url].append(entry.id)
    for url, ids in homeless.items():
        state = known.get(url, PageState(url))
        known[url] = forgotten(replace(state, entries=(*state.entries, *ids)))
    return known


def _agrees(state: PageState, by_id: Mapping[str, FaqEntry]) -> bool:
    if not state.entries:
        return True
    found = [by_id[made] for made in state.entries if made in by_id]
    return len(found) == len(state.entries) and said_by(found, state.url) == state.said


def _read_pages(path: Path) -> tuple[str, list[PageState]]:
    try:
        rows = list(read_jsonl(path)) if path.exists() else []
        made_by = str(rows[0][1].get("reader", "")) if rows else ""
        return made_by, [state_from_row(row, where=where) for where, row in rows[1:]]
    except (BadRecord, TypeError) as error:
        log.warning("%s cannot be read, every page will be read again: %s", path, error)
        return "", []


def write_pages(path: Path, states: Iterable[PageState]) -> None:
    """Replace `pages.jsonl`."""
    rows = [{"reader": reader_digest()}, *(state_row(state) for state in states)]
    write_text_atomically(path, "".join(_line(row) for row in rows))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


@cache
def reader_digest() -> str:
    """Tells whether pages would be read as they were: a digest of this package's own source."""
    # A number that somebody has to raise is forgotten once, and then stale entries are served for good.
    files = sorted(Path(crawler.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


@dataclass(frozen=True)
class Stopped:
    """A crawl that was stopped before it ended: when it read the last page, and what it has read, by address."""

    at: datetime
    done: Mapping[str, Outcome]


def _time_now() -> str:
    return datetime.now(UTC).isoformat()


@dataclass
class Journal:
    """What a crawl under way has read, so that the next one goes on where it was stopped. Made at the first outcome.

    `settings` tells which pages would be walked, `began_at` is when the crawl began, whoever goes on with it.
    """

    path: Path
    settings: str
    known: Mapping[str, PageState]
    began_at: str = field(default_factory=_time_now)
    _goes_on: bool = False
    _file: IO[str] | None = None

    def stopped(self, now: datetime) -> Stopped | None:
        """The crawl with these settings that was stopped less than a day ago. Pages that failed are to be tried again."""
        began_at, visits = _read_visits(self.path, self.settings, self.known, now)
        outcomes = [visit for visit in visits if not isinstance(visit, End)]
        done = {visit.url: visit for visit in outcomes if not (isinstance(visit, Skip) and visit.reason == "failed")}
        if not done:
            return None
        self._goes_on, self.began_at = True, began_at
        return Stopped(datetime.fromtimestamp(self.path.stat().st_mtime, UTC), done)

    def note(self, outcome: Outcome) -> None:
        """Add an outcome. It outlives this process at once."""
        if self._file is None:
            self._file = self._open()
        self._file.write(_line(to_row(outcome)))
        self._file.flush()

    def _open(self) -> IO[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a" if self._goes_on else "w", encoding="utf-8", newline="\n")
        # A killed writer may have left half a line: what follows must not be read as its end.
        file.write("\n" if self._goes_on else _line(self.header))
        return file

    @property
    def header(self) -> dict[str, str]:
        """What the crawl is a crawl of."""
        return {"settings": self.settings, "reader": reader_digest(), "began_at": self.began_at}

    def close(self) -> None:
        """Stop writing; what is noted stays."""
        if self._file:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """The crawl has come to its end: there is nothing to go on with."""
        self.close()
        self.path.unlink(missing_ok=True)
        with suppress(OSError):  # the folder of a site that came to nothing
            self.path.parent.rmdir()

    def hold_back(self, visits: Iterable[Visit]) -> None:
        """Store the visits of this crawl beside the journal."""
        rows = [self.header, *(to_row(visit) for visit in visits)]
        write_text_atomically(self.held, "".join(_line(row) for row in rows))

    @property
    def held(self) -> Path:
        """Where a result that is held back lies."""
        return self.path.with_name("held.jsonl")

    def held_back(self, now: datetime) -> list[Visit] | None:
        """The visits of the crawl that was held back, if it had these settings and is less than a day old."""
        began_at, visits = _read_visits(self.held, self.settings, self.known, now)
        if not visits or not isinstance(visits[-1], End):
            return None
        self.began_at = began_at
        return visits


def _read_visits(path: Path, settings: str, known: Mapping[str, PageState], now: datetime) -> tuple[str, list[Visit]]:
    """When a crawl began, and its visits if they are of use; a line that cannot be read is passed over."""
    try:
        lines = path.read_text("utf-8", "replace").split("\n")
        header = json.loads(lines[0])
        age = now - datetime.fromisoformat(header["began_at"])
        if (header["settings"], header["reader"]) != (settings, reader_digest()) or abs(age) >= FRESH_FOR:
            return "", []
    except (OSError, ValueError, KeyError, TypeError):
        return "", []
    visits = []
    for number, line in enumerate(lines[1:], 2):
        with suppress(ValueError, TypeError, AttributeError, BadRecord):
            visits.append(from_row(json.loads(line), known, where=f"{path.name}, line {number}"))
    return header["began_at"], visits
