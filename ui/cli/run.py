"""The command line's frame: the commands, the global options, and errors as one line with an exit code."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawler.errors import KefuError
from ui.cli import (
    ask,
    calibrate,
    config,
    crawl,
    demo,
    eval_,
    export,
    extract,
    golden,
    import_,
    intents,
    models,
    rm,
    rollback,
    search,
    serve,
    sites,
    status,
    verify,
)
from ui.cli.context import Context
from ui.cli.output import say, show

STOPPED = 130

app = typer.Typer(
    name="kefu",
    help="客服: answers your visitors from your own FAQ pages. 根据您网站上的常见问题回答访客。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    demo,
    crawl,
    extract,
    import_,
    export,
    search,
    ask,
    serve,
    calibrate,
    eval_,
    golden,
    intents,
    verify,
    sites,
    rollback,
    rm,
    models,
    status,
    config,
):
    command.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        show(f"kefu {version('kefu')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of sites and conversations (default ./kefu-data).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and leave.")
    ] = False,
) -> None:
    context.obj = Context(data)


def run(argv: list[str]) -> int:
    """Run one command; returns the exit code and never lets a traceback out."""
    if any("\udc80" <= char <= "\udcff" for word in argv for char in word):
        say("kefu: an argument is no valid text. Write it in UTF-8. See 'kefu --help'.")
        return 2
    try:
        # Typer gives the code of a Ctrl-C back instead of raising.
        if app(argv, standalone_mode=False) == STOPPED:
            say("kefu: stopped")
            return STOPPED
    except KefuError as error:
        say(f"kefu: {error}")
        return 1
    except (KeyboardInterrupt, typer.Abort):
        say("kefu: stopped")
        return STOPPED
    except typer.Exit as leave:
        return leave.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (kefu … | head): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person sees one line
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    # Usage errors carry their own sentence and code; typer brings its own copy of click, so they are known by shape.
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        say(f"kefu: {error.format_message()} See 'kefu --help'.")
        return int(error.exit_code)
    logging.getLogger(__name__).debug("unexpected", exc_info=error)
    reason = (str(error).splitlines() or [""])[0][:300]
    say(f"kefu: unexpected {type(error).__name__}: {reason}. KEFU_LOG_LEVEL=DEBUG shows where it happened")
    return 1
