"""`kefu extract`: what would be found in pages, without a site."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crawler.records import FaqEntry, Page
from ui.cli.context import JsonOption
from ui.cli.output import emit, say, show
from ui.errors import BadCall

Found = tuple[list[FaqEntry], list[FaqEntry]]
ENTRY_KEYS = ("question", "answer", "url", "anchor", "section", "language", "source")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract", help="Show the questions and answers that Kefu finds in pages.")(extract)


def extract(
    pages: Annotated[list[str], typer.Argument(metavar="PATH_OR_URL…", help="HTML files or addresses.")],
    json: JsonOption = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="HOST:PORT of a private address that may be fetched; repeatable."),
    ] = None,
) -> None:
    """Print one result for each page; one that cannot be read is said, and the others go on."""
    failed = 0
    for name in pages:
        try:
            found = _extracted(name, allow_host or [])
        except BadCall as error:
            if len(pages) == 1:
                raise
            say(f"kefu: {error}")
            failed += 1
            continue
        if json:
            emit(found)
        else:
            _tell(found)
    if failed:
        raise BadCall(f"{failed} of {len(pages)} pages could not be read")


def _extracted(name: str, allow_hosts: list[str]) -> dict[str, Any]:
    entries, rest = _fetched(name, allow_hosts) if name.startswith(("http://", "https://")) else _read(name)
    return {
        "file": name,
        "entries": [{key: getattr(entry, key) for key in ENTRY_KEYS} for entry in entries],
        "passages": [{"heading": p.section, "text": p.answer, "anchor": p.anchor} for p in rest],
    }


def _read(name: str) -> Found:
    from crawler.charset import decode
    from crawler.extract import Document
    from crawler.extract import read as read_document
    from crawler.response import Response

    path = Path(name)
    try:
        body = path.read_bytes()
    except OSError as error:
        raise BadCall(
            f"{name} cannot be read ({error.strerror}). Give an HTML file or an address that begins with http"
        ) from error
    if not Response("", 200, "", body).is_html:
        raise BadCall(f"{name} is no web page. Give an HTML file or an address that begins with http")
    return read_document(Document(Page(path.resolve().as_uri(), decode(body))), site="")


def _fetched(url: str, allow_hosts: list[str]) -> Found:
    from crawler.errors import CrawlerError
    from crawler.fetch import open_fetch  # heavy, and files need none of it
    from crawler.sandbox import open_survey

    try:
        response = open_fetch(allow_hosts=allow_hosts)(url)
        if response.status != 200 or not response.is_html:
            raise BadCall(f"{url} answers {response.status} with {response.content_type or 'no type'}, not a web page")
        with open_survey("") as survey:
            entries = survey(response).entries
    except CrawlerError as error:
        raise BadCall(str(error)) from error
    return [e for e in entries if e.question], [e for e in entries if not e.question]


def _tell(found: dict[str, Any]) -> None:
    show(f"{found['file']}: {len(found['entries'])} questions, {len(found['passages'])} passages")
    for entry in found["entries"]:
        show(f"\n[{entry['source']}] {entry['question']}\n{entry['answer']}")
