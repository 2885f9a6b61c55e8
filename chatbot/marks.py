"""What became of questions whose right answer is known, and the figures of them all. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chatbot.bands import Band, Bands
from chatbot.evaluate import Curve, curve
from chatbot.messages import Answer
from crawler.records import FaqEntry, normalised
from index.exam import Question
from index.refit import Rate

FAR = "far"
BINS = 10
WORST = 6


@dataclass(frozen=True)
class Outcome:
    """A question with the entries that answer it, and the answer it got, after so many ms. `first`: one of them was found first."""

    question: Question
    wanted: tuple[FaqEntry, ...]
    answer: Answer
    band: Band
    first: bool
    ms: float

    @property
    def result(self) -> str:
        """One of "right", "wrong", "suggested" and "refused"; where nothing answers, of "answered", "suggested" and "refused"."""
        if self.answer.status == "suggested":
            return "suggested"
        if self.answer.status != "answered":
            return "refused"
        return ("right" if cites(self.answer, self.wanted) else "wrong") if self.wanted else "answered"

    @property
    def offered(self) -> bool:
        """Whether a suggestion leads to an entry that answers, as a question to click or as a page."""
        if self.answer.status != "suggested":
            return False
        chips = {normalised(chip) for chip in self.answer.suggestions}
        return any(normalised(entry.question) in chips for entry in self.wanted) or cites(self.answer, self.wanted)

    @property
    def across(self) -> bool:
        """Whether only an entry in another language answers."""
        return bool(self.wanted and self.question.without)

    @property
    def probability(self) -> float:
        """0 where no search was made."""
        return self.answer.probability or 0.0


def cites(answer: Answer, entries: Iterable[FaqEntry]) -> bool:
    """Whether an answer rests on one of the entries."""
    places = {(entry.title, entry.link) for entry in entries}
    return any((citation.question, citation.url) in places for citation in answer.citations)


def band_of(answer: Answer, bands: Bands, stored: bool) -> Band:
    """What was done with a question; `stored` when it is one of the site's, word for word."""
    if answer.status == "suggested":
        return Band.SUGGEST
    if answer.status != "answered":
        return Band.REFUSE
    sure = stored or (answer.probability or 0.0) >= bands.direct
    return Band.DIRECT if answer.generator == "quote" and sure else Band.GENERATE


@dataclass(frozen=True)
class Tally:
    """How the questions of a kind ended. One kind has two where some have an answer and some none."""

    kind: str
    answerable: bool
    results: Counter[str]
    offered: int

    def rate(self, result: str) -> Rate:
        """How many ended so."""
        return Rate(self.results[result], self.results.total())


class Bin(NamedTuple):
    """Questions of like probability: how probable on average, and how often the first entry found was right."""

    probability: float
    right: Rate


class Latency(NamedTuple):
    """Milliseconds, of so many questions."""

    questions: int
    p50: float
    p95: float


@dataclass(frozen=True)
class Figures:
    """All that is said of a run. `rates` are over all kinds, but for `right_across`, which has its own; `curve` tells where the first entry found is right from the rest."""

    tallies: tuple[Tally, ...]
    rates: Mapping[str, Rate]
    bands: Mapping[Band, Counter[str]]
    bins: tuple[Bin, ...]
    calibration_error: float
    curve: Curve | None
    latency: Mapping[Band, Latency]


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of all outcomes."""
    searched = [one for one in outcomes if one.answer.probability is not None]
    likely, right = np.array([one.probability for one in searched]), np.array([one.first for one in searched], np.bool_)
    bins = _bins(likely, right)
    error = sum(abs(b.right.count / b.right.total - b.probability) * b.right.total for b in bins) / max(
        1, len(searched)
    )
    by_band = {band: [one for one in outcomes if one.band is band] for band in Band}
    return Figures(
        _tallies(outcomes),
        _rates(outcomes),
        {band: Counter(_worth(one) for one in ones) for band, ones in by_band.items()},
        bins,
        error,
        curve(right, likely),
        {band: _latency([one.ms for one in ones]) for band, ones in by_band.items() if ones},
    )


def worst(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The most probable false and wrong answers and the least probable refusals; with them, what only another language answers."""
    across = [one for one in outcomes if one.across]
    known = [one for one in outcomes if one.wanted and not one.across]
    hidden = [one for one in outcomes if not one.wanted and one.question.without]
    nothing = [one for one in outcomes if not one.wanted and not one.question.without]

    def first(ones: Sequence[Outcome], result: str, sign: int = -1) -> list[Outcome]:
        return sorted((one for one in ones if one.result == result), key=lambda one: sign * one.probability)[:WORST]

    return {
        "false_answers": first(nothing, "answered"),
        "false_answers_hidden": first(hidden, "answered"),
        "wrong_answers": first(known, "wrong"),
        "false_refusals": first(known, "refused", sign=1),
        "across": [*first(across, "wrong"), *first(across, "refused", sign=1)][:WORST],
    }


def _tallies(outcomes: Sequence[Outcome]) -> tuple[Tally, ...]:
    kinds = dict.fromkeys((one.question.kind, bool(one.wanted)) for one in outcomes)
    of = {key: [one for one in outcomes if (one.question.kind, bool(one.wanted)) == key] for key in kinds}
    return tuple(
        Tally(*key, Counter(one.result for one in ones), sum(one.offered for one in ones)) for key, ones in of.items()
    )


def _rates(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    known = [one for one in outcomes if one.wanted and not one.across]
    across = [one for one in outcomes if one.across]
    far = [one for one in outcomes if not one.wanted and one.question.kind == FAR]
    near = [one for one in outcomes if not one.wanted and one.question.kind != FAR]

    def rate(ones: Sequence[Outcome], told: Callable[[Outcome], bool]) -> Rate:
        return Rate(sum(map(told, ones)), len(ones))

    return {
        "false_answers": rate(near, lambda one: one.result == "answered"),
        "false_suggestions": rate(near, lambda one: one.result == "suggested"),
        "false_answers_far": rate(far, lambda one: one.result == "answered"),
        "right": rate(known, lambda one: one.result == "right"),
        "only_suggested": rate(known, lambda one: one.result == "suggested"),
        "suggested_it": rate([one for one in known if one.result == "suggested"], lambda one: one.offered),
        "false_refusals": rate(known, lambda one: one.result == "refused"),
        "wrong_answers": rate(known, lambda one: one.result == "wrong"),
        "right_across": rate(across, lambda one: one.result == "right"),
    }


def _worth(one: Outcome) -> str:
    """What it is worth: "good", "bad", or "idle" for a suggestion that leads nowhere, which claims nothing."""
    if one.result == "suggested":
        return "good" if one.offered else "idle"
    return "good" if one.result == "right" or (one.result == "refused" and not one.wanted) else "bad"


def _bins(likely: Any, right: Any) -> tuple[Bin, ...]:
    places = np.minimum((likely * BINS).astype(int), BINS - 1)
    members = [places == place for place in range(BINS)]
    return tuple(
        Bin(float(likely[own].mean()), Rate(int(right[own].sum()), int(own.sum()))) for own in members if own.any()
    )


def _latency(ms: Sequence[float]) -> Latency:
    p50, p95 = np.percentile(ms, (50, 95))
    return Latency(len(ms), round(float(p50), 1), round(float(p95), 1))
