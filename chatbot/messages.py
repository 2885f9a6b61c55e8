"""The values of a conversation. Pure; identity and storage live in memory.py."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant", "system"]
Status = Literal["answered", "suggested", "refused", "handoff", "smalltalk"]


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said so far, oldest first. `token` is the visitor's secret name for it."""

    token: str = ""
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A published place that an answer rests on. `number` is the one in the text's [1]; `quote` is its own words."""

    number: int
    question: str
    url: str
    quote: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What the coming answer may cite; sent before the first word, at most once."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """A checked piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer; it replaces what the deltas showed. `probability` is None where no search was made.

    `generator` says what wrote the text: "quote" for the published answer, "texts" for a fixed sentence, else a model.
    """

    text: str
    status: Status
    probability: float | None
    generator: str
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()


Event = Sources | Delta | Answer
