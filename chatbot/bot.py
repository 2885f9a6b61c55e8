"""`Bot.reply`: one question to its answer, the whole path. Every step is a function of another module."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from chatbot.bands import SUGGESTED, Band, Bands
from chatbot.condense import condense, parts
from chatbot.errors import GeneratorFailed
from chatbot.generators import QUOTE, Generator
from chatbot.messages import Answer, Conversation, Delta, Event, Sources
from chatbot.prompt import build_prompt, cite
from chatbot.route import route
from chatbot.texts import Texts
from chatbot.verify import clean, sentences, supported_by
from crawler.language import detect
from index.hybrid import Index
from index.passage import Found, Hit

log = logging.getLogger(__name__)

SEARCHED = 8
# What answers a part of a question is among so many hits of the part, and among so many of the whole, which says what the part
# is about: "and who pays?"
PART_HITS = 3
PARTS_WITHIN = 4
# A hit this far below the best is about something else and is not given to the generator.
NEAR = 0.04


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
        yield from self._write(band, asked, found, language)

    def warm_up(self) -> None:
        """Let the generator read the fixed openings, so that it has them in its cache when the first visitor asks."""
        for language in ("zh", "en"):
            prompt = build_prompt(["?"], (), language, self.texts.name(language))
            if self.generator is not QUOTE:
                with closing(self.generator.generate(prompt)) as pieces:  # type: ignore[type-var]
                    next(pieces, None)

    def _search(self, question: str) -> Found:
        """Search; the best hits of a question's parts, when the whole finds them too, are one answer together."""
        index, asked = self.index(), parts(question)
        if len(asked) < 2:
            return index.search(question, SEARCHED)
        within = {hit.entry.id for hit in index.nearest(question, PARTS_WITHIN)}
        found_by = [[hit.entry.id for hit in index.nearest(part, PART_HITS)] for part in asked]
        firsts = [next((id_ for id_ in ids if id_ in within), "") for ids in found_by if ids]
        wanted = list(dict.fromkeys(firsts))
        if len(wanted) < 2 or "" in wanted:
            return index.search(question, SEARCHED)
        both = index.search(question, SEARCHED, together=wanted)
        if both.hits[0].entry.id not in wanted:
            return both
        hits = {hit.entry.id: hit for hit in both.hits}
        rest = (hit for hit in both.hits if hit.entry.id not in wanted)
        # Never direct: one published answer cannot be all of it.
        probability = min(both.probability, self.bands.direct - 1e-6)
        return Found((*(hits[i] for i in wanted), *rest), probability, both.features, len(wanted))

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
            yield _published(hits[: found.needed], found.probability)
            return
        asked = parts(question) if found.needed > 1 else [question]
        prompt = build_prompt(asked, hits, language, self.texts.name(language))
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
        if not shown:
            yield _published(hits[: found.needed], found.probability)
            return
        # A part of the question that the generator left open is answered by what is published.
        missing = [number for number in range(1, found.needed + 1) if number not in used]
        text = "\n\n".join(["".join(shown), *(f"{hits[number - 1].entry.answer}[{number}]" for number in missing)])
        cited = tuple(citation for citation in citations if citation.number in (*used, *missing))
        yield Answer(text, "answered", found.probability, self.generator.name, cited)

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
    """The hits that share one answer: those of the question's parts, else the best and those close to it."""
    if found.needed > 1:
        return found.hits[: found.needed]
    return tuple(hit for hit in found.hits if hit.score >= found.hits[0].score - NEAR)


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
