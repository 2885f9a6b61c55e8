"""`kefu serve`: the chat page, the API and the widget of one site or all."""

from typing import Annotated

import typer

from ui.cli.context import SiteOption, settings_of
from ui.cli.output import say, show, show_download


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help="Serve the chat page, the API and the widget.")(serve)


def serve(
    context: typer.Context,
    site: SiteOption = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on (default 8765; 0: any).")
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Crawl each site again at this interval: 30m, 6h, 1d.")
    ] = None,
) -> None:
    """Serve until stopped. Without --site every site is served, and the page shows the first."""
    from functools import partial

    from ui import schedule, server
    from ui.launch import embedder_for, generator_for
    from ui.settings import chosen_site, site_names

    settings = settings_of(context, host=host, port=port)
    every_s = schedule.interval_s(every) if every else 0
    names = site_names(settings)
    front = chosen_site(settings, site or (names[0] if names else None))
    bound = server.listen(settings.host, settings.port)
    embedder = embedder_for(settings, show_download, say)
    served = [front] if site else names
    desk = server.desk_for(settings, served, front, embedder, generator_for(settings, say))
    server.serve(
        desk,
        bound,
        browser=False,
        beside=partial(schedule.keep_fresh, settings, served, every_s, say) if every_s else None,
        ready=lambda address: show(f"{front}: {address}  (widget on a page: {address}/demo-shop)\nStop with Ctrl-C."),
    )
