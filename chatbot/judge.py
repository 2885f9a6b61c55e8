"""The judge: a generator asked yes or no about a sentence or an answer, and how likely it says yes, made a probability.

A small model believes little of what it makes up once it is asked apart from writing it (Kadavath et al. 2022, "Language Models (Mostly) Know
What They Know", https://arxiv.org/abs/2207.05221). It reads the passages once: what it is asked stands behind them, as its task did. Facts
are compared exactly beside it (`facts.py`), for it overlooks a number; `docs/judge.md` says how well each does.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from chatbot.facts import missing
from chatbot.generators import Weigh
from chatbot.prompt import Prompt, asks_whether, over_texts
from chatbot.verify import clean, nearest, sentences, stands_in, supported_by
from crawler.language import detect
from index.calibrate import Logistic, sigmoid
from index.reader import about_tokens, meeting
from index.words import terms

FIT = "judge.json"
# Of sources that are no site's, in tokens, and of an answer at once: together they are to fit the smallest context (`llamacpp.SLOT_TOKENS`).
ROOM = 1300.0
PIECE_CHARS = 600


@dataclass(frozen=True)
class Supported:
    """Whether sources support an answer, how surely (0 to 1), and the facts of it that they do not hold."""

    holds: bool
    score: float
    lacking: tuple[str, ...]


def supported(answer: str, sources: Sequence[str], weigh: Weigh) -> Supported:
    """Judge an answer, of any chatbot, by the sources that it is to rest on. One that says nothing is supported by nothing.

    Raises:
        GeneratorFailed: the generator cannot be asked.

    """
    if not answer.strip() or not any(source.strip() for source in sources):
        return Supported(False, 0.0, ())
    found = features(answer, sources, weigh)
    score = sigmoid(_fits()["verify"].log_odds(found))
    return Supported(score >= 0.5, score, tuple(missing(answer, "\n".join(sources))))


def features(answer: str, sources: Sequence[str], weigh: Weigh) -> dict[str, float]:
    """What `kefu verify` judges by; a long answer is worth what the least believed piece of it is."""
    said = [text for sentence in sentences([answer]) if (text := clean(sentence))]
    whole = "\n".join(sources)
    return {
        "odds": min(weigh(over_texts(piece, readable(piece, sources))) for piece in _pieces(answer)),
        "missing": float(any(missing(text, whole) for text in said)),
        "sources": math.log1p(sum(map(about_tokens, sources))),
    }


def readable(claim: str, sources: Sequence[str]) -> list[str]:
    """What of sources that are too long for the judge meets a claim."""
    sizes = [about_tokens(source) for source in sources]
    room = ROOM / max(sum(sizes), ROOM)
    language = detect(claim)
    asked = terms(claim, language)
    return [meeting(source, language, asked, size * room) for source, size in zip(sources, sizes, strict=True)]


def _pieces(answer: str) -> list[str]:
    """An answer in pieces of whole sentences that the judge can read at once."""
    pieces = [""]
    for sentence in sentences([answer]):
        if pieces[-1] and len(pieces[-1]) + len(sentence) > PIECE_CHARS:
            pieces.append("")
        pieces[-1] += sentence[:PIECE_CHARS]
    return pieces


@dataclass(frozen=True)
class Judge:
    """What a generator says of what was written to a prompt, in log odds of yes. Raises GeneratorFailed."""

    weigh: Weigh
    prompt: Prompt

    def supports(self, sentence: str) -> float:
        """That the passages support every detail of a sentence."""
        return self.weigh(asks_whether("supports", self.prompt, statement=sentence))

    def answers(self, questions: Sequence[str], answer: str) -> float:
        """That an answer is the one that the passages give to a question; of several, to the one that it answers best."""
        return max(self.weigh(asks_whether("answers", self.prompt, question=q, answer=answer)) for q in questions)


def grounded_in(sentence: str, passages: Sequence[str], judge: Judge | None) -> int:
    """Number, from 1, of the passage that a sentence rests on; 0 when it may not be shown.

    Its facts must stand in that passage. That it says what the passage says is for the judge to see, or without one for its words.
    """
    same_words = supported_by(sentence, passages)
    if judge is None or stands_in(sentence, passages):
        return same_words
    number = same_words or nearest(sentence, passages)
    return number if number and _fits()["sentence"].log_odds({"own": judge.supports(sentence)}) >= 0 else 0


def probability_of(odds: float, found: float) -> float:
    """That an answer is right, by the judge's log odds and the probability that what was found answers."""
    found = min(max(found, 1e-6), 1 - 1e-6)
    return sigmoid(_fits()["answer"].log_odds({"odds": odds, "found": math.log(found / (1 - found))}))


@cache
def _fits() -> dict[str, Logistic]:
    fits = json.loads(files("chatbot").joinpath(FIT).read_text("utf-8"))
    return {name: Logistic(fit["weights"], fit["intercept"]) for name, fit in fits.items()}
