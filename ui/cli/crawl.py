"""`kefu crawl`: crawl a site, or crawl it again, and publish its index."""

from typing import Annotated

import typer

from ui.cli.context import JsonOption, SiteOption, settings_of
from ui.cli.output import emit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("crawl", help="Crawl a site's FAQ pages and publish its index; without URL, crawl it again.")(crawl)


def crawl(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Argument(help="Where to begin: the FAQ page, or the folder of the help pages.")
    ] = None,
    site: SiteOption = None,
    max_pages: Annotated[int | None, typer.Option("--max-pages", min=1, help="Stop after so many pages.")] = None,
    delay: Annotated[
        float | None, typer.Option("--delay", min=0, max=3600, help="Seconds between two requests.")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Only URLs in which this pattern is found; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="No URL in which this pattern is found; repeatable.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="Only pages in this language (zh, en, …); repeatable."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="HOST:PORT of a private address that may be fetched; repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish though much has changed: what was held back, else a new crawl.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Crawl and publish; exit code 1 when the result is held back."""
    from ui.cli.crawling import crawl_shown, refuse_held, report, site_to_crawl, tell, with_crawl

    settings = settings_of(context)
    chosen = site_to_crawl(settings, url, site)
    given = {
        "max_pages": max_pages,
        "delay_s": delay,
        "include": include,
        "exclude": exclude,
        "languages": language,
        "allow_hosts": allow_host,
    }
    chosen = with_crawl(chosen, given)
    published = crawl_shown(settings, chosen, dry_run=dry_run, accept=accept)
    if json:
        emit(report(chosen.name, published, dry_run=dry_run))
    else:
        tell(chosen, published, dry_run)
    if not dry_run:
        refuse_held(chosen.name, published)
