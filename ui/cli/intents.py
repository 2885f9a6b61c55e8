"""`kefu intents`: what tells small talk, wishes for a person and a site's own intents from questions; learned and judged here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.context import JsonOption, SiteOption, settings_of
from ui.cli.output import emit, say, show, show_count, show_download
from ui.errors import BadCall

if TYPE_CHECKING:
    from chatbot.intents import Example
    from index.embed import Embedder, Vectors
    from ui.settings import Settings

group = typer.Typer(
    no_args_is_help=True, help="Learn and judge what tells small talk and your own intents from questions."
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="intents")


@group.command("train", help="Learn a site's intents from the examples in its site.json and the built-in ones.")
def train(
    context: typer.Context,
    site: SiteOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it here instead of into the site's folder.")] = None,
    json: JsonOption = False,
) -> None:
    """Fit, say how well it does on what it was not fitted to, and keep it."""
    from chatbot.evaluate import figures
    from chatbot.intents import OWN, fit, named, out_of_fold, threshold_of
    from ui.settings import chosen_site, site_folder

    settings = settings_of(context)
    name = chosen_site(settings, site) if site or out is None else None
    path = out or site_folder(settings, name or "") / OWN
    examples, vectors, embedder = _examples(settings, name)
    names, likely, folds = out_of_fold(examples, vectors)
    fitted = fit(examples, vectors, embedder.digest, threshold_of(examples, names, likely))
    try:
        fitted.save(path)
    except OSError as error:
        raise BadCall(f"{path} cannot be written ({error.strerror or error}). Mend the folder and try again") from error
    truth = [example.intent for example in examples]
    found = figures(truth, named(names, likely, fitted.threshold), names, likely)
    _tell({"file": str(path), "threshold": round(fitted.threshold, 4), "folds": int(folds.max()) + 1, **found}, json)


@group.command(
    "eval", help="Say how well messages are told apart: by five folds of the examples, or on messages of your own."
)
def evaluate(
    context: typer.Context,
    site: SiteOption = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", help='A .jsonl file of {"intent","text"} to judge by.')
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Save ROC and precision–recall curves (.png, .svg or .pdf).")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Accuracy, precision, recall, F1 and areas under curves."""
    from chatbot.evaluate import curves, figures
    from chatbot.intents import embedded, named, out_of_fold, read_examples, threshold_of
    from ui.launch import classifier_for
    from ui.settings import chosen_site, read_site

    settings = settings_of(context)
    name = chosen_site(settings, site) if site else None
    if questions is not None:
        from ui.launch import embedder_for

        judged, embedder = read_examples(questions), embedder_for(settings, show_download, say)
        if not judged:
            raise BadCall(f"{questions} holds no messages")
        classifier = classifier_for(settings, read_site(settings, name) if name else None, embedder)
        if classifier is None:
            raise BadCall("nothing is learned for this embedder. Run 'kefu intents train --site NAME' first")
        names, likely = classifier.names, classifier.probabilities([e.text for e in judged], embedded(judged, embedder))
        threshold, by_fold = classifier.threshold, []
    else:
        judged, vectors, _ = _examples(settings, name)
        names, likely, folds = out_of_fold(judged, vectors)
        threshold = threshold_of(judged, names, likely)
        right = [
            given == example.intent for given, example in zip(named(names, likely, threshold), judged, strict=True)
        ]
        by_fold = [
            round(sum(own) / len(own), 4)
            for own in ([r for r, f in zip(right, folds, strict=True) if f == fold] for fold in range(folds.max() + 1))
        ]
    truth = [example.intent for example in judged]
    found = figures(truth, named(names, likely, threshold), names, likely)
    if picture is not None:
        from ui.pictures import draw_curves

        try:
            draw_curves(curves(truth, names, likely), picture)
        except (OSError, ValueError) as error:
            raise BadCall(
                f"{picture} cannot be written ({error}). Give a name that ends in .png, .svg or .pdf"
            ) from error
        found["picture"] = str(picture)
    _tell({"threshold": round(threshold, 4), **({"accuracy_by_fold": by_fold} if by_fold else {}), **found}, json)


def _examples(settings: "Settings", site: str | None) -> "tuple[list[Example], Vectors, Embedder]":
    from chatbot.intents import embedded, with_own
    from ui.launch import embedder_for
    from ui.settings import read_site

    own = read_site(settings, site).intents if site else {}
    examples = with_own({name: intent.examples for name, intent in own.items()})
    embedder = embedder_for(settings, show_download, say)
    with show_count("reading examples") as bar:
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            bar(done, len(examples))

        return examples, embedded(examples, embedder, tell), embedder


def _tell(found: dict[str, Any], json: bool) -> None:
    if json:
        emit(found)
        return
    show(f"{'':14} precision  recall     F1  examples")
    for name, row in found["intents"].items():
        show(f"{name:14} {row['precision']:9.3f} {row['recall']:7.3f} {row['f1']:6.3f} {row['examples']:9}")
    show(f"{'mean':14} {found['precision']:9.3f} {found['recall']:7.3f} {found['f1']:6.3f}")
    show(
        f"accuracy {found['accuracy']:.3f}, ROC AUC {found['roc_auc']:.3f}, questions taken for something else {found['questions_taken']:.2%}"
    )
    if "accuracy_by_fold" in found:
        show("accuracy by fold: " + ", ".join(f"{value:.3f}" for value in found["accuracy_by_fold"]))
    for key in ("file", "picture"):
        if key in found:
            show(f"{key}: {found[key]}")
