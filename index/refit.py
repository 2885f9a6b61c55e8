"""The level of the probability, fitted to a site's own entries, and how often it will be wrong there.

Fitting the *known* and *hidden* questions of `index.exam` by the book (Platt 1999, "Probabilistic Outputs for Support Vector
Machines") makes the probability worse: visitors ask otherwise. What carries over is how sure the known ones are: where they are
surer than on most sites, visitors are answered more often than on most. How much that says was learned from sites whose visitors'
questions are known (`benchmarks/fit_calibration.py`).
"""

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.calibrate import Calibration, Logistic
from index.embed import Embedder
from index.errors import IndexFailure
from index.exam import draw, questions, view_of, without_wordings
from index.hybrid import Index
from index.reader import Reader

CALIBRATION = "calibration.json"
CASES = 200  # of each kind, drawn
FEWEST = 20
FURTHEST = 1.5  # in log odds; no site of the fit wanted more


@dataclass(frozen=True)
class Case:
    """A question put to the site: which kind, what the search and the reader say, whether the first hit answers, and how sure."""

    kind: str
    features: Mapping[str, float]
    right: bool
    probability: float = 0.0


@dataclass(frozen=True)
class Rate:
    """`count` of `total`, with its 95 % interval (Wilson 1927)."""

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """Its ends, 0 to 1."""
        if not self.total:
            return 0.0, 1.0
        z, n, share = 1.96, self.total, self.count / self.total
        middle, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, (middle - spread) / (1 + z * z / n)), min(1.0, (middle + spread) / (1 + z * z / n))

    def as_json(self) -> dict[str, Any]:
        """As commands print it."""
        low, high = self.interval
        return {"count": self.count, "of": self.total, "interval": [round(low, 4), round(high, 4)]}


@dataclass(frozen=True)
class Refit:
    """A site's own calibration, and the cases as it judges them."""

    calibration: Calibration
    cases: tuple[Case, ...]

    def rate(self, kind: str, told: Callable[[Case], bool]) -> Rate:
        """How many cases of a kind are as `told` says."""
        cases = [case for case in self.cases if case.kind == kind]
        return Rate(sum(map(told, cases)), len(cases))


def refit(
    site: Path,
    embedder: Embedder,
    calibration: Calibration,
    reader: Reader | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Refit:
    """Ask the published entries of a site what they should and should not answer, and shift the log odds by what is known.

    Raises:
        IndexFailure: nothing is published, too few of the entries have a question that can be asked, or there is no room to ask.

    """
    cases = ask_itself(site, embedder, reader, progress)
    own = for_site(calibration, embedder, reader)
    if own.asked_with == calibration.reader:  # with another reader, or none, what is usual is not known
        known = statistics.mean(calibration.log_odds(case.features) for case in cases if case.kind == "known")
        shift = calibration.known_weight * (known - calibration.known_mean)
        own = replace(own, shift=max(-FURTHEST, min(FURTHEST, shift)))
    return Refit(own, tuple(replace(case, probability=_given(own, case.features)) for case in cases))


def for_site(calibration: Calibration, embedder: Embedder, reader: Reader | None) -> Calibration:
    """A calibration marked with the models that a site is asked with."""
    return replace(calibration, embedder=embedder.digest, asked_with=reader.name if reader else "")


def _given(calibration: Calibration, features: Mapping[str, float]) -> float:
    """The probability that a visitor's question gets: where there is no doubt, the reader is not asked."""
    sure = not calibration.doubts(features)
    return calibration.probability({name: value for name, value in features.items() if not (sure and name == "read")})


def ask_itself(
    site: Path,
    embedder: Embedder,
    reader: Reader | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    fewest: int = FEWEST,
) -> list[Case]:
    """The known, hidden and translated questions of a site, at most `CASES` of each, of the first at least `fewest`.

    The reader reads all of them.

    Raises:
        IndexFailure: as `refit`.

    """
    in_doubt = Calibration(Logistic({}, 0.0), Logistic({}, 0.0), reader.name if reader else "")
    index = Index.open(site, embedder, in_doubt, reader)
    drawn = draw(index.entries, CASES)
    if drawn.of < fewest:
        raise IndexFailure(
            f"site {site.name} has {drawn.of} entries with a question; a calibration of its own needs {fewest}. "
            "Crawl or import more of them, and use the calibration that ships until then"
        )
    asked = questions(index, drawn)
    if (known := sum(question.kind == "known" for question in asked)) < fewest:
        raise IndexFailure(
            f"of {len(drawn.entries)} questions of site {site.name} only {known} can be asked in other words; a calibration of its own "
            f"needs {fewest}. Add similar questions to its entries, and use the calibration that ships until then"
        )
    cases: list[Case] = []
    with without_wordings(site, index, drawn.held, embedder) as less:
        for question in asked:
            found = view_of(question, index, less).search(question.text, 5)
            right = bool(found.hits) and found.hits[0].entry.id in question.wanted
            cases.append(Case(question.kind, found.features, right))
            progress(len(cases), len(asked))
    return cases
