"""`kefu config`: every setting, its value now, and what it is for."""

import typer

from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("config", help="Show every setting, its value and its environment variable; secrets are masked.")(
        config
    )


def config(context: typer.Context, json: JsonOption = False) -> None:
    """Settings of the process; those of a site are in its site.json."""
    settings = settings_of(context)
    values = settings.model_dump(mode="json")
    if json:
        emit(values)
        return
    for name, field in type(settings).model_fields.items():
        show(f"{name} = {values[name]!r}\n    {field.description} (KEFU_{name.upper()}, or {name} in kefu.toml)")
