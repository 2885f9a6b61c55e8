"""The level of the probability, fitted to a site's own entries, and how often it will be wrong there.

Two kinds of questions can always be made from entries alone. *Known*: a wording is taken out, or the question said in fewer words, and
its entry must still be found. *Hidden*: an entry is left out of the search, and its own question asked; nothing answers it any
more, though the rest is about the same things. A third, *translated*, is asked where a site says the same in two languages: an
entry is left out, and the one in the other language must be found. Fitting the first two by the book (Platt 1999, "Probabilistic Outputs for Support Vector
Machines") makes the probability worse: visitors ask otherwise. What carries over is how sure the known ones are: where they are
surer than on most sites, visitors are answered more often than on most. How much that says was learned from sites whose visitors'
questions are known (`benchmarks/fit_calibration.py`).
"""

import math
import random
import shutil
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from crawler.records import FaqEntry, normalised
from index import build, snapshot
from index.calibrate import Calibration, Logistic
from index.embed import Embedder
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.hybrid import Index
from index.reader import Reader
from index.twins import twins
from index.words import HAN, in_order

CALIBRATION = "calibration.json"
CASES = 200  # of each kind, drawn
FEWEST = 20
FURTHEST = 1.5  # in log odds; no site of the fit wanted more
SEED = 20261122
ASKING = frozenset(
    (
        "how what when where which who why can could does did do is are will would should may i you we my your our the a an to of for "
        "please 请问 请 怎么 怎么样 怎样 如何 什么时候 什么 多少 哪里 哪些 可以 能 能否 是否 能不能 可不可以 吗 呢 我 我们 你 你们 您 的"
    ).split()
)


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


@dataclass(frozen=True)
class _Question:
    """A question to ask without some of the entries; `wanted` are those that answer it."""

    kind: str
    text: str
    wanted: Collection[str]
    without: Collection[str] = ()


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
    asked = [entry for entry in index.entries if entry.question]
    if len(asked) < fewest:
        raise IndexFailure(
            f"site {site.name} has {len(asked)} entries with a question; a calibration of its own needs {fewest}. "
            "Crawl or import more of them, and use the calibration that ships until then"
        )
    rng, same = random.Random(SEED), _same(index.entries)
    drawn = rng.sample(asked, min(CASES, len(asked)))
    held = {entry.id: rng.choice(entry.similar) for entry in drawn if entry.similar}
    said = [(held.get(entry.id) or _shortened(entry.question), entry) for entry in drawn]
    known = [_Question("known", question, same(entry)) for question, entry in said if question]
    if len(known) < fewest:
        raise IndexFailure(
            f"of {len(drawn)} questions of site {site.name} only {len(known)} can be asked in other words; a calibration of its own "
            f"needs {fewest}. Add similar questions to its entries, and use the calibration that ships until then"
        )
    translated = list(_translated(index, drawn, same))
    total = len(known) + len(drawn) + len(translated)
    with tempfile.TemporaryDirectory(prefix="kefu-calibrate-") as folder:
        less = index
        if held:  # an index without those wordings, with the vectors that the site has
            copy = _without_wordings(site, Path(folder), index, held, embedder)
            less = Index.open(copy, embedder, in_doubt, reader, index.weights)
        cases: list[Case] = []
        for question in chain(known, _hidden(index, drawn, same), translated):
            asks = less if question.kind == "known" else index
            found = asks.search(question.text, 5, without=question.without)
            right = bool(found.hits) and found.hits[0].entry.id in question.wanted
            cases.append(Case(question.kind, found.features, right))
            progress(len(cases), total)
    return cases


def _hidden(index: Index, drawn: Sequence[FaqEntry], same: Callable[[FaqEntry], set[str]]) -> Iterator[_Question]:
    # What is written in another language may be the entry's own translation: it would answer.
    languages = {entry.language for entry in drawn}
    foreign = {language: {e.id for e in index.entries if e.language != language} for language in languages}
    for entry in drawn:
        yield _Question("hidden", entry.question, (), same(entry) | foreign[entry.language])


def _translated(index: Index, drawn: Sequence[FaqEntry], same: Callable[[FaqEntry], set[str]]) -> Iterator[_Question]:
    rows = {entry.id: row for row, entry in enumerate(index.entries)}
    found = twins(index.entries, index.answers(), [rows[entry.id] for entry in drawn])
    # Two that are written alike in two languages, a telephone number say, are the same of each other too.
    spoken = {entry.id: entry.language for entry in index.entries}
    for row, others in found.items():
        entry, meant = index.entries[row], [index.entries[other] for other in others]
        wanted = {id_ for twin in meant for id_ in same(twin) if spoken[id_] != entry.language}
        yield _Question("translated", entry.question, wanted, same(entry) - wanted)


def _without_wordings(site: Path, folder: Path, index: Index, held: Mapping[str, str], embedder: Embedder) -> Path:
    """A copy of the site in `folder`, each entry without the wording that is held of it."""
    beside = folder / site.name
    try:
        snapshot.copy(site, beside)
        build.sync(beside, [_without(held.get(entry.id), entry) for entry in index.entries], embedder)
    except (SnapshotMissing, SnapshotDamaged):
        raise
    except (OSError, IndexFailure) as error:
        raise IndexFailure(
            f"site {site.name} cannot be copied to ask it ({_reason(error)}). Nothing of it has changed. "
            f"Make room in {folder.parent} for a second copy of its index, or set TMPDIR to another folder, and try again"
        ) from error
    return beside


def _reason(error: Exception) -> str:
    if isinstance(error, shutil.Error):  # a list of what could not be copied: from, to, why
        return str(error.args[0][0][2])
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or cause)


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
