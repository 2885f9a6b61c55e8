"""`kefu rollback`: publish a site's snapshot before the one that serves."""

from typing import Any

import typer

from ui.cli.context import JsonOption, NamedSiteOption, settings_of
from ui.cli.output import emit, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback", help="Publish the snapshot before the one that serves.")(rollback)


def rollback(
    context: typer.Context,
    site: NamedSiteOption,
    json: JsonOption = False,
) -> None:
    """Go back by one; a running server follows. Crawls are held back until one is accepted."""
    from index import snapshot
    from index.passage import SPLITTER
    from ui.cli.crawling import embedder_digest
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    name, digest = chosen_site(settings, site), embedder_digest(settings)
    folder = site_folder(settings, name)

    def fits(manifest: dict[str, Any]) -> bool:
        # Only loading a model of the hub tells its digest; its name says enough here.
        made_by = manifest["embedder"]
        return manifest["splitter"] == SPLITTER and (
            digest == made_by["digest"] or (not digest and settings.embedder == made_by["name"])
        )

    with snapshot.writer_lock(folder):
        now = snapshot.rollback(folder, fits)
    if json:
        emit({"site": name, "snapshot": now.name, "instead_of": now.instead_of})
        return
    show(
        f"{name}: snapshot {now.name} serves now, instead of {now.instead_of}. Crawls are held back from now on; "
        f"'kefu crawl --site {name} --accept' publishes the next"
    )
