"""The last step of calibration, refitted on a site's own entries, and how often it will be wrong there. Numpy only.

Two kinds of questions can be made from entries alone. *Hidden*: an entry is left out of the search, and its own question
asked; nothing answers it any more, though the rest is about the same things. *Known*: a wording is taken out, or the question
said in fewer words, and its entry must still be found. Slope and shift of the log odds are fitted to both (Platt 1999,
"Probabilistic Outputs for Support Vector Machines", https://doi.org/10.7551/mitpress/1113.003.0008).
"""

import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crawler.records import FaqEntry, normalised
from index import build, snapshot
from index.calibrate import Calibration, sigmoid
from index.embed import Embedder
from index.errors import IndexFailure
from index.hybrid import Index
from index.passage import Found
from index.reader import Reader
from index.words import HAN, in_order

CALIBRATION = "calibration.json"
CASES = 200  # of each kind, drawn
FEWEST = 20
FOLDS = 5
SEED = 20261122
# How far from the fit that ships a site's own may go: standard deviations of slope and shift.
SLOPE_SD, SHIFT_SD = 0.5, 2.0
LEAST_SLOPE = 0.05  # a probability must rise with what it is made of
ASKING = frozenset(
    (
        "how what when where which who why can could do does did is are will would should may i you we my your our the a an to of for "
        "please 请问 请 怎么 怎么样 怎样 如何 什么时候 什么 多少 哪里 哪些 可以 能 能否 是否 能不能 可不可以 吗 呢 我 我们 你 你们 您 的"
    ).split()
)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A question put to the site: which kind, the probability that was given, and whether the first hit answers."""

    kind: str
    probability: float
    right: bool


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


@dataclass(frozen=True)
class Refit:
    """A site's own calibration, and the cases as it judges those that it was not fitted on."""

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
    """Ask the published entries of a site what they should and should not answer, and fit slope and shift to it.

    Raises:
        IndexFailure: nothing is published, or too few of the entries have a question that can be asked.

    """
    calibration = replace(calibration, embedder=embedder.digest)
    index = Index.open(site, embedder, calibration, reader)
    asked = [entry for entry in index.entries if entry.question]
    if len(asked) < FEWEST:
        raise IndexFailure(
            f"site {site.name} has {len(asked)} entries with a question; a calibration of its own needs {FEWEST}. "
            "Crawl or import more of them, and use the calibration that ships until then"
        )
    rng, same = random.Random(SEED), _same(index.entries)
    drawn = rng.sample(asked, min(CASES, len(asked)))
    held = {entry.id: rng.choice(entry.similar) for entry in drawn if entry.similar}
    said = [(held.get(entry.id) or _shortened(entry.question), entry) for entry in drawn]
    known = [(question, entry) for question, entry in said if question]
    if len(known) < FEWEST:
        raise IndexFailure(
            f"of {len(drawn)} questions of site {site.name} only {len(known)} can be asked in other words; a calibration of its own "
            f"needs {FEWEST}. Add similar questions to its entries, and use the calibration that ships until then"
        )
    cases: list[Case] = []

    def judge(kind: str, found: Found, wanted: Collection[str]) -> None:
        cases.append(Case(kind, found.probability, bool(found.hits) and found.hits[0].entry.id in wanted))
        progress(len(cases), len(known) + len(drawn))

    with tempfile.TemporaryDirectory(prefix="kefu-calibrate-") as folder:
        less = index
        if held:  # an index without those wordings, with the vectors that the site has
            beside = Path(folder) / site.name
            snapshot.copy(site, beside)
            build.sync(beside, [_without(held.get(entry.id), entry) for entry in index.entries], embedder)
            less = Index.open(beside, embedder, calibration, reader)
        for question, entry in known:
            judge("known", less.search(question, 5), same(entry))
    # What is written in another language may be the entry's own translation: it would answer.
    languages = {entry.language for entry in drawn}
    foreign = {language: {e.id for e in index.entries if e.language != language} for language in languages}
    for entry in drawn:
        judge("hidden", index.search(entry.question, 5, without=same(entry) | foreign[entry.language]), ())
    return _fitted(calibration, cases)


def _without(form: str | None, entry: FaqEntry) -> FaqEntry:
    return replace(entry, similar=tuple(other for other in entry.similar if other != form))


def _same(entries: Sequence[FaqEntry]) -> Callable[[FaqEntry], set[str]]:
    """What gives, for an entry, the ids of those that ask or say the same."""
    asking, saying = defaultdict(set), defaultdict(set)
    for entry in entries:
        saying[entry.answer].add(entry.id)
        if entry.question:
            asking[normalised(entry.question)].add(entry.id)
    return lambda entry: saying[entry.answer] | asking[normalised(entry.question)]


def _shortened(question: str) -> str:
    """A question as hurried visitors type it: the words that carry it. "" when too little is left."""
    words = [word for word in in_order(question) if word.casefold() not in ASKING]
    short = ("" if HAN.search(question) else " ").join(words)
    return short if len(short) >= 2 and normalised(short) != normalised(question) else ""


def _fitted(calibration: Calibration, cases: Sequence[Case]) -> Refit:
    z = np.array([_logit(case.probability) for case in cases])
    right = np.array([case.right for case in cases], float)
    # Both kinds weigh the same, however many there are of each.
    kinds = np.array([case.kind for case in cases])
    share = np.array([len(cases) / 2 / (kinds == kind).sum() for kind in kinds])
    folds = np.random.default_rng(SEED).permutation(len(cases)) % FOLDS
    unseen = np.zeros(len(cases))
    for fold in range(FOLDS):
        slope, shift = _slope_and_shift(z[folds != fold], right[folds != fold], share[folds != fold])
        unseen[folds == fold] = [sigmoid(slope * one + shift) for one in z[folds == fold]]
    judged = tuple(replace(case, probability=float(p)) for case, p in zip(cases, unseen, strict=True))
    slope, shift = _slope_and_shift(z, right, share)
    before = calibration.slope, calibration.shift
    own = replace(calibration, slope=slope * before[0], shift=slope * before[1] + shift)
    return Refit(own, judged)


def _slope_and_shift(z: Numbers, right: Numbers, share: Numbers) -> tuple[float, float]:
    """Platt scaling by Newton's method, with a normal prior around slope 1 and shift 0: few cases change little."""
    columns = np.stack([z, np.ones(len(z))], 1)
    prior, spread = np.array([1.0, 0.0]), np.array([SLOPE_SD, SHIFT_SD]) ** -2.0

    def loss(at: Numbers) -> float:
        return float(share @ np.logaddexp(0, columns @ at * (1 - 2 * right)) + spread @ (at - prior) ** 2 / 2)

    at, step = prior.copy(), np.ones(2)
    while np.abs(step).max() > 1e-6:
        p = 1 / (1 + np.exp(-np.clip(columns @ at, -30, 30)))
        gradient = columns.T @ (share * (p - right)) + spread * (at - prior)
        step = np.linalg.solve((columns * (share * p * (1 - p))[:, None]).T @ columns + np.diag(spread), gradient)
        while loss(at - step) > loss(at) and np.abs(step).max() > 1e-6:  # a full step may be too far
            step = step / 2
        at = at - step
    return max(LEAST_SLOPE, float(at[0])), float(at[1])


def _logit(probability: float) -> float:
    inside = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))
