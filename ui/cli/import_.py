"""`kefu import`: entries from a file, by id, beside those that are crawled."""

import hashlib
from collections.abc import Collection
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from crawler.language import detect
from crawler.records import FaqEntry, from_json, read_jsonl
from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, show
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help="Add or replace entries from a .jsonl file; nothing else is touched.")(import_)


def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help='.jsonl: {"answer"[,"question","id","url","language","similar":[…]]} a line.'),
    ],
    site: Annotated[str, typer.Option("--site", help="Name of the site; made when it is new.")],
    json: JsonOption = False,
) -> None:
    """Upsert by id and publish."""
    from ui.cli.crawling import watching
    from ui.publish import import_entries
    from ui.settings import read_site

    settings = settings_of(context)
    chosen = read_site(settings, site)
    entries = read_import(file)
    with watching(settings) as watch:
        published = import_entries(settings, chosen, entries, watch=watch)
    diff, synced = published.diff, published.synced
    counts = {"added": len(diff.added), "changed": len(diff.changed), "kept": len(diff.kept)}
    if json:
        emit(
            {
                "site": site,
                "read": len(entries),
                "entries": counts,
                "embedded": synced.embedded if synced else 0,
                "snapshot": synced.snapshot if synced else None,
                "seconds": round(published.seconds, 2),
            }
        )
    else:
        show(f"{site}: {len(entries)} read, " + ", ".join(f"{value} {key}" for key, value in counts.items()))


def _made_id(entry: FaqEntry, taken: Collection[str]) -> str:
    """An id from the exact words, so that it is the same at the next import; with a number for an exact repeat."""
    made = hashlib.sha256(f"{entry.question}\0{entry.answer}\0{entry.url}".encode()).hexdigest()[:16]
    return next(name for number in count(1) if (name := made if number == 1 else f"{made}-{number}") not in taken)


def read_import(file: Path) -> list[FaqEntry]:
    """The entries of a file; those without an id get one from question and answer, so that no two are merged.

    Raises:
        BadRecord: naming the line that is wrong.
        BadCall: two lines give the same id, or there is no line.

    """
    entries: dict[str, FaqEntry] = {}
    for where, row in read_jsonl(file):
        entry = from_json({**row, "source": "import"}, where=where)
        made = entry.id or _made_id(entry, entries)
        if entry.id and made in entries:
            raise BadCall(f"{where}: id '{made}' stands twice in the file. Give each entry its own")
        language = entry.language or detect(f"{entry.question} {entry.answer}")
        entries[made] = FaqEntry(
            made,
            entry.question.strip(),
            entry.answer.strip(),
            entry.url,
            entry.anchor,
            entry.section,
            language,
            "import",
            entry.similar,
        )
    if not entries:
        raise BadCall(f"{file} holds no entries. Give one JSON object a line")
    return list(entries.values())
