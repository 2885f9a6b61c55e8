"""Old entries and new entries -> what changed, and what to keep. Manual edits are an overlay and win. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawler.errors import BadRecord
from crawler.records import FaqEntry, read_jsonl


@dataclass(frozen=True)
class Diff:
    """Entries by what happened to them; `entries` is the whole new state, in order."""

    added: tuple[FaqEntry, ...]
    changed: tuple[FaqEntry, ...]
    removed: tuple[FaqEntry, ...]
    kept: tuple[FaqEntry, ...]
    entries: tuple[FaqEntry, ...]


def merge_crawl(old: Sequence[FaqEntry], crawled: Sequence[FaqEntry], *, unread_urls: Collection[str]) -> Diff:
    """New state after a crawl: imported entries and those of `unread_urls` (pages that failed) stay as they are."""
    imported = {entry.id for entry in old if entry.source == "import"}
    fresh = {entry.id: entry for entry in crawled if entry.id not in imported}
    stays = [e for e in old if e.id not in fresh and (e.source == "import" or e.url in unread_urls)]
    return _diff(old, [*stays, *fresh.values()])


def merge_import(old: Sequence[FaqEntry], imported: Sequence[FaqEntry]) -> Diff:
    """New state after an import: upsert by id, nothing else moves."""
    fresh = {entry.id: entry for entry in imported}
    known = {entry.id for entry in old}
    return _diff(old, [*(fresh.get(e.id, e) for e in old), *(e for i, e in fresh.items() if i not in known)])


def _diff(old: Sequence[FaqEntry], new: Sequence[FaqEntry]) -> Diff:
    before = {entry.id: entry for entry in old}
    after = {entry.id for entry in new}
    return Diff(
        added=tuple(e for e in new if e.id not in before),
        changed=tuple(e for e in new if e.id in before and before[e.id].digest != e.digest),
        removed=tuple(e for e in old if e.id not in after),
        kept=tuple(e for e in new if e.id in before and before[e.id].digest == e.digest),
        entries=tuple(new),
    )


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
