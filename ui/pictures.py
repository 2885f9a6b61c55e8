"""Figures as pictures, by matplotlib, which is imported when one is drawn."""

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbot.evaluate import Curve
from chatbot.marks import Bin, Latency
from index.refit import Rate

# Colours that matplotlib is given, and what the page that shows the picture puts in their place, by day and by night.
INK, QUIET, GOOD, BAD, IDLE = "#000001", "#000002", "#000003", "#000004", "#000005"
OF_PAGE = {INK: "var(--ink)", QUIET: "var(--quiet)", GOOD: "var(--good)", BAD: "var(--bad)", IDLE: "var(--idle)"}
WIDE_IN = 3.8  # small, so that words stay readable on a phone
ROW_IN = 0.42


def draw_curves(curves: Mapping[str, Curve], path: Path) -> None:
    """ROC and precision–recall curves side by side, in the format that the file's name says (.png, .svg, .pdf)."""
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    figure = Figure(figsize=(12, 5), dpi=120, layout="constrained")
    roc, precision = figure.subplots(1, 2)
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


def rates_svg(rates: Mapping[str, Rate]) -> str:
    """Shares with their intervals, a row each under its label."""

    def draw(axes: Any) -> None:
        for row, (label, rate) in enumerate(rates.items()):
            share, (low, high) = rate.count / rate.total, rate.interval
            axes.plot([low, high], [row, row], color=BAD, linewidth=2.5, alpha=0.5, solid_capstyle="round")
            axes.plot([share], [row], "o", color=BAD, markersize=6)
            _over(axes, row, label, f"{share:.0%}")
        _rows(axes, len(rates))
        axes.set_xlim(-0.02, 1.02)
        _percent(axes.xaxis)

    return _svg(draw, len(rates))


def bands_svg(bands: Mapping[str, Mapping[str, int]]) -> str:
    """What is good, idle and bad of each band, as shares of it."""

    def draw(axes: Any) -> None:
        for row, (label, worth) in enumerate(bands.items()):
            total, left = sum(worth.values()), 0.0
            for key, colour in (("good", GOOD), ("idle", IDLE), ("bad", BAD)):
                share = worth.get(key, 0) / total
                axes.barh(row, share, left=left, height=0.34, color=colour)
                left += share
            _over(axes, row, label, f"{worth.get('good', 0) / total:.0%}")
        _rows(axes, len(bands))
        axes.set_xlim(0, 1)
        _percent(axes.xaxis)

    return _svg(draw, len(bands))


def reliability_svg(bins: Sequence[Bin], across: str, up: str) -> str:
    """How often what is so probable is right."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1)
        most = max(one.right.total for one in bins)
        for one in bins:
            low, high = one.right.interval
            axes.plot([one.probability] * 2, [low, high], color=GOOD, linewidth=1.5, alpha=0.5)
            size = 4 + 8 * (one.right.total / most) ** 0.5
            axes.plot(
                one.probability, one.right.count / one.right.total, "o", color=GOOD, markersize=size, clip_on=False
            )
        _square(axes, across, up)

    return _svg(draw)


def curve_svg(points: tuple[Any, Any], across: str, up: str, chance: bool) -> str:
    """One curve from 0 to 1; with the line of a guess, if `chance`."""

    def draw(axes: Any) -> None:
        if chance:
            axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1)
        axes.plot(*points, color=GOOD, linewidth=2)
        _square(axes, across, up)

    return _svg(draw)


def latency_svg(latency: Mapping[str, Latency], across: str) -> str:
    """Median and 95th percentile, a row each under its label, on a scale of powers of ten."""

    def draw(axes: Any) -> None:
        for row, (label, one) in enumerate(latency.items()):
            axes.plot([one.p50, one.p95], [row, row], color=GOOD, linewidth=2.5, alpha=0.5, solid_capstyle="round")
            axes.plot([one.p50], [row], "o", color=GOOD, markersize=6)
            _over(axes, row, label, "")
        _rows(axes, len(latency))
        axes.set_xscale("log")
        powers = [10**n for n in range(6)]
        low, high = min(one.p50 for one in latency.values()), max(one.p95 for one in latency.values())
        axes.set_xlim(
            max([p for p in powers if p < low], default=0.5), min([p for p in powers if p > high], default=high * 2)
        )
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.xaxis.set_minor_formatter(lambda value, _: "")
        axes.set_xlabel(across)

    return _svg(draw, len(latency))


def _svg(draw: Callable[[Any], None], rows: int = 0) -> str:
    """A picture without a colour, font or size of its own: those are the page's. Rows, or else a square."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rc = {"svg.fonttype": "none", "svg.hashsalt": "kefu", "font.size": 9, "axes.edgecolor": QUIET, "text.color": INK}
    rc |= {"axes.labelcolor": INK, "xtick.color": QUIET, "ytick.color": QUIET, "grid.color": QUIET, "grid.alpha": 0.25}
    # What matplotlib's own font does not have, the browser's does.
    with rc_context(rc), warnings.catch_warnings(action="ignore", category=UserWarning):
        high = 0.62 + ROW_IN * rows if rows else 3.1
        figure = Figure(figsize=(WIDE_IN, high))
        # By hand: it does not know how wide the browser's letters are.
        axes = figure.add_axes((0.04, 0.5 / high, 0.92, 1 - 0.62 / high) if rows else (0.165, 0.16, 0.8, 0.8))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        draw(axes)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _of_page(file.getvalue())


def _of_page(text: str) -> str:
    """An SVG file as a part of a page: nothing but the picture, and the page's colours in it."""
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\sid="[^"]*_\d+"', "", text)  # the same in each picture, and pointed to by nothing
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None  # noqa: S101 - matplotlib writes one
    text = re.sub(r"^<svg[^>]*>", f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {box[0]} aria-hidden="true">', text)
    for colour, name in OF_PAGE.items():
        text = text.replace(colour, name)
    return text


def _over(axes: Any, row: int, label: str, value: str) -> None:
    """Words above a row, the value at its right end."""
    across = axes.get_yaxis_transform()
    axes.text(0, row - 0.28, label, transform=across, ha="left", va="bottom")
    axes.text(1, row - 0.28, value, transform=across, ha="right", va="bottom", fontweight="bold")


def _rows(axes: Any, count: int) -> None:
    """The first row on top."""
    axes.set_ylim(count - 0.5, -0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _square(axes: Any, across: str, up: str) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=across, ylabel=up)
    axes.grid()
    axes.set_axisbelow(True)
    _percent(axes.xaxis)
    _percent(axes.yaxis)


def _percent(axis: Any) -> None:
    axis.set_major_locator(_ticks([0, 0.25, 0.5, 0.75, 1]))
    axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _ticks(places: list[float]) -> Any:
    from matplotlib.ticker import FixedLocator

    return FixedLocator(places)
