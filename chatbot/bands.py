"""Probability -> what to do: direct, generate, suggest or refuse. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from chatbot.errors import ChatbotError
from crawler.records import normalised
from index.passage import Found
from index.words import tokens

SUGGESTED = 5


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
        if self.is_stored(question, found) or (found.probability >= self.direct and found.hits[0].entry.question):
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


def _names_a_topic(question: str, found: Found) -> bool:
    """Whether all that is said is the heading over what was found, as visitors do who expect a menu."""
    said = set(tokens(question))
    return bool(said) and any(said <= set(tokens(hit.entry.section)) for hit in found.hits[:SUGGESTED])
