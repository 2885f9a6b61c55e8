"""What a crawl brought home: its visits and what was known before -> counts, entries, what to remember. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.records import FaqEntry, normalised
from crawler.visits import End, Fetched, PageState, Skip, Unchanged, Visit

# Not found, but it may be back: what the page said stays until a second crawl finds as much.
NOT_FOUND = ("gone", "moved", "not_html", "unlinked")
ASKED = ("failed", "gone", "moved", "skipped_not_html", "skipped_noindex", "skipped_language", "skipped_duplicate")


@dataclass(frozen=True)
class Harvest:
    """`entries` are those of the pages that were read; `stays` are ids of old entries whose pages have not lost them.

    `pages` counts by outcome; `states` is what to remember; `found` counts the entries of the pages that were there;
    `going` are ids of entries whose page was not found for the first time, `expected` those whose end is no surprise: the
    crawl before did not find their page either, or the settings leave it out.
    """

    pages: Counter[str]
    skips: tuple[Skip, ...]
    entries: tuple[FaqEntry, ...]
    stays: frozenset[str]
    states: tuple[PageState, ...]
    going: frozenset[str]
    expected: frozenset[str]
    end: End
    found: int = 0
    hidden_chars: int = 0

    @property
    def read(self) -> int:
        """How many pages were there, read anew or as they were."""
        return self.pages["fetched"] + self.pages["not_modified"]

    @property
    def asked(self) -> int:
        """How many pages were asked for."""
        return self.read + sum(self.pages[name] for name in ASKED)

    @property
    def scripted(self) -> list[str]:
        """The pages that JavaScript fills, so that their text is not here."""
        return [state.url for state in self.states if state.scripted]


def gather(
    visits: Sequence[Visit], known: Mapping[str, PageState], old: Iterable[FaqEntry], *, began_at: str
) -> Harvest:
    """Bring together the visits of the crawl that `began_at` some time, what was `known` before it, and the `old` entries.

    Doing it again, for a crawl that was killed while it was published, comes to the same.
    """
    fetched = [visit for visit in visits if isinstance(visit, Fetched)]
    entries = {entry.id: entry for visit in fetched for entry in visit.survey.entries}
    states: dict[str, PageState | None] = dict(known)
    for visit in visits:
        if not isinstance(visit, End):
            states[visit.url] = _remembered(visit, known.get(visit.url), began_at)
    kept = {url: state for url, state in states.items() if state}
    stays = _stays(kept.values(), entries, old)
    return Harvest(
        pages=_counts(visits),
        skips=tuple(visit for visit in visits if isinstance(visit, Skip)),
        entries=tuple(entries.values()),
        stays=frozenset(stays),
        states=tuple(kept.values()),
        going=frozenset(made for state in kept.values() if state.gone_since for made in state.entries if made in stays),
        expected=frozenset(made for state in _expected(visits, known, began_at) for made in state.entries),
        end=next(visit for visit in visits if isinstance(visit, End)),
        found=len(entries) + sum(len(visit.state.entries) for visit in visits if isinstance(visit, Unchanged)),
        hidden_chars=sum(visit.survey.hidden_chars for visit in fetched),
    )


def _expected(visits: Iterable[Visit], known: Mapping[str, PageState], began_at: str) -> Iterator[PageState]:
    left_out = {visit.url for visit in visits if isinstance(visit, Skip) and visit.reason == "excluded"}
    return (s for s in known.values() if s.url in left_out or s.gone_since not in ("", began_at))


def _remembered(visit: Fetched | Unchanged | Skip, before: PageState | None, began_at: str) -> PageState | None:
    """What to remember of a page after a visit; its entries are those that it keeps. None: nothing."""
    if not isinstance(visit, Skip):
        return replace(visit.state, gone_since="")
    if visit.reason == "failed":
        return before
    if visit.reason in NOT_FOUND and before and before.entries and before.gone_since in ("", began_at):
        return replace(before, gone_since=began_at)
    return visit.state


def _stays(states: Iterable[PageState], fresh: Mapping[str, FaqEntry], old: Iterable[FaqEntry]) -> set[str]:
    """Ids of old entries that stay as they are: all that a state names and no page has just given."""
    by_id = {entry.id: entry for entry in old}
    texts = {_text(entry) for entry in fresh.values()}
    named = {made: state for state in states for made in state.entries if made not in fresh and made in by_id}
    # What stood on a page that is gone may stand on another now: it must not be answered twice.
    return {made for made, state in named.items() if not (state.gone_since and _text(by_id[made]) in texts)}


def _text(entry: FaqEntry) -> tuple[str, str]:
    return normalised(entry.question), entry.answer


def _counts(visits: Iterable[Visit]) -> Counter[str]:
    """Pages by outcome. `fetched` are bodies that were read; `unchanged` those of them that were byte for byte as before."""
    counts: Counter[str] = Counter()
    for visit in visits:
        if isinstance(visit, Fetched) or (isinstance(visit, Unchanged) and not visit.not_modified):
            counts["fetched"] += 1
            counts["unchanged"] += isinstance(visit, Unchanged)
        elif isinstance(visit, Unchanged):
            counts["not_modified"] += 1
        elif isinstance(visit, Skip):
            counts[
                visit.reason if visit.reason in ("failed", "gone", "moved", "unlinked") else f"skipped_{visit.reason}"
            ] += 1
        else:
            counts["skipped_limit"] += sum(count for _, count in visit.left_out)
    return counts
