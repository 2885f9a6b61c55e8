"""`kefu models`: list, pull and remove model files."""

from typing import Annotated

import typer

from index import catalogue
from index.catalogue import Model
from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, say, show, show_download
from ui.errors import BadCall


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="List the models that Kefu knows; pull or remove one.",
        invoke_without_command=True,
        rich_markup_mode=None,
    )
    group.callback()(models)
    group.command("pull", help="Fetch a model, verified, with a progress bar.")(pull)
    group.command("rm", help="Remove a model from the cache.")(rm)
    app.add_typer(group, name="models")


def models(context: typer.Context, json: JsonOption = False) -> None:
    """Every model of the catalogue, and better generators for machines with access to a hub."""
    if context.invoked_subcommand:
        return
    from index import weights

    settings = settings_of(context)
    for model in catalogue.MODELS:
        there = weights.installed(model.name, settings.models) is not None
        if json:
            emit(
                {
                    "name": model.name,
                    "kind": model.kind,
                    "licence": model.licence,
                    "bytes": model.size_bytes,
                    "sha256": model.sha256,
                    "installed": there,
                }
            )
            continue
        show(
            f"{'*' if there else ' '} {model.name}  {model.kind}, {model.size_bytes / 1e6:,.0f} MB, {model.licence}\n    {model.publisher}: {model.about}"
        )
    if not json:
        show("* installed. With access to a hub, a better generator for your machine (KEFU_GENERATOR=local:NAME):")
        for one in catalogue.RECOMMENDED:
            show(f"    {one.machine}: {one.name} ({one.licence})")


def pull(context: typer.Context, name: Annotated[str, typer.Argument(help="A name from 'kefu models'.")]) -> None:
    """Fetch one model of the catalogue."""
    from ui.launch import fetch_model

    settings = settings_of(context)
    folder = fetch_model(_known(name), settings.models, show_download, say)
    show(f"{name} is in {folder}")


def rm(context: typer.Context, name: Annotated[str, typer.Argument(help="A name from 'kefu models'.")]) -> None:
    """Remove one model of the catalogue."""
    from index import weights

    settings = settings_of(context)
    show(f"removed {name}" if weights.remove(_known(name).name, settings.models) else f"{name} was not installed")


def _known(name: str) -> Model:
    model = catalogue.find(name)
    if model is None:
        raise BadCall(
            f"there is no model '{name}' in the catalogue. 'kefu models' lists them; hub ids need no pull, name them in the settings"
        )
    return model
