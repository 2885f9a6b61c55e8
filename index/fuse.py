"""Fusion: what dense and lexical search say of each candidate -> one order, and the features that calibration reads. Pure.

A convex sum of scores, not of ranks: equal rank fusion lost on two of four measured sets (Bruch et al. 2023,
"An Analysis of Fusion Functions for Hybrid Retrieval", https://arxiv.org/abs/2210.11934, finds the same). The weights were
fitted on labelled sets, each left out in turn, and rounded by hand (`benchmarks/fusion.py`).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crawler.records import FaqEntry, normalised
from index.calibrate import sigmoid
from index.embed import Vectors
from index.lexical import Scores
from index.passage import FIELDS
from index.stores import Rows

# Of the dense score, beside the questions of an entry: question with answer, and the answer alone. Where the entries of a site
# mostly have `FORMS` wordings or more, these say more than the answers do.
BESIDE_FEW = 1.20, 0.65
BESIDE_MANY = 0.15, 0.30
# Of the lexical score, beside a dense score of weight 1: entries with a question, and texts.
ASKED_WORDS = 0.12
TEXT_WORDS = 0.20
# Of what the wordings of an entry have in common, beside a dense score of weight 1.
WORDINGS_WEIGHT = 0.10
# Of two entries that say the same in two languages, the one in the visitor's comes first.
SAME_LANGUAGE = 0.02
# What the reader's yes adds to a score.
READ_WEIGHT = 0.06
MOST_READ = 6.0  # log odds: beyond, a reading is as firm as it gets
# Score of a rival where there is none.
FLOOR = 0.70
RIVALS = 19
RANKED = 50
FORMS = 3


@dataclass(frozen=True)
class Compared:
    """Passages beside the question, each array of shape (n,): their rows, the rows of their entries, places in `FIELDS`.

    `similarities` are cosines, less what of them is only language.
    """

    rows: Rows
    owners: Rows
    fields: Rows
    similarities: Vectors


class EntryTable(NamedTuple):
    """Entries, and what a ranking needs to know of each, as arrays of shape (entries,); what "told" and "alone" weigh.

    These two are the same for all entries of a site: "asked" is mostly higher, so that with weights by entry those that weigh it
    more would stand higher for that alone.
    """

    entries: Sequence[FaqEntry]
    has_question: npt.NDArray[np.bool_]
    forms: npt.NDArray[np.int64]
    languages: npt.NDArray[np.str_]
    told_weight: float
    alone_weight: float

    @classmethod
    def of(cls, entries: Sequence[FaqEntry], weights: tuple[float, float] | None = None) -> "EntryTable":
        """The table of these entries, in their order; "told" and "alone" weigh what suits them, or `weights`."""
        asks = np.array([bool(entry.question) for entry in entries], np.bool_)
        forms = np.array([len(entry.similar) for entry in entries], np.int64) + asks
        many = bool(asks.any() and np.median(forms[asks]) >= FORMS)
        languages = np.array([entry.language for entry in entries], np.str_)
        return cls(entries, asks, forms, languages, *(weights or (BESIDE_MANY if many else BESIDE_FEW)))

    @property
    def weights(self) -> tuple[float, float]:
        """What "told" and "alone" weigh beside "asked"."""
        return self.told_weight, self.alone_weight


class Scored(NamedTuple):
    """One entry's place in a ranking: fused score, best cosine and the row of the passage that has it; score by field.

    `read` is what the reader says, in log odds; None where it was not asked.
    """

    score: float
    similarity: float
    entry: FaqEntry
    passage: int
    asked: float = 0.0
    told: float = 0.0
    alone: float = 0.0
    words: float = 0.0
    spelt: float = 0.0
    wordings: float = 0.0
    read: float | None = None

    def by_field(self) -> dict[str, float]:
        """What the score is made of, by name."""
        fields = {name: getattr(self, name) for name in (*FIELDS, "words", "spelt", "wordings")}
        return fields if self.read is None else {**fields, "read": sigmoid(self.read)}


def rank(
    compared: Compared, words: Scores, spelt: Scores, wordings: Scores, table: EntryTable, preferred: str
) -> list[Scored]:
    """The best `RANKED` of the entries compared.

    `words` and `spelt` are BM25 over its ceiling, `wordings` what `Wordings.scores` says; all of shape (entries,). Entries
    in the `preferred` language come first where all else is equal.
    """
    rows, owners = np.unique(compared.owners, return_inverse=True)
    asked, told, alone = _by_field(compared, owners, table.has_question[rows], table.forms[rows])
    dense = (asked + table.told_weight * told + table.alone_weight * alone) / (
        1 + table.told_weight + table.alone_weight
    )
    lexical = np.where(
        table.has_question[rows], ASKED_WORDS * (words[rows] + spelt[rows]) / 2, TEXT_WORDS * words[rows]
    )
    taught = WORDINGS_WEIGHT * wordings[rows]
    scores = dense + lexical + taught + SAME_LANGUAGE * (table.languages[rows] == preferred)
    best = _place_of_best(compared.similarities, owners, len(rows))
    found = []
    for place in np.argsort(-scores, kind="stable")[:RANKED].tolist():
        row = rows[place]
        fields = (asked[place], told[place], alone[place], words[row], spelt[row], wordings[row])
        nearest = best[place]
        found.append(
            Scored(
                float(scores[place]),
                float(compared.similarities[nearest]),
                table.entries[row],
                int(compared.rows[nearest]),
                *map(float, fields),
            )
        )
    return found


def reread(ranking: Sequence[Scored], logits: Vectors) -> list[Scored]:
    """The ranking after the reader has read its first entries, of which `logits` has shape (n,)."""
    read = [
        item._replace(score=item.score + READ_WEIGHT * sigmoid(logit), read=logit)
        for item, logit in zip(ranking, logits.tolist(), strict=False)
    ]
    return sorted([*read, *ranking[len(read) :]], key=lambda item: -item.score)


def _by_field(
    compared: Compared, owners: Rows, asks: npt.NDArray[np.bool_], forms: Rows
) -> tuple[Vectors, Vectors, Vectors]:
    """The similarity of each entry by field. What was not compared is no nearer than the last that was."""
    furthest = compared.similarities.min()
    highest = np.full((len(FIELDS), len(asks)), furthest, np.float32)
    np.maximum.at(highest, (compared.fields, owners), compared.similarities)
    asked, told, alone = highest
    asking = compared.fields == FIELDS.index("asked")
    average = _mean_of_best(compared.similarities[asking], owners[asking], np.minimum(forms, FORMS), furthest)
    # One form may be near by accident, several are not: half of the score is theirs. A text is all that an entry without a
    # question has.
    return np.where(asks, (asked + average) / 2, told), told, np.where(asks, alone, told)


def _mean_of_best(values: Vectors, owners: Rows, wanted: Rows, otherwise: float) -> Vectors:
    """The mean of the highest values of each owner, as many as are `wanted` of it, `otherwise` for those that are missing."""
    order = np.lexsort((-values, owners))
    owners, values = owners[order], values[order]
    kept = np.arange(len(owners)) - np.searchsorted(owners, owners) < wanted[owners]
    sums = np.bincount(owners[kept], values[kept], minlength=len(wanted))
    missing = wanted - np.bincount(owners[kept], minlength=len(wanted))
    return np.asarray((sums + missing * otherwise) / np.maximum(wanted, 1), np.float32)


def _place_of_best(values: Vectors, owners: Rows, count: int) -> Rows:
    """Where the highest value of each owner stands, shape (count,)."""
    order = np.lexsort((-values, owners))
    return np.asarray(order[np.searchsorted(owners[order], np.arange(count))])


def features(
    scored: Sequence[Scored], asked: Collection[str], language: str, together: Collection[str]
) -> dict[str, float]:
    """What calibration reads of a ranking: how near the first is, and how far it stands out from those that say other things.

    How far it stands out carries over from site to site, how near it is hardly does. Entries whose ids are in `together` are
    one answer: where one is first, the others are no rivals. Between two languages words do not meet, and all stands closer
    together: "across" features are 0 within one. An entry of many wordings is known by the nearest of them, a text without a
    question by what is read in it: so "forms" (log of the other wordings) and "text" (1 for one) say how much to make of
    either. "read" is what the reader says of the first, in log odds. `asked` are the terms of the question.
    """
    best = scored[0]
    with_best = together if best.entry.id in together else ()
    others = (other for other in scored[1:] if other.entry.id not in with_best and _rival(other, best))
    rivals = [other.score for other in others][:RIVALS] or [FLOOR]
    above_mean = best.score - sum(rivals) / len(rivals)
    across = float(best.entry.language not in (language, ""))
    forms, text = math.log1p(len(best.entry.similar)), float(not best.entry.question)
    found = {
        "told": best.told,
        "above_mean": above_mean,
        "length": math.log1p(len(set(asked))),
        "across": across,
        "above_mean_across": across * above_mean,
        "forms": forms,
        "above_mean_forms": forms * above_mean,
        "text": text,
        "above_mean_text": text * above_mean,
    }
    if best.read is None:
        return found
    read = max(-MOST_READ, min(MOST_READ, best.read))
    return {**found, "read": read, "read_forms": forms * read, "read_text": text * read}


def _rival(other: Scored, best: Scored) -> bool:
    """Whether an entry says something else: not the same question answered twice, nor its twin in another language."""
    one, two = other.entry, best.entry
    return one.language == two.language and not (two.question and normalised(one.question) == normalised(two.question))
