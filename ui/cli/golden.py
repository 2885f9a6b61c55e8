"""`kefu golden`: the questions of a site that every `kefu eval` asks, and that must not break."""

from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.context import JsonOption, NamedSiteOption, settings_of
from ui.cli.output import emit, say, show, show_download
from ui.errors import BadCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatbot.bot import Bot
    from chatbot.generators import Generator
    from chatbot.messages import Answer
    from crawler.records import FaqEntry
    from ui.settings import Settings

group = typer.Typer(
    no_args_is_help=True, help="Questions that must stay answered, or unanswered; 'kefu eval' asks them."
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="golden")


@group.command(
    "add", help="Keep a question with the entry that must answer it; by default the one that answers it now."
)
def add(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="As a visitor asks it.")],
    site: NamedSiteOption,
    entry: Annotated[
        str | None, typer.Option("--entry", help="The entry that must answer: its id, question or address.")
    ] = None,
    nothing: Annotated[bool, typer.Option("--nothing", help="It must not be answered.")] = False,
) -> None:
    """Add one, or change what an old one expects."""
    from ui.golden import Golden, change_golden, with_new
    from ui.settings import chosen_site, site_folder

    if entry is not None and nothing:
        raise typer.BadParameter("give either --entry or --nothing.")
    if not question.strip():
        raise typer.BadParameter("the question is empty.")
    settings = settings_of(context)
    folder = site_folder(settings, chosen_site(settings, site))
    entries = _published(folder)
    if nothing:
        expected = None
    else:
        expected = _one(entry, entries) if entry is not None else _answering(settings, folder.name, question, entries)
    new = Golden(question.strip(), expected.id if expected else None, datetime.now(UTC).date().isoformat())
    change_golden(folder, lambda golden: with_new(golden, [new]))
    show(f"{folder.name}: {question.strip()} → {_title(expected)}")


@group.command("from-feedback", help="Keep the questions whose answer a visitor rated good.")
def from_feedback(context: typer.Context, site: NamedSiteOption) -> None:
    """Those that stand alone and whose entry is still published; what is golden already stays as it is."""
    from ui.golden import change_golden, from_rated, read_golden, with_new
    from ui.launch import memory_for
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    folder = site_folder(settings, chosen_site(settings, site))
    before, entries = read_golden(folder), _published(folder)
    memory = memory_for(settings)
    rated = memory.found_good(folder.name)
    memory.close()
    new = from_rated(rated, entries, _found_alone(settings, folder.name))
    golden = change_golden(folder, lambda golden: with_new(with_new(golden, new), golden))
    show(
        f"{folder.name}: {len(golden) - len(before)} added of {len(rated)} answers that visitors found good, {len(golden)} in all"
    )
    if left := len(rated) - len(new):
        show(f"{left} left out: follow-ups, and answers from entries that are not published any more")


@group.command("list", help="List them, with the numbers that 'kefu golden rm' takes.")
def list_(context: typer.Context, site: NamedSiteOption, json: JsonOption = False) -> None:
    """One a line."""
    from ui.golden import read_golden
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    folder = site_folder(settings, chosen_site(settings, site))
    golden = read_golden(folder)
    if json:
        for number, one in enumerate(golden, 1):
            emit({"number": number, **asdict(one)})
        return
    titles = {entry.id: _title(entry) for entry in _published(folder)} if golden else {}
    for number, one in enumerate(golden, 1):
        gone = f"{one.expects}, which is not published any more"
        expected = titles.get(one.expects, gone) if one.expects else _title(None)
        show(f"{number:3}. {one.question} → {expected}  ({one.said})")
    if not golden:
        show(f"{folder.name} has no golden questions. 'kefu golden add QUESTION --site {folder.name}' keeps one")


@group.command("rm", help="Remove one by its number.")
def rm(
    context: typer.Context,
    number: Annotated[int, typer.Argument(min=1, help="As 'kefu golden list' shows it.")],
    site: NamedSiteOption,
) -> None:
    """Those after it get new numbers."""
    from ui.golden import Golden, change_golden
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    folder = site_folder(settings, chosen_site(settings, site))

    def less(golden: list[Golden]) -> list[Golden]:
        if number > len(golden):
            raise BadCall(
                f"{folder.name} has {len(golden)} golden questions. 'kefu golden list --site {folder.name}' shows them"
            )
        removed.append(golden.pop(number - 1))
        return golden

    removed: list[Golden] = []
    change_golden(folder, less)
    show(f"{folder.name}: removed {removed[0].question}")


def _published(folder: Path) -> "list[FaqEntry]":
    from crawler.records import read_entries
    from index import snapshot

    return read_entries(folder / "snapshots" / snapshot.current(folder) / "entries.jsonl")


def _one(name: str, entries: "Sequence[FaqEntry]") -> "FaqEntry":
    from index.exam import meant, same_as

    found = meant(name, entries)
    if not found:
        raise BadCall(
            f"no published entry has the id, question or address '{name}'. 'kefu search' finds it by its words"
        )
    if not {entry.id for entry in found} <= same_as(entries)(found[0]):
        ids = ", ".join(f"{entry.id} ({entry.title})" for entry in found[:5])
        raise BadCall(f"'{name}' means {len(found)} entries. Give the id of one: {ids}")
    return found[0]


def _answering(settings: "Settings", name: str, question: str, entries: "Sequence[FaqEntry]") -> "FaqEntry":
    """The entry that the bot answers a question from."""
    from ui.golden import cited_first

    answer = _answer(settings, name, question)
    if answer.status == "answered" and (entry := cited_first(answer.citations, entries)):
        return entry
    raise BadCall(
        f"Kefu does not answer '{question}' now. Say what is expected: --entry ID, or --nothing if it must not be answered"
    )


def _answer(settings: "Settings", name: str, question: str) -> "Answer":
    from chatbot.messages import Conversation
    from ui.chat import timed_reply
    from ui.launch import generator_for

    return timed_reply(_bot(settings, name, generator_for(settings, say)), question, Conversation())[0]


def _found_alone(settings: "Settings", name: str) -> "Callable[[str], str]":
    """The id of the entry that answers a question without what was said before it; "" where none does."""
    from chatbot.generators import QUOTE
    from chatbot.messages import Conversation
    from ui.chat import timed_reply
    from ui.golden import cited_first

    bot = cache(lambda: _bot(settings, name, QUOTE))  # follow-ups are few, and its models large

    def found(question: str) -> str:
        answer = timed_reply(bot(), question, Conversation())[0]
        entry = cited_first(answer.citations, bot().index().entries) if answer.status == "answered" else None
        return entry.id if entry else ""

    return found


def _bot(settings: "Settings", name: str, generator: "Generator") -> "Bot":
    from ui.launch import bot_for, embedder_for
    from ui.settings import read_site

    return bot_for(settings, read_site(settings, name), embedder_for(settings, show_download, say), generator)


def _title(entry: "FaqEntry | None") -> str:
    return f"{entry.title} ({entry.id})" if entry else "must not be answered"
