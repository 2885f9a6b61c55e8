"""`kefu status`: what is installed and published."""

from typing import Any

import typer

from ui.cli.context import JsonOption, settings_of
from ui.cli.output import emit, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", help="Show models and sites, and whether each index is whole.")(status)


def status(context: typer.Context, json: JsonOption = False) -> None:
    """Models and sites; every checksum of every published index is checked."""
    from index import catalogue, weights
    from ui.settings import site_names

    settings = settings_of(context)
    found: dict[str, Any] = {
        "data": str(settings.data),
        "embedder": settings.embedder,
        "generator": settings.generator or "default",
        "models": {m.name: weights.installed(m.name, settings.models) is not None for m in catalogue.MODELS},
        "sites": [_site(settings, name) for name in site_names(settings)],
    }
    if json:
        emit(found)
        return
    show(f"data {found['data']}, embedder {found['embedder']}, generator {found['generator']}")
    show("models installed: " + (", ".join(name for name, there in found["models"].items() if there) or "none"))
    for site in found["sites"]:
        show(f"{site['site']}: {site['entries']} entries, snapshot {site['snapshot'] or '–'}: {site['index']}")


def _site(settings: Any, name: str) -> dict[str, Any]:
    from index import snapshot
    from index.errors import IndexFailure
    from ui.settings import site_folder

    try:
        folder, manifest = snapshot.verified(site_folder(settings, name))
    except IndexFailure as error:
        return {"site": name, "entries": 0, "snapshot": None, "index": str(error)}
    return {
        "site": name,
        "entries": manifest["entries"],
        "snapshot": folder.name,
        "index": "whole",
        "made_at": manifest["made_at"],
    }
