"""`kefu ask`: a question through the whole path, as a visitor's would go."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ui.cli.context import JsonOption, SiteOption, settings_of
from ui.cli.output import emit, say, show, show_download
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask", help="Ask a question and get the answer a visitor would get.")(ask)


def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="One question.")] = None,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", help='Many: a .jsonl file of {"id","question"[,"history"]}; nothing is stored.'),
    ] = None,
    site: SiteOption = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Go on with this conversation.")] = None,
    json: JsonOption = False,
) -> None:
    """Answer one question, or each of a file."""
    from ui.launch import bot_for, embedder_for, generator_for, memory_for
    from ui.settings import chosen_site, read_site

    if (question is None) == (questions is None):
        raise typer.BadParameter("give either a question or --questions FILE.")
    settings = settings_of(context)
    chosen = read_site(settings, chosen_site(settings, site))
    bot = bot_for(settings, chosen, embedder_for(settings, show_download, say), generator_for(settings, say))
    if questions is not None:
        _ask_many(bot, questions)
        return
    from ui.chat import answer_in

    memory = memory_for(settings)
    reply = answer_in(bot, memory, chosen.name, question or "", conversation, strict=True)
    memory.close()
    if json:
        emit(reply)
    else:
        _tell(reply)


def _ask_many(bot: Any, path: Path) -> None:
    from chatbot.messages import Conversation, Message
    from ui.chat import answer_json, timed_reply
    from ui.cli.search import questions_of

    for row in questions_of(path):
        try:
            history = tuple(Message(turn["role"], turn["content"].strip()) for turn in row.get("history", ()))
        except (TypeError, KeyError, AttributeError) as error:
            raise BadCall(f'question {row["id"]}: "history" is a list of {{"role","content"}}') from error
        answer, ms = timed_reply(bot, row["question"], Conversation("", history))
        emit({"id": row["id"], **answer_json(answer), "conversation": None, "ms": ms})


def _tell(reply: dict[str, Any]) -> None:
    show(reply["text"])
    for suggestion in reply["suggestions"]:
        show(f"  · {suggestion}")
    for citation in reply["citations"]:
        show(f"[{citation['number']}] {citation['question']}  {citation['url']}")
