"""Probability -> what to do: direct, generate, suggest or refuse. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from chatbot.errors import ChatbotError
from index.passage import Found, Hit
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
        if found.probability >= self.generate and _is_asked_by_several(question, found):
            return Band.SUGGEST
        if found.probability >= self.direct and found.hits[0].entry.question:
            return Band.SUGGEST if _fit_equally(found) else Band.DIRECT
        if found.probability >= self.generate:
            return Band.GENERATE
        return Band.SUGGEST if found.probability >= self.suggest or _names_a_topic(question, found) else Band.REFUSE

    def is_stored(self, question: str, found: Found) -> bool:
        """Whether the best hit has the question, word for word."""
        return bool(found.hits) and found.hits[0].entry.asks(question)


def _is_asked_by_several(question: str, found: Found) -> bool:
    """Whether a single word is said, which several entries ask about: the visitor must choose."""
    said = set(tokens(question))
    return len(said) == 1 and sum(said <= set(tokens(hit.entry.question)) for hit in _rivals(found)) > 1


def _fit_equally(found: Found) -> bool:
    """Whether two entries with different answers fit equally well."""
    first, *others = _rivals(found)
    return any(first.score - hit.score < EQUAL and first.entry.answer != hit.entry.answer for hit in others)


def _rivals(found: Found) -> list[Hit]:
    """The first hit, and those that a visitor could mean instead: in its language, with a question to choose."""
    language = found.hits[0].entry.language
    return [hit for hit in found.hits[:SUGGESTED] if hit.entry.question and hit.entry.language == language]


def _names_a_topic(question: str, found: Found) -> bool:
    """Whether all that is said is the heading over what was found, as visitors do who expect a menu."""
    said = set(tokens(question))
    return bool(said) and any(said <= set(tokens(hit.entry.section)) for hit in found.hits[:SUGGESTED])
