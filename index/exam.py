"""Questions that a site puts to itself, drawn from its entries. Who asks them, and what becomes of them, is not known here.

*Known*: a wording is taken out, or the question said in fewer words, and its entry must still be found. *Hidden*: an entry is left
out of the search, and its own question asked; nothing answers it any more, though the rest is about the same things. *Translated*,
where a site says the same in two languages: an entry is left out, and the one in the other language must be found. *Paraphrase*: as
known, in words that a model found.
"""

import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from crawler.records import FaqEntry, normalised
from index import build, snapshot
from index.embed import Embedder
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.hybrid import Index
from index.twins import twins
from index.words import HAN, in_order

SEED = 20261122
ASKING = frozenset(
    (
        "how what when where which who why can could does did do is are will would should may i you we my your our the a an to of for "
        "please 请问 请 怎么 怎么样 怎样 如何 什么时候 什么 多少 哪里 哪些 可以 能 能否 是否 能不能 可不可以 吗 呢 我 我们 你 你们 您 的"
    ).split()
)

# Of an entry, the ids of all that ask or say the same.
Same = Callable[[FaqEntry], set[str]]


@dataclass(frozen=True)
class Question:
    """A question to ask, made `of` an entry; the ids of those that answer it, none where nothing does.

    It is asked `without` some entries and, if a language is given, `within` those of that language only. `history` is the role and
    the words of what was said before.
    """

    kind: str
    text: str
    of: FaqEntry | None = None
    wanted: Collection[str] = ()
    without: Collection[str] = ()
    within: str = ""
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Drawn:
    """Entries `of` so many that have a question. By their ids: the wording `held`, which is taken out to be asked, and one `reworded`."""

    entries: tuple[FaqEntry, ...]
    of: int
    held: Mapping[str, str] = field(default_factory=dict)
    reworded: Mapping[str, str] = field(default_factory=dict)


def draw(entries: Sequence[FaqEntry], most: int) -> Drawn:
    """At most so many entries; the same each time."""
    asked = [entry for entry in entries if entry.question]
    rng = random.Random(SEED)
    drawn = rng.sample(asked, min(most, len(asked)))
    held = {entry.id: rng.choice(entry.similar) for entry in drawn if entry.similar}
    return Drawn(tuple(drawn), len(asked), held)


def questions(index: Index, drawn: Drawn) -> list[Question]:
    """The known, reworded, hidden and translated questions of what was drawn, as they are to be put to an index."""
    same = same_as(index.entries)
    said = [(drawn.held.get(entry.id) or shortened(entry.question), entry) for entry in drawn.entries]
    known = [Question("known", text, entry, same(entry)) for text, entry in said if text]
    reworded = [
        Question("paraphrase", drawn.reworded[e.id], e, same(e)) for e in drawn.entries if e.id in drawn.reworded
    ]
    # What is written in another language may be the entry's own translation: it would answer.
    hidden = [Question("hidden", e.question, e, (), same(e), e.language) for e in drawn.entries]
    return [*known, *reworded, *hidden, *_translated(index, drawn.entries, same)]


def view_of(question: Question, index: Index, less: Index) -> Index:
    """What a question is asked of: `less` is the index without the wordings that are held."""
    if question.kind == "known":
        return less
    return index.hiding(question.without, question.within) if question.without or question.within else index


def _translated(index: Index, drawn: Sequence[FaqEntry], same: Same) -> Iterator[Question]:
    rows = {entry.id: row for row, entry in enumerate(index.entries)}
    found = twins(index.entries, index.answers(), [rows[entry.id] for entry in drawn if entry.id in rows])
    # Two that are written alike in two languages, a telephone number say, are the same of each other too.
    spoken = {entry.id: entry.language for entry in index.entries}
    for row, others in found.items():
        entry, meant = index.entries[row], [index.entries[other] for other in others]
        wanted = {id_ for twin in meant for id_ in same(twin) if spoken[id_] != entry.language}
        yield Question("translated", entry.question, entry, wanted, same(entry) - wanted)


@contextmanager
def without_wordings(site: Path, index: Index, held: Mapping[str, str], embedder: Embedder) -> Iterator[Index]:
    """An index of the same entries, each without the wording that is held of it, with the vectors and weights of the site."""
    if not held:
        yield index
        return
    with tempfile.TemporaryDirectory(prefix="kefu-exam-") as folder:
        beside = Path(folder) / site.name
        try:
            snapshot.copy(site, index.name, beside)
            build.sync(beside, [_without(held.get(entry.id), entry) for entry in index.entries], embedder)
        except (SnapshotMissing, SnapshotDamaged):
            raise
        except (OSError, IndexFailure) as error:
            raise IndexFailure(
                f"site {site.name} cannot be copied to ask it ({_reason(error)}). Nothing of it has changed. "
                f"Make room in {Path(folder).parent} for a second copy of its index, or set TMPDIR to another folder, and try again"
            ) from error
        yield index.beside(beside, weights=index.weights)


def _reason(error: Exception) -> str:
    if isinstance(error, shutil.Error):  # a list of what could not be copied: from, to, why
        return str(error.args[0][0][2])
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or cause)


def _without(form: str | None, entry: FaqEntry) -> FaqEntry:
    return replace(entry, similar=tuple(other for other in entry.similar if other != form))


def same_as(entries: Sequence[FaqEntry]) -> Same:
    """What gives, for an entry, the ids of those that ask or say the same."""
    asking, saying = defaultdict(set), defaultdict(set)
    for entry in entries:
        saying[entry.answer].add(entry.id)
        if entry.question:
            asking[normalised(entry.question)].add(entry.id)
    return lambda entry: saying[entry.answer] | asking[normalised(entry.question)]


def meant(name: str, entries: Sequence[FaqEntry]) -> list[FaqEntry]:
    """The entries that an id, an address or a stored question means; of a page's address all that stand on it."""
    asks = normalised(name)
    for fits in (
        lambda entry: entry.id == name,
        lambda entry: name == entry.link,
        lambda entry: name == entry.url,
        lambda entry: asks in {normalised(form) for form in (entry.question, *entry.similar) if form},
    ):
        if found := [entry for entry in entries if name and fits(entry)]:
            return found
    return []


def shortened(question: str) -> str:
    """A question as hurried visitors type it: the words that carry it. "" when too little is left."""
    words = [word for word in in_order(question) if word.casefold() not in ASKING]
    short = ("" if HAN.search(question) else " ").join(words)
    return short if len(short) >= 2 and normalised(short) != normalised(question) else ""
