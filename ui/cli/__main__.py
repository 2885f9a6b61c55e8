"""`python -m ui.cli` is `kefu`."""

from ui.cli import main

main()
