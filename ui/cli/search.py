"""`kefu search`: what search finds for a question as it stands. An answer may first split it or complete it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.context import JsonOption, SiteOption, settings_of
from ui.cli.output import emit, say, show, show_count, show_download
from ui.errors import BadCall

if TYPE_CHECKING:
    from index.passage import Found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search", help="Show which entries a question finds, and how sure Kefu is.")(search)


def search(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="One question.")] = None,
    queries: Annotated[Path | None, typer.Option("--queries", help='Many: a .jsonl file of {"id","question"}.')] = None,
    site: SiteOption = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="At most so many entries.")] = 10,
    json: JsonOption = False,
) -> None:
    """Search for one question or for each of a file."""
    from chatbot.bands import Bands
    from ui.launch import embedder_for, index_for
    from ui.settings import chosen_site, read_site

    if (question is None) == (queries is None):
        raise typer.BadParameter("give either a question or --queries FILE.")
    settings = settings_of(context)
    name = chosen_site(settings, site)
    index = index_for(settings, name, embedder_for(settings, show_download, say))()
    bands = Bands(**read_site(settings, name).bands.model_dump())
    if queries is not None:
        rows = questions_of(queries)
        with show_count("searching") as bar:
            done = 0

            def tell(count: int) -> None:
                nonlocal done
                done += count
                bar(done, len(rows))

            found = index.search_many([row["question"] for row in rows], k, tell)
        for row, one in zip(rows, found, strict=True):
            emit({"id": row["id"], **_json(one, bands.choose(row["question"], one))})
        return
    text = question or ""
    one = index.search(text, k)
    band = bands.choose(text, one)
    if json:
        emit({"question": text, **_json(one, band)})
        return
    show(f"probability {one.probability:.2f}  band {band}  " + _named(one.features))
    for number, hit in enumerate(one.hits, 1):
        show(f"{number:2}. {hit.score:.3f}  {hit.entry.title}  {hit.entry.link}\n    {_named(hit.by_field)}")


def questions_of(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of questions, each with "id" and "question"."""
    from crawler.records import read_jsonl

    rows = []
    for where, row in read_jsonl(path):
        if "id" not in row or not isinstance(row.get("question"), str):
            raise BadCall(f'{where}: every line needs "id" and "question"')
        rows.append(row)
    return rows


def _json(found: "Found", band: str) -> dict[str, Any]:
    hits = [
        {
            "entry": hit.entry.id,
            "question": hit.entry.question,
            "score": round(hit.score, 6),
            "fields": _rounded(hit.by_field),
        }
        for hit in found.hits
    ]
    return {
        "probability": round(found.probability, 6),
        "band": str(band),
        "features": _rounded(found.features),
        "hits": hits,
    }


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in numbers.items()}


def _named(numbers: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.2f}" for name, value in numbers.items())
