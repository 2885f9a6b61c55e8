"""What every command is given: where the data is, and the settings, read when first asked for."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ui.settings import Settings


@dataclass(frozen=True)
class Context:
    """The global options."""

    data: Path | None = None

    def settings(self, **given: Any) -> "Settings":
        """The settings of this run; `given` are the command's own options."""
        from ui.settings import read_settings

        settings = read_settings(data=self.data, **given)
        logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
        return settings


def settings_of(context: typer.Context, **given: Any) -> "Settings":
    """The settings of a command's typer context."""
    return (context.obj or Context()).settings(**given)


SiteOption = Annotated[
    str | None,
    typer.Option("--site", help="Name of the site (a–z, 0–9, hyphens); may be left out when there is one."),
]
NamedSiteOption = Annotated[str, typer.Option("--site", help="Name of the site.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line on standard output.")]
