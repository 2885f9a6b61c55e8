"""`kefu eval`: how well a site is answered, by questions drawn from it and by those that must not break."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.context import JsonOption, NamedSiteOption, settings_of
from ui.cli.output import emit, say, show, show_count, show_download
from ui.errors import BadCall

if TYPE_CHECKING:
    from chatbot.marks import Tally
    from index.exam import Question
    from index.hybrid import Index
    from index.refit import Rate
    from ui.exam import Room, Run
    from ui.settings import Settings, Site

# Of one index, what it is to be asked.
Asks = Callable[["Index"], "list[Question]"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("eval", help="Test a site with questions made from its entries, and say how often it is wrong.")(
        evaluate
    )


def evaluate(
    context: typer.Context,
    site: NamedSiteOption,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions", help='Ask these instead: {"question","entry" or "nothing":true[,"history"]} a line.'
        ),
    ] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="At most so many questions of a kind.")] = 100,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page with pictures into this folder.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Of the report: zh or en; by default that of most entries.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Ask two kept snapshots the same, for example 000006 000007."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Ask, count, write; exit with 1 when a golden question broke."""
    from ui.report_texts import LANGUAGES

    if language not in (None, *LANGUAGES):
        raise typer.BadParameter(f"'{language}' is no language of the report. Give {' or '.join(LANGUAGES)}.")
    if compare and compare[0] == compare[1]:
        raise typer.BadParameter("--compare takes two different snapshots.")
    if report is not None:
        from ui.report import ready

        ready(report)
    run = _run(context, site, questions, cases, compare)
    told: dict[str, Any] = {}
    if not json:
        _tell(run)
    if report is not None:
        from ui.report import write_report

        told["report"] = str(write_report(run, report, language))
    if json:
        from ui.exam_json import as_json

        emit({**as_json(run), **told})
    elif report is not None:
        show(f"report: {told['report']}")
    if run.broken:
        raise BadCall(
            f"{len(run.broken)} of {len(run.held)} golden questions broke. Mend what they are answered from, or remove those that "
            f"hold no more with 'kefu golden rm'"
        )


def _run(
    context: typer.Context, site: str, questions: Path | None, cases: int, snapshots: tuple[str, str] | None
) -> "Run":
    from datetime import datetime

    from chatbot.marks import figures
    from index import snapshot
    from ui.exam import Run, compare
    from ui.golden import golden_questions, judged, read_golden
    from ui.settings import chosen_site, read_site, site_folder

    settings = settings_of(context)
    chosen = read_site(settings, chosen_site(settings, site))
    folder = site_folder(settings, chosen.name)
    names = sorted(snapshots) if snapshots else [snapshot.current(folder)]
    for name in names:
        snapshot.generation(folder, name)  # before models are loaded
    golden = read_golden(folder)
    rooms = _rooms(settings, chosen, names)
    older, room = rooms[0], rooms[-1]
    asks, held = _questions(room, questions, cases)
    asked = asks(room.index)
    with show_count("asking") as bar:
        compared = compare(older, room, (asks(older.index), asked), held, bar) if snapshots else None
        outcomes = [new for _, new in compared.pairs] if compared else room.put(asked, held, bar)
        kept = judged(golden, room.put(golden_questions(golden, room.index.entries), {}, bar))
    models = {
        "embedder": settings.embedder,
        "reader": settings.reader or "default",
        "generator": room.bot.generator.name,
    }
    now = datetime.now().astimezone()
    chinese = [entry.language == "zh" for entry in room.index.entries]
    language = "zh" if sum(chinese) * 2 >= len(chinese) else "en"
    return Run(
        chosen, language, room.index.name, models, now, tuple(outcomes), figures(outcomes), tuple(kept), compared
    )


def _rooms(settings: "Settings", site: "Site", names: Sequence[str]) -> "list[Room]":
    """One for each snapshot of that name."""
    from ui.exam import Room
    from ui.launch import bot_for, embedder_for, generator_for
    from ui.settings import site_folder

    folder, embedder = site_folder(settings, site.name), embedder_for(settings, show_download, say)
    bot = bot_for(settings, site, embedder, generator_for(settings, say))
    served = bot.index()
    indexes = [served if name == served.name else served.beside(folder, name=name) for name in names]
    return [Room(bot, folder, embedder, index) for index in indexes]


def _questions(room: "Room", path: Path | None, cases: int) -> "tuple[Asks, dict[str, str]]":
    """What gives the questions of an index, and the wordings that are held of it."""
    from ui.questions import draw_for, drawn_questions, for_another, given_questions

    entries = room.index.entries
    if path is not None:
        given = given_questions(path, entries)
        return lambda index: given if index is room.index else for_another(given, entries, index.entries), {}
    with show_count("rewording questions") as bar:
        drawn = draw_for(room.bot, room.index, cases, bar)
    return lambda index: drawn_questions(index, drawn, cases), dict(drawn.held)


KINDS = {
    "known": "its own, in other words",
    "paraphrase": "its own, in a model's words",
    "translated": "its own, asked of the other language",
    "hidden": "its own, the entry left out",
    "far": "about anything else",
    "given": "of the file",
}
RATES = {
    "false_answers": "nothing answers it, and Kefu answers",
    "false_suggestions": "nothing answers it, and Kefu suggests",
    "false_answers_far": "it is about anything else, and Kefu answers",
    "false_refusals": "an entry answers it, and Kefu refuses",
    "only_suggested": "an entry answers it, and Kefu only suggests",
    "suggested_it": "of these, the entry is among the suggestions",
    "wrong_answers": "an entry answers it, and Kefu answers by another",
    "right_across": "the other language answers it, and so does Kefu",
}
BROKE = {
    "gone": "its entry is not published any more",
    "wrong": "answered by another entry",
    "suggested": "only suggested",
    "refused": "refused",
    "answered": "answered, and must not be",
}


def _tell(run: "Run") -> None:
    show(f"{'questions':38} asked  right  wrong  suggested  refused")
    for tally in run.figures.tallies:
        show(_row(tally))
    for key, label in RATES.items():
        rate = run.figures.rates[key]
        if rate.total:
            was = f"  before: {_share(run.compared.figures.rates[key])}" if run.compared else ""
            show(f"{label:48} {_share(rate)}{was}")
    found = run.figures
    areas = (
        f", ROC area {found.curve.roc_area:.3f}, average precision {found.curve.average_precision:.3f}"
        if found.curve
        else ""
    )
    show(f"probability: off by {found.calibration_error:.3f} on average{areas}")
    show(
        "milliseconds, median (95 %): "
        + ", ".join(f"{band} {one.p50:.0f} ({one.p95:.0f})" for band, one in found.latency.items())
    )
    if compared := run.compared:
        show(
            f"{run.snapshot} beside {compared.older}: {len(compared.changed)} of {len(compared.pairs)} ended differently; {compared.apart} could be put to {run.snapshot} only"
        )
        for old, new in compared.changed:
            show(f"  {old.result} → {new.result}: {new.question.text}")
    if run.held:
        show(f"golden questions: {len(run.held) - len(run.broken)} of {len(run.held)} held")
    for one in run.broken:
        show(f"  broke ({BROKE[one.broke]}): {one.golden.question}")


def _row(tally: "Tally") -> str:
    results = tally.results
    right, wrong = (results["right"], results["wrong"]) if tally.answerable else ("", results["answered"])
    label = KINDS.get(tally.kind, tally.kind) + (
        "" if tally.answerable or tally.kind != "given" else ", nothing answers"
    )
    return f"{label:38} {results.total():5}  {right:>5}  {wrong:5}  {results['suggested']:9}  {results['refused']:7}"


def _share(rate: "Rate") -> str:
    if not rate.total:
        return "none asked"
    low, high = rate.interval
    return f"{rate.count / rate.total:6.1%}  ({low:.1%} to {high:.1%}; {rate.count} of {rate.total})"
