"""The judge: a generator asked yes or no about a sentence or an answer, and how likely it says yes, made a probability.

A small model believes little of what it makes up once it is asked apart from writing it (Kadavath et al. 2022, "Language Models (Mostly) Know
What They Know", https://arxiv.org/abs/2207.05221). It reads the passages once: what it is asked stands behind them, as its task did. Facts
are compared exactly beside it (`facts.py`), for it overlooks a number; `docs/judge.md` says how well each does.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from chatbot.facts import LINK, missing
from chatbot.generators import Weigh
from chatbot.privacy import mask
from chatbot.prompt import Prompt, asks_whether, over_texts, shortened
from chatbot.verify import CLAUSE_END, clean, has_other_names, judgeable, sentences, stands_in, supported_by
from crawler.language import detect
from index.calibrate import Logistic, sigmoid
from index.reader import about_tokens, meeting
from index.words import terms

FIT = "judge.json"
# Of sources that are no site's, in tokens, and of an answer at once: together they are to fit the smallest context (`llamacpp.SLOT_TOKENS`).
ROOM = 1300.0
PIECE_CHARS = 600
PHONE_DIGITS = 7
# Of what was fitted to nothing has higher odds; a larger model, whose odds are, is not to outweigh one no by one yes.
SUREST = 3.0


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
    lacking = tuple(missing(answer, "\n".join(sources)))
    score = sigmoid(_fits()["verify"].log_odds(features(answer, sources, weigh)))
    if any(map(_leads_elsewhere, lacking)):
        score /= 2
    return Supported(score >= 0.5, score, lacking)


def _leads_elsewhere(fact: str) -> bool:
    """Whether a fact is a link, an address or a number to call, of which nothing may be nearly right."""
    return (
        bool(LINK.fullmatch(fact))
        or mask(fact) != fact
        or ("-" in fact and sum(map(str.isdecimal, fact)) >= PHONE_DIGITS)
    )


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
    """An answer in pieces that the judge can read at once: whole sentences, and of one that is too long its clauses."""
    pieces = [""]
    for said in (part for sentence in sentences([answer]) for part in _readable_parts(sentence)):
        if pieces[-1] and len(pieces[-1]) + len(said) > PIECE_CHARS:
            pieces.append("")
        pieces[-1] += said
    return pieces


def _readable_parts(sentence: str) -> list[str]:
    if len(sentence) <= PIECE_CHARS:
        return [sentence]
    ends = [0, *(match.end() for match in CLAUSE_END.finditer(sentence)), len(sentence)]
    clauses = [sentence[start:end] for start, end in pairwise(ends)]
    return [clause[n : n + PIECE_CHARS] for clause in clauses for n in range(0, len(clause), PIECE_CHARS)]


# (sentence, texts) -> which of the texts is most like it, from 0
Alike = Callable[[str, Sequence[str]], int]


@dataclass(frozen=True)
class Judge:
    """What a generator says of what was written to a prompt, in log odds of yes. Raises GeneratorFailed."""

    weigh: Weigh
    prompt: Prompt

    def supports(self, sentence: str) -> float:
        """That the passages support every detail of a sentence."""
        return self.weigh(asks_whether("supports", self.prompt, statement=sentence))

    def believes(self, sentence: str) -> bool:
        """Whether that is more likely than not."""
        return _fits()["sentence"].log_odds({"own": self.supports(sentence)}) >= 0

    def says(self, questions: Sequence[str]) -> float:
        """That the passages say the answer to a question; of several, to the one that they say most of."""
        return self._most("says", questions)

    def answers(self, questions: Sequence[str], answer: str) -> float:
        """That an answer is the one that the passages give to a question; of several, to the one that it answers best."""
        return self._most("answers", questions, answer=answer)

    def _most(self, task: str, questions: Sequence[str], **said: str) -> float:
        asked = map(shortened, questions)
        return max(self.weigh(asks_whether(task, self.prompt, question=question, **said)) for question in asked)


def grounded_in(
    sentence: str,
    passages: Sequence[str],
    judge: Judge | None,
    asked: str = "",
    language: str = "en",
    alike: Alike = lambda sentence, texts: 0,
) -> int:
    """Number, from 1, of the passage that a sentence rests on; 0 when it may not be shown.

    Its facts and its names must stand in that passage. That it says what the passage says is for the judge to see, or
    without one for its words. `language` is what it was to be written in, for what was `asked`; `alike` tells which passage is meant where its
    words do not, in another language.
    """
    number = supported_by(sentence, passages)
    if not number and judge and (numbers := judgeable(sentence, passages, language)):
        number = numbers[alike(sentence, [passages[n - 1] for n in numbers]) if len(numbers) > 1 else 0]
    if not number or has_other_names(sentence, passages[number - 1], asked, language):
        return 0
    return number if judge is None or stands_in(sentence, passages) or judge.believes(sentence) else 0


def probability_of(says: float, odds: float = SUREST) -> float:
    """That an answer is right, by the judge's log odds that the passages say one and that this is it; without the latter, the most that it can be."""
    found = {"says": says, "odds": odds}
    return sigmoid(_fits()["answer"].log_odds({name: max(-SUREST, min(one, SUREST)) for name, one in found.items()}))


@cache
def _fits() -> dict[str, Logistic]:
    fits = json.loads(files("chatbot").joinpath(FIT).read_text("utf-8"))
    return {name: Logistic(fit["weights"], fit["intercept"]) for name, fit in fits.items()}
