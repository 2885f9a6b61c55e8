"""`kefu export`: every entry of a site as it is published, in a file that `kefu import` takes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ui.cli.context import SiteOption, settings_of
from ui.cli.output import say
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", help="Write the entries of a site, edits applied, as JSONL, CSV or XLSX.")(export)


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".jsonl, .csv or .xlsx; - is standard output.")] = Path(
        "-"
    ),
    site: SiteOption = None,
    kind: Annotated[
        str, typer.Option("--format", help="jsonl, csv or xlsx; left out, the ending of FILE tells, else jsonl.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a whole file or none."""
    from crawler.diff import apply_edits, read_edits
    from crawler.files.export import dump
    from crawler.records import read_entries
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    name = chosen_site(settings, site)
    to_file = str(file) != "-"
    chosen = _kind(file, kind, to_file)
    if to_file and file.exists() and not force:
        raise BadCall(f"{file} is there already. Give another name, or --force to replace it")
    folder = site_folder(settings, name)
    entries = apply_edits(read_entries(folder / "entries.jsonl"), read_edits(folder / "edits.jsonl"))
    body = dump(entries, chosen)
    if not to_file:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return
    _write(file, body)
    say(f"{name}: {len(entries)} entries in {file}")


def _kind(file: Path, kind: str, to_file: bool) -> str:
    from crawler.files.export import WRITERS

    chosen = (kind or (file.suffix[1:] if to_file else "jsonl")).lower()
    if chosen not in WRITERS:
        raise BadCall(f"'{kind or file}' is no kind that is written. Give --format {', '.join(WRITERS)}")
    if chosen == "xlsx" and not to_file:
        raise BadCall("a workbook is no text for standard output. Give a file, for example faq.xlsx")
    return chosen


def _write(file: Path, body: bytes) -> None:
    from crawler.records import write_atomically

    try:
        write_atomically(file, body)
    except OSError as error:
        raise BadCall(f"{file} cannot be written ({error.strerror or error}). Give another path") from error
