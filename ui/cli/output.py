"""What commands print: JSON on standard output, everything for people on standard error, progress on a terminal only."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from index.catalogue import Model

# What moves a terminal's cursor, sets its title or turns its text round: pages are written by strangers.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _harmless(text: str) -> str:
    return CONTROLS.sub("", text)


def emit(value: dict[str, Any]) -> None:
    """One compact JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def show(text: str) -> None:
    """A line for people on standard output."""
    sys.stdout.write(_harmless(text) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for people on standard error."""
    sys.stderr.write(_harmless(text) + "\n")
    sys.stderr.flush()


@contextmanager
def show_download(model: Model) -> Iterator[Callable[[int], None]]:
    """A progress bar in bytes for one download; silent where standard error is no terminal."""
    with _progress() as progress:
        task = progress.add_task(model.name, total=model.size_bytes)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def show_count(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of (done, total)."""
    with _progress(in_bytes=False) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def show_pages() -> Iterator[Callable[[str], None]]:
    """A line that is rewritten while pages come in."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda line: None
        return
    with console.status("…") as status:
        yield lambda line: status.update(line)


def _progress(in_bytes: bool = True) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        count,
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
