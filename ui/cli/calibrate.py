"""`kefu calibrate`: fit the probability to a site's own entries, and say how often it will be wrong there."""

from typing import TYPE_CHECKING

import typer

from ui.cli.context import JsonOption, NamedSiteOption, settings_of
from ui.cli.output import emit, say, show, show_count, show_download

if TYPE_CHECKING:
    from index.refit import Rate, Refit
    from ui.settings import BandSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate", help="Fit the probability to a site's own entries, and show how often it is wrong.")(
        calibrate
    )


def calibrate(
    context: typer.Context,
    site: NamedSiteOption,
    json: JsonOption = False,
) -> None:
    """Ask the site's own entries, fit, and keep the fit beside them."""
    from crawler.records import write_text_atomically
    from index import snapshot
    from index.calibrate import as_json, load_calibration
    from index.errors import IndexFailure
    from index.reader import open_reader
    from index.refit import CALIBRATION, refit
    from ui.launch import embedder_for
    from ui.settings import chosen_site, read_site, site_folder

    settings = settings_of(context)
    if settings.calibration:
        raise IndexFailure(
            f"the setting calibration names {settings.calibration}, which is used for every site. Unset it, or a site's own is never read"
        )
    name = chosen_site(settings, site)
    folder = site_folder(settings, name)
    snapshot.current(folder)  # before models are loaded
    embedder = embedder_for(settings, show_download, say)
    reader = open_reader(settings.reader, settings.models, settings.device)
    with show_count("asking the site its own questions") as bar:
        fitted = refit(folder, embedder, load_calibration(), reader, bar)
    try:
        snapshot.current(folder)  # it may have been removed meanwhile
        write_text_atomically(folder / CALIBRATION, as_json(fitted.calibration))
    except OSError as error:
        raise IndexFailure(
            f"{folder} cannot be written ({error.strerror or error}). Mend the folder and try again"
        ) from error
    rates = _rates(fitted, read_site(settings, name).bands)
    if json:
        emit({"site": name, "file": str(folder / CALIBRATION), **{key: rate.as_json() for key, rate in rates.items()}})
        return
    for key, rate in rates.items():
        if not rate.total:
            continue
        low, high = rate.interval
        show(f"{SAID[key]:58} {rate.count / rate.total:6.1%}  ({low:.1%} to {high:.1%}; {rate.count} of {rate.total})")
    show(f"kept in {folder / CALIBRATION}; a running server reads it when it starts, or with the next snapshot")


SAID = {
    "false_answers": "nothing answers it, and Kefu answers",
    "false_suggestions": "nothing answers it, and Kefu suggests",
    "false_refusals": "an entry answers it, and Kefu refuses",
    "only_suggested": "an entry answers it, and Kefu only suggests",
    "wrong_entry": "an entry answers it, and Kefu answers by another",
    "false_refusals_across": "an entry in another language answers it, and Kefu refuses",
    "only_suggested_across": "the same, and Kefu only suggests",
    "wrong_entry_across": "the same, and Kefu answers by another",
}


def _rates(fitted: "Refit", bands: "BandSettings") -> "dict[str, Rate]":
    """What would happen to the questions, by the bands of the site."""
    return {
        "false_answers": fitted.rate("hidden", lambda case: case.probability >= bands.generate),
        "false_suggestions": fitted.rate("hidden", lambda case: bands.suggest <= case.probability < bands.generate),
        "false_refusals": fitted.rate("known", lambda case: case.probability < bands.suggest),
        "only_suggested": fitted.rate("known", lambda case: bands.suggest <= case.probability < bands.generate),
        "wrong_entry": fitted.rate("known", lambda case: case.probability >= bands.generate and not case.right),
        "false_refusals_across": fitted.rate("translated", lambda case: case.probability < bands.suggest),
        "only_suggested_across": fitted.rate(
            "translated", lambda case: bands.suggest <= case.probability < bands.generate
        ),
        "wrong_entry_across": fitted.rate(
            "translated", lambda case: case.probability >= bands.generate and not case.right
        ),
    }
