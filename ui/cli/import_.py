"""`kefu import`: entries from files, by id, beside those that are crawled."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, say, show
from ui.errors import BadCall

if TYPE_CHECKING:
    from crawler.diff import Diff
    from crawler.files import Loaded
    from ui.publish import Published

SHOWN_FAILURES = 20
ROLLED_BACK = "these entries are those of snapshot {name}, which was rolled back, so {now} still serves. 'kefu crawl --site {site} --accept' publishes them"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help="Add or replace entries from files and folders; nothing else is touched.")(import_)


def import_(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE_OR_FOLDER…",
            help=".jsonl, .csv, .xlsx with columns question, answer, similar, url, language, tags, section, id; .md, .html.",
        ),
    ],
    site: Annotated[str, typer.Option("--site", help="Name of the site; made when it is new.")],
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet of a workbook; its first when left out.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Upsert by id and publish; rows that cannot be read are named, and the others are imported."""
    from crawler.files import load
    from ui.cli.crawling import watching
    from ui.publish import import_entries
    from ui.settings import read_site

    began = time.monotonic()
    settings = settings_of(context)
    chosen, loaded = read_site(settings, site), load(files, sheet)
    with watching(settings) as watch:
        done = import_entries(settings, chosen, loaded.entries, watch=watch, dry_run=dry_run or not loaded.entries)
    if json:
        emit(report(site, loaded, done, time.monotonic() - began))
    if not loaded.entries:
        raise BadCall(_nothing_read(loaded, files))
    _say_failed(loaded)
    _say_edited(done)
    if not json:
        _tell(site, loaded, done.diff, dry_run)
    if done.synced and done.synced.held_for:
        say(ROLLED_BACK.format(name=done.synced.held_for, now=done.synced.snapshot, site=site))


def report(site: str, loaded: "Loaded", done: "Published", seconds: float) -> dict[str, Any]:
    """The JSON of an import."""
    diff, synced = done.diff, done.synced
    return {
        "site": site,
        "read": len(loaded.entries),
        "failed": [{"where": row.where, "why": row.why} for row in loaded.failed],
        "passed_over": list(loaded.passed_over),
        "entries": {"added": len(diff.added), "changed": len(diff.changed), "kept": len(diff.kept)},
        "embedded": synced.embedded if synced else 0,
        "snapshot": synced.snapshot if synced else None,
        "seconds": round(seconds, 2),
    }


def _nothing_read(loaded: "Loaded", files: Sequence[Path]) -> str:
    if not loaded.failed:
        return f"{', '.join(map(str, files))}: no entries in it. Nothing was changed. Give one entry a row"
    if len(loaded.failed) > 1:
        _say_failed(loaded)
        return f"not one of {len(loaded.failed)} rows could be read. Nothing was changed"
    return f"{loaded.failed[0].where}: {loaded.failed[0].why}"


def _say_failed(loaded: "Loaded") -> None:
    for row in loaded.failed[:SHOWN_FAILURES]:
        say(f"  {row.where}: {row.why}")
    if len(loaded.failed) > SHOWN_FAILURES:
        say(f"  and {len(loaded.failed) - SHOWN_FAILURES} more; --json lists them all")


def _say_edited(done: "Published") -> None:
    for entry in done.edited_changed:
        say(f"  {entry.title} has a manual edit in edits.jsonl, which wins. Take its line out to show what you import")


def _tell(site: str, loaded: "Loaded", diff: "Diff", dry_run: bool) -> None:
    for name in loaded.passed_over[:SHOWN_FAILURES]:
        say(f"  passed over: {name}")
    for mark, found in (("+", diff.added), ("~", diff.changed)) if dry_run else ():
        for entry in found:
            show(f"{mark} {entry.title}  {entry.link}".rstrip())
    counts = {"added": len(diff.added), "changed": len(diff.changed), "kept": len(diff.kept)}
    failed = f", {len(loaded.failed)} failed" if loaded.failed else ""
    said = ", ".join(f"{value} {key}" for key, value in counts.items())
    show(f"{site}: {len(loaded.entries)} read{failed}; entries: {said}")
    if dry_run:
        show("dry run: nothing was changed")
