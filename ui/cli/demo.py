"""`kefu demo`: models, the demonstration shop, its crawl, its index, and the chat in a browser, in one command."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from index.catalogue import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from ui.cli.context import settings_of
from ui.cli.output import say, show, show_download

if TYPE_CHECKING:
    from index.embed import Embedder
    from ui.settings import Settings

SITE = "demo"
DEMO = {
    "name": SITE,
    "names": {"zh": "松果文具", "en": "Pinecone Stationery"},
    "contacts": {"phone": "400-000-0199", "email": "service@pinecone-stationery.example"},
    "hours": {"zh": "周一至周五 9:00–18:00，北京时间", "en": "Mon–Fri 9:00–18:00, China time, UTC+8"},
    "timezone": "Asia/Shanghai",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help="Try Kefu on a demonstration shop: fetches the models, crawls, opens the chat.")(demo)


def demo(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port of the chat (default 8765; 0: any).")
    ] = None,
    no_generator: Annotated[
        bool, typer.Option("--no-generator", help="Do without the large model: published answers are quoted.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Everything with defaults; a second run finds the models and the index there."""
    from ui import server
    from ui.demo_site import serve_demo
    from ui.launch import embedder_for, generator_for

    settings = settings_of(context, port=port, generator="quote" if no_generator else None)
    bound = server.listen(settings.host, settings.port)
    fetch_models(settings)
    shop = serve_demo(settings.port + 1 if settings.port else 0)
    try:
        # The generator is read from the disk while the embedder's libraries load.
        with ThreadPoolExecutor(1) as second:
            generator = second.submit(generator_for, settings, say)
            embedder = cache(partial(embedder_for, settings, show_download, say))
            crawl_demo(settings, shop.server_port, embedder)
            desk = server.desk_for(settings, [SITE], SITE, embedder(), generator.result())
        server.serve(desk, bound, browser=not no_browser, ready=_tell)
    finally:
        shop.shutdown()
        shop.server_close()


def fetch_models(settings: "Settings") -> None:
    """Fetch what is missing of the default models; the generator may fail, the bot then quotes."""
    from index import catalogue, weights
    from index.errors import ModelUnavailable
    from ui.launch import fetch_model

    wanted = [DEFAULT_EMBEDDER] if settings.embedder == DEFAULT_EMBEDDER else []
    wanted += [DEFAULT_GENERATOR] if not settings.generator else []
    missing = [
        model for name in wanted if (model := catalogue.find(name)) and not weights.installed(name, settings.models)
    ]
    if missing:
        say(
            f"to fetch once: {sum(m.size_bytes for m in missing) / 1e6:,.0f} MB into {settings.models}"
            + (" (--no-generator skips the large one)" if len(missing) > 1 else "")
        )
    for model in missing:
        try:
            fetch_model(model, settings.models, show_download, say)
        except ModelUnavailable as error:
            if model.kind == "embedder":
                raise
            say(f"kefu: {error}. Going on without it")


def crawl_demo(settings: "Settings", shop_port: int, embedder: "Callable[[], Embedder] | None" = None) -> None:
    """Crawl the shop with the ordinary crawler and publish its index."""
    from ui.cli.crawling import crawl_shown, with_crawl
    from ui.settings import Site, read_site, site_folder

    known = (site_folder(settings, SITE) / "site.json").exists()
    site = read_site(settings, SITE) if known else Site.model_validate(DEMO)
    given = {
        "seeds": [f"http://127.0.0.1:{shop_port}/"],
        "delay_s": 0.0,
        "allow_hosts": [f"127.0.0.1:{shop_port}"],
    }
    published = crawl_shown(settings, with_crawl(site, given), embedder=embedder)
    pages = published.crawled.pages["fetched"] if published.crawled else 0
    show(f"the shop at http://127.0.0.1:{shop_port}/ has {pages} pages and {len(published.diff.entries)} entries")


def _tell(address: str) -> None:
    show(
        f"chat: {address}\nwidget on a shop's page: {address}/demo-shop\nAsk 如何退货？ or How do I return an item?  Stop with Ctrl-C."
    )
