"""`kefu verify`: whether texts say what an answer says, judged by the generator."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, say, show, show_count, show_download
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", help="Check answers, of any chatbot, against the texts that they are to rest on.")(verify)


def verify(
    context: typer.Context,
    claims: Annotated[Path, typer.Option("--claims", help='A .jsonl file of {"id","sources":[texts],"answer"}.')],
    json: JsonOption = False,
) -> None:
    """Say of each answer whether its sources support it."""
    from chatbot.errors import GeneratorFailed
    from chatbot.judge import supported
    from ui.launch import judge_for

    rows = _claims_of(claims)
    weigh = judge_for(settings_of(context), show_download, say)
    failed = []
    with show_count("checking") as bar:
        for done, row in enumerate(rows, 1):
            bar(done, len(rows))
            try:
                found = supported(row["answer"], row["sources"], weigh)
            except GeneratorFailed as failure:
                failed.append(str(row["id"]))
                if json:
                    emit({"id": row["id"], "error": str(failure)})
                else:
                    show(f"{row['id']}  not checked: {failure}")
                continue
            if json:
                emit(
                    {
                        "id": row["id"],
                        "supported": found.holds,
                        "score": round(found.score, 4),
                        "missing": found.lacking,
                    }
                )
            else:
                lacking = f": {', '.join(found.lacking)} is in no source" if found.lacking else ""
                show(f"{row['id']}  {found.score:.2f}  {'supported' if found.holds else 'not supported'}{lacking}")
    if failed:
        raise BadCall(
            f"{len(failed)} of {len(rows)} claims could not be checked: {', '.join(failed[:5])}. Look at their length, or run them again"
        )


def _claims_of(path: Path) -> list[dict[str, Any]]:
    from crawler.records import read_jsonl

    rows = []
    for where, row in read_jsonl(path):
        sources = row.get("sources")
        if "id" not in row or not isinstance(row.get("answer"), str) or not isinstance(sources, list):
            raise BadCall(f'{where}: every line needs "id", "sources" (a list of texts) and "answer"')
        if not all(isinstance(text, str) for text in sources):
            raise BadCall(f'{where}: "sources" is a list of texts')
        rows.append(row)
    return rows
