"""`Passage`, `Hit`, `Found`, and how an entry becomes passages. Pure values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from crawler.records import FaqEntry
from index.embed import Kind

# Raise it when `split`, `words.terms` or `words.grams` gives something else, or a snapshot holds something else: those made before are then
# built anew, not misread.
SPLITTER = 5
PIECE_CHARS = 400
# What the passages of an entry are compared as: its questions, what it tells, and its answer without the question.
FIELDS = ("asked", "told", "alone")


def up_to_an_end(longest: int, ends: str = "。！？!?\n；") -> re.Pattern[str]:
    """A pattern that cuts a text after each of `ends` and each full stop before a space, or where a piece is as long as that."""
    return re.compile(rf"(?:(?![{ends}]|\.(?=\s)).){{0,{longest}}}.", re.DOTALL)


SENTENCE = up_to_an_end(PIECE_CHARS)


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of an entry that search compares with a question. `part` is question, similar, pair, answer or alone."""

    entry: FaqEntry
    part: str
    text: str

    @property
    def kind(self) -> Kind:
        """Questions are compared with questions as equals, texts as passages (the two prompts of E5)."""
        return "query" if self.field == "asked" else "passage"

    @property
    def field(self) -> str:
        """Which of `FIELDS` the text belongs to."""
        return "asked" if self.part in ("question", "similar") else "alone" if self.part == "alone" else "told"


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found. `score` orders one search only; `similarity` is the best cosine, −1 to 1.

    `by_field` says what the score is made of: cosines of "asked", "told" and "alone", BM25 shares of "words" and "spelt",
    "wordings", how far the question is this entry's and no other's, and "read", the reader's probability, where it was asked.
    """

    passage: Passage
    score: float
    similarity: float
    by_field: Mapping[str, float] = field(default_factory=dict)

    @property
    def entry(self) -> FaqEntry:
        """The entry that the passage belongs to."""
        return self.passage.entry


@dataclass(frozen=True)
class Found:
    """Hits, best first, each entry once; `probability` that the first answers, 0 to 1; and what that rests on.

    Where a question has several parts, it takes the first `needed` of them to answer it.
    """

    hits: tuple[Hit, ...]
    probability: float
    features: Mapping[str, float] = field(default_factory=dict)
    needed: int = 1


def split(entry: FaqEntry) -> list[Passage]:
    """Passages of an entry: each question form, question with answer, the answer alone, and the rest of a long one."""
    parts = [("question", entry.question)] if entry.question else []
    parts += [("similar", text) for text in entry.similar]
    pieces = _pieces(entry.answer)
    head = entry.question or entry.section
    parts.append(("pair", f"{head}\n{pieces[0]}" if head else pieces[0]))
    if entry.question:
        parts.append(("alone", pieces[0]))
    parts += [("answer", f"{head}\n{piece}" if head else piece) for piece in pieces[1:]]
    return [Passage(entry, part, text) for part, text in parts]


def told_by(entry: FaqEntry) -> str:
    """All that an entry says, in one text."""
    return f"{entry.question} {' '.join(entry.similar)} {entry.section} {entry.answer}"


def _pieces(text: str) -> list[str]:
    """Cut a text at line and sentence ends into pieces of about `PIECE_CHARS` characters."""
    pieces, piece = [], ""
    for sentence in SENTENCE.findall(text):
        if piece and len(piece) + len(sentence) > PIECE_CHARS:
            pieces.append(piece)
            piece = ""
        piece += sentence
    return [*pieces, piece] if piece.strip() or not pieces else pieces
