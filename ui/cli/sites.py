"""`kefu sites`: which sites there are."""

import typer

from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sites", help="List the sites.")(sites)


def sites(context: typer.Context, json: JsonOption = False) -> None:
    """One line for each site."""
    from crawler.records import read_entries
    from ui.settings import read_site, site_folder, site_names

    settings = settings_of(context)
    for name in site_names(settings):
        entries = len(read_entries(site_folder(settings, name) / "entries.jsonl"))
        seeds = list(read_site(settings, name).crawl.seeds)
        if json:
            emit({"site": name, "entries": entries, "seeds": seeds})
        else:
            show(f"{name}  {entries} entries  {' '.join(seeds)}")
