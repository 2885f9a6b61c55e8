"""The command line. One file a command; nothing heavy is imported before a command needs it."""

import sys
from collections.abc import Sequence

from ui.cli.run import run

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 wrong usage."""
    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))
