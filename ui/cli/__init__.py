"""The command line. One file a command; nothing heavy is imported before a command needs it."""

import sys
from collections.abc import Sequence

from ui.cli.shadow import hidden_package

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C."""
    if problem := hidden_package():
        sys.stderr.write(f"kefu: {problem}\n")
        sys.exit(1)
    from ui.cli.run import run

    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))
