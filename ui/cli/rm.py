"""`kefu rm`: remove a site with all that belongs to it."""

import shutil

import typer

from ui.cli.context import NamedSiteOption, settings_of
from ui.cli.output import show
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rm", help="Remove a site: entries, index, settings, conversations.")(rm)


def rm(context: typer.Context, site: NamedSiteOption) -> None:
    """Remove it, moved aside first so that nothing half-removed is ever found."""
    from index.snapshot import writer_lock
    from ui.launch import memory_for
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    folder = site_folder(settings, chosen_site(settings, site))
    memory = memory_for(settings)
    aside = folder.with_name(f".removed-{site}")
    shutil.rmtree(aside, ignore_errors=True)
    with writer_lock(folder):
        try:
            folder.replace(aside)
        except OSError as error:
            raise BadCall(
                f"{folder} cannot be removed ({error.strerror}). Stop the server that uses it and try again"
            ) from error
        memory.forget_site(site)
    memory.close()
    shutil.rmtree(aside, ignore_errors=True)
    show(f"removed site {site}")
