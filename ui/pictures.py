"""Figures as pictures, by matplotlib, which is imported when one is drawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbot.evaluate import Curve


def draw_curves(curves: Mapping[str, Curve], path: Path) -> None:
    """ROC and precision–recall curves side by side, in the format that the file's name says (.png, .svg, .pdf)."""
    figure, (roc, precision) = _figure(2)
    for name, curve in curves.items():
        roc.plot(*curve.roc, label=f"{name} {curve.roc_area:.3f}", linewidth=1.2)
        precision.plot(*curve.precision_recall, label=f"{name} {curve.average_precision:.3f}", linewidth=1.2)
    roc.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    roc.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC (area)")
    precision.set(xlabel="recall", ylabel="precision", title="precision–recall (average precision)", ylim=(0, 1.02))
    for axes in (roc, precision):
        axes.legend(fontsize=8, loc="lower right" if axes is roc else "lower left")
        axes.grid(alpha=0.3)
    figure.savefig(path)


def _figure(panels: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    figure = Figure(figsize=(6 * panels, 5), dpi=120, layout="constrained")
    return figure, figure.subplots(1, panels)
