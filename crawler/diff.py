"""Old entries and new entries -> what changed, and what to keep. Manual edits are an overlay and win. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawler.errors import BadRecord
from crawler.records import FaqEntry, normalised, read_jsonl

HELD_SHARE = 0.30
HELD_ENTRIES = 10
FAILED_SHARE = 0.20
FAILED_PAGES = 5
NEARLY_SAME = 0.9
SAME_START_CHARS = 48


@dataclass(frozen=True)
class Diff:
    """Entries by what happened to them; `entries` is the whole new state, in order."""

    added: tuple[FaqEntry, ...]
    changed: tuple[FaqEntry, ...]
    removed: tuple[FaqEntry, ...]
    kept: tuple[FaqEntry, ...]
    entries: tuple[FaqEntry, ...]


def merge_crawl(old: Sequence[FaqEntry], crawled: Sequence[FaqEntry], *, stays: Collection[str] = ()) -> Diff:
    """New state after a crawl: imported entries and those whose ids are in `stays` stay as they are.

    Entries keep their places, new ones come last.
    """
    imported = {entry.id for entry in old if entry.source == "import"}
    fresh = {entry.id: entry for entry in crawled if entry.id not in imported}
    known = {entry.id for entry in old}
    still = [fresh.get(e.id, e) for e in old if e.id in fresh or e.id in imported or e.id in stays]
    return _diff(old, [*still, *(entry for made, entry in fresh.items() if made not in known)])


def merge_import(old: Sequence[FaqEntry], imported: Sequence[FaqEntry]) -> Diff:
    """New state after an import: upsert by id, nothing else moves."""
    fresh = {entry.id: entry for entry in imported}
    known = {entry.id for entry in old}
    return _diff(old, [*(fresh.get(e.id, e) for e in old), *(e for i, e in fresh.items() if i not in known)])


def news(entries: Iterable[FaqEntry], old: Iterable[FaqEntry], edits: Iterable[Mapping[str, Any]]) -> list[FaqEntry]:
    """Those of imported `entries` that say something else than what is published.

    The others stay what they are: an export that is imported again must not turn crawled entries into imported ones,
    which no crawl would ever renew.
    """
    published = {entry.id: entry for entry in apply_edits(old, edits)}
    return [entry for entry in entries if not _is_same(entry, published.get(entry.id))]


def _is_same(entry: FaqEntry, other: FaqEntry | None) -> bool:
    return other is not None and (entry.digest, entry.language) == (other.digest, other.language)


def _diff(old: Sequence[FaqEntry], new: Sequence[FaqEntry]) -> Diff:
    before = {entry.id: entry for entry in old}
    after = {entry.id for entry in new}
    same = {e.id for e in new if e.id in before and (before[e.id] is e or before[e.id].digest == e.digest)}
    return Diff(
        added=tuple(e for e in new if e.id not in before),
        changed=tuple(e for e in new if e.id in before and e.id not in same),
        removed=tuple(e for e in old if e.id not in after),
        kept=tuple(e for e in new if e.id in same),
        entries=tuple(new),
    )


def held_back(
    diff: Diff,
    old: Sequence[FaqEntry],
    *,
    pages: int,
    failed: int,
    going: Collection[str] = (),
    expected: Collection[str] = (),
) -> str:
    """Why a crawl should not be published unseen, "" when it may be; `failed` of the `pages` asked for gave no answer.

    Entries whose page was not found now (the ids in `going`) count as removed: the next crawl would. Those that stand on
    another page now do not count, and neither do those that were `expected` to go. A hacked or half-broken site, a
    login wall, a redesign: whatever it is, a person should look first. With nothing published before there is nothing
    to protect.
    """
    crawled = sum(entry.source != "import" for entry in old)
    elsewhere = {(entry.question, entry.answer) for entry in diff.added}
    lost = [e for e in diff.removed if e.id not in expected and (e.question, e.answer) not in elsewhere]
    touched = len(diff.changed) + len(lost) + len(going)
    if touched >= HELD_ENTRIES and touched > HELD_SHARE * crawled:
        return f"{touched} of {crawled} entries were changed, removed or not found"
    if crawled and pages >= FAILED_PAGES and failed > FAILED_SHARE * pages:
        return f"{failed} of {pages} pages failed"
    return ""


def moved_edits(diff: Diff, edits: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Edits of entries that now stand at another address, word for word, as edits of the entries there."""
    here = {(normalised(e.question), e.answer): e.id for e in diff.added}
    goals = {e.id: here.get((normalised(e.question), e.answer), "") for e in diff.removed}
    return [{**edit, "id": goals[edit["id"]]} for edit in edits if goals.get(edit["id"])]


def without_repeats(entries: Iterable[FaqEntry]) -> list[FaqEntry]:
    """Entries without those that say again what an earlier one says: on shops' pages one answer stands in many places.

    The same question with nearly the same answer; or the same passage, nearly. Nearly: of all the runs of three letters
    in either, nine tenths stand in both (Jaccard similarity of shingles; Broder 1997).
    """
    kept: list[FaqEntry] = []
    told: dict[str, list[frozenset[str]]] = {}
    for entry in entries:
        said = normalised(entry.answer)
        shingles = frozenset(said[n : n + 3] for n in range(max(1, len(said) - 2)))
        before = told.setdefault(normalised(entry.question) if entry.question else f" {said[:SAME_START_CHARS]}", [])
        if not any(len(shingles & other) >= NEARLY_SAME * len(shingles | other) for other in before):
            before.append(shingles)
            kept.append(entry)
    return kept


def read_edits(path: Path) -> list[dict[str, Any]]:
    """Manual edits: {"id"[,"question","answer","similar":[…],"hidden"]} a line; no file means none.

    Raises:
        BadRecord: naming the line that is wrong.

    """
    rows = []
    for where, row in read_jsonl(path) if path.exists() else ():
        texts = [row.get("id", ""), row.get("question", "q"), row.get("answer", "a"), *_listed(row.get("similar", []))]
        if not all(isinstance(text, str) and text.strip() for text in texts) or not isinstance(
            row.get("hidden", False), bool
        ):
            raise BadRecord(
                f'{where}: an edit is {{"id"[,"question","answer","similar":[…],"hidden": true]}}, no text empty'
            )
        rows.append(row)
    return rows


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def apply_edits(entries: Iterable[FaqEntry], edits: Iterable[Mapping[str, Any]]) -> list[FaqEntry]:
    """Lay manual edits, as `read_edits` gives them, over entries; an edit of no entry waits."""
    by_id: dict[str, dict[str, Any]] = {}
    for edit in edits:
        by_id.setdefault(str(edit["id"]), {}).update(edit)
    return [_edited(entry, by_id.get(entry.id, {})) for entry in entries if not by_id.get(entry.id, {}).get("hidden")]


def _edited(entry: FaqEntry, edit: Mapping[str, Any]) -> FaqEntry:
    if not edit:
        return entry
    similar = tuple(dict.fromkeys((*entry.similar, *edit.get("similar", ()))))
    return replace(
        entry,
        question=edit.get("question", entry.question),
        answer=edit.get("answer", entry.answer),
        similar=similar,
    )


def edited_changed(diff: Diff, edits: Iterable[Mapping[str, Any]]) -> tuple[FaqEntry, ...]:
    """Entries with a manual edit whose source has changed or gone, as the source is now or was last."""
    edited = {str(edit["id"]) for edit in edits}
    return tuple(entry for entry in (*diff.changed, *diff.removed) if entry.id in edited)
