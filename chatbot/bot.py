"""`Bot.reply`: one question to its answer, the whole path. Every step is a function of another module."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from chatbot.bands import Band, Bands
from chatbot.condense import condense, parts
from chatbot.errors import GeneratorFailed
from chatbot.generators import QUOTE, Generator
from chatbot.messages import Answer, Citation, Conversation, Delta, Event, Sources
from chatbot.prompt import build_prompt, cite
from chatbot.route import route
from chatbot.texts import Texts
from chatbot.verify import clean, sentences, supported_by
from crawler.language import detect
from index.hybrid import Index
from index.passage import Found, Hit

log = logging.getLogger(__name__)

SEARCHED = 8
SUGGESTED = 5
# A hit this far below the best is about something else and is not given to the generator.
NEAR = 0.06
LONGEST_QUESTION_CHARS = 2000


@dataclass(frozen=True)
class Bot:
    """One site's bot. `index` gives the index that is published now."""

    index: Callable[[], Index]
    generator: Generator
    bands: Bands
    texts: Texts

    def reply(self, question: str, conversation: Conversation) -> Iterator[Event]:
        """At most one `Sources`, then `Delta`s, then exactly one `Answer`."""
        language = detect(question)
        if intent := route(question):
            text = self.texts.say(intent.text, language)
            yield Answer(text, intent.status, None, "texts")
            return
        asked = condense(question, conversation.messages)
        found = self._search(asked)
        band = self.bands.choose(asked, found)
        log.info("band %s at %.2f", band, found.probability)
        if band is Band.DIRECT and self._foreign(found, language):
            band = Band.GENERATE
        yield from self._write(band, asked, found, language)

    def _search(self, question: str) -> Found:
        """Search; a question of several parts is also searched part by part, and its hits are those of all parts."""
        index = self.index()
        whole = index.search(question, SEARCHED)
        pieces = [index.search(part, SEARCHED) for part in parts(question)]
        if not pieces or min(piece.probability for piece in pieces) < self.bands.generate:
            return whole
        firsts = {piece.hits[0].entry.id: piece.hits[0] for piece in pieces}
        if len(firsts) < 2:
            return whole
        rest = tuple(hit for hit in whole.hits if hit.entry.id not in firsts)
        # Never direct: one published answer cannot be all of it.
        probability = min(*(piece.probability for piece in pieces), self.bands.direct - 1e-6)
        return Found((*firsts.values(), *rest), probability, {**whole.features, "parts": float(len(firsts))})

    def _foreign(self, found: Found, language: str) -> bool:
        """Whether the answer is published in another language and a model is there to put it into the visitor's."""
        return self.generator is not QUOTE and found.hits[0].entry.language not in ("", language)

    def _write(self, band: Band, question: str, found: Found, language: str) -> Iterator[Event]:
        if band is Band.DIRECT:
            yield _published(found.hits[:1], found.probability)
        elif band is Band.GENERATE:
            yield from self._generate(question, found, language)
        elif band is Band.SUGGEST:
            yield self._suggest(found, language)
        else:
            yield Answer(self.texts.say("refused", language), "refused", found.probability, "texts")

    def _generate(self, question: str, found: Found, language: str) -> Iterator[Event]:
        """Checked sentences of the generator; the published answers when nothing is left of it."""
        hits = _together(found)
        if self.generator is QUOTE:
            yield _published(hits[: _needed(found)], found.probability)
            return
        prompt = build_prompt(question, hits, language, self.texts.name(language))
        citations = cite(prompt.hits)
        yield Sources(citations)
        shown: list[str] = []
        used: set[int] = set()
        try:
            with closing(self.generator.generate(prompt)) as pieces:  # type: ignore[type-var]
                for sentence, number in _checked(pieces, prompt.hits):
                    shown.append(_joined(shown, f"{sentence}[{number}]"))
                    used.add(number)
                    yield Delta(shown[-1])
        except GeneratorFailed as failure:
            log.warning("the generator %s failed (%s); the published answer is shown", self.generator.name, failure)
            shown.clear()
        if not shown or len(used) < _needed(found):
            yield _published(hits[: _needed(found)], found.probability)
            return
        yield Answer(
            "".join(shown),
            "answered",
            found.probability,
            self.generator.name,
            tuple(c for c in citations if c.number in used),
        )

    def _suggest(self, found: Found, language: str) -> Answer:
        questions = [hit.entry.question for hit in found.hits if hit.entry.question]
        same = [hit.entry.question for hit in found.hits if hit.entry.question and hit.entry.language == language]
        chips = tuple(dict.fromkeys((*same, *questions)))[:SUGGESTED]
        if not chips:
            return Answer(self.texts.say("refused", language), "refused", found.probability, "texts")
        return Answer(self.texts.say("suggested", language), "suggested", found.probability, "texts", suggestions=chips)


def _published(hits: Sequence[Hit], probability: float) -> Answer:
    """The published answers, word for word."""
    return Answer("\n\n".join(hit.entry.answer for hit in hits), "answered", probability, QUOTE.name, cite(hits))


def _together(found: Found) -> tuple[Hit, ...]:
    """The hits that may share one answer: the parts' own, then those close to the best."""
    needed = _needed(found)
    best = found.hits[0].score
    return (*found.hits[:needed], *(hit for hit in found.hits[needed:] if hit.score >= best - NEAR))


def _needed(found: Found) -> int:
    """How many entries the question needs: one, or one for each of its parts."""
    return max(1, int(found.features.get("parts", 1)))


def _checked(pieces: Iterator[str], hits: Sequence[Hit]) -> Iterator[tuple[str, int]]:
    """Sentences that a passage supports, with its number; the others are cut."""
    passages = [f"{hit.entry.title}\n{hit.entry.answer}" for hit in hits]
    for sentence in sentences(pieces):
        cleaned = clean(sentence)
        number = supported_by(cleaned, passages)
        if number:
            yield cleaned, number
        else:
            log.info("cut an unsupported sentence")


def _joined(shown: Sequence[str], sentence: str) -> str:
    return sentence if not shown or not sentence[0].isascii() else f" {sentence}"


__all__ = ["Bot", "Citation"]
