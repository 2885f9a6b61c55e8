"""Probability -> what to do: direct, generate, suggest or refuse. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from chatbot.errors import ChatbotError
from crawler.records import normalised
from index.passage import Found
from index.words import tokens

SUGGESTED = 5
# Two entries whose scores differ by less fit a question equally well.
EQUAL = 0.005


class Band(StrEnum):
    """What is done with a question."""

    DIRECT = "direct"
    GENERATE = "generate"
    SUGGEST = "suggest"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Bands:
    """The lowest probability of each band; below `suggest` the question is refused."""

    direct: float = 0.80
    generate: float = 0.60
    suggest: float = 0.30

    def __post_init__(self) -> None:
        if not 0.0 <= self.suggest <= self.generate <= self.direct <= 1.0:
            raise ChatbotError(
                f"bands must rise from 0 to 1: suggest {self.suggest}, generate {self.generate}, direct {self.direct}"
            )

    def choose(self, question: str, found: Found) -> Band:
        """The band of a search result. A stored question, word for word, is its own answer: a clicked chip must work."""
        if not found.hits:
            return Band.REFUSE
        if self.is_stored(question, found):
            return Band.DIRECT
        if found.probability >= self.generate and _fits_several(question, found):
            return Band.SUGGEST
        if found.probability >= self.direct and found.hits[0].entry.question:
            return Band.DIRECT
        if found.probability >= self.generate:
            return Band.GENERATE
        return Band.SUGGEST if found.probability >= self.suggest or _names_a_topic(question, found) else Band.REFUSE

    def is_stored(self, question: str, found: Found) -> bool:
        """Whether the best hit has the question, word for word."""
        if not found.hits or not found.hits[0].entry.question:
            return False
        best = found.hits[0].entry
        return normalised(question) in {normalised(form) for form in (best.question, *best.similar)}


def _fits_several(question: str, found: Found) -> bool:
    """Whether the visitor must choose: two entries fit equally, or a single word is said that several ask about."""
    first, *others = found.hits[:SUGGESTED]
    rivals = [hit for hit in others if hit.entry.question and hit.entry.language == first.entry.language]
    if found.needed > 1 or not first.entry.question or not rivals:
        return False
    said = set(tokens(question))
    asking = [hit for hit in (first, *rivals) if said <= set(tokens(hit.entry.question))]
    equal = first.score - rivals[0].score < EQUAL and first.entry.answer != rivals[0].entry.answer
    return equal or (len(said) == 1 and len(asking) > 1)


def _names_a_topic(question: str, found: Found) -> bool:
    """Whether all that is said is the heading over what was found, as visitors do who expect a menu."""
    said = set(tokens(question))
    return bool(said) and any(said <= set(tokens(hit.entry.section)) for hit in found.hits[:SUGGESTED])
