"""`Bot.reply`: one question to its answer, the whole path. Every step is a function of another module."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Literal

from chatbot.bands import EQUAL, SUGGESTED, Band, Bands
from chatbot.condense import condense, may_be_follow_up, parts, rewritten
from chatbot.errors import GeneratorFailed
from chatbot.generators import QUOTE, Generator
from chatbot.intents import QUESTION, Classify, as_question
from chatbot.judge import Judge, grounded_in, probability_of
from chatbot.links import host_of, only_own_links
from chatbot.messages import Answer, Conversation, Delta, Event, Sources
from chatbot.privacy import mask
from chatbot.prompt import Prompt, build_prompt, cite, condenses
from chatbot.route import OFTEN_PUBLISHED, STATUS, Reply, generally, route
from chatbot.texts import LANGUAGES, Texts
from chatbot.verify import clean, sentences
from crawler.language import detect
from index.hybrid import Index
from index.passage import Found, Hit

log = logging.getLogger(__name__)

# What becomes of a generator's text: a sentence of it is cut; it is shown; nothing of it may be shown; it broke off or was too slow.
Outcome = Literal["cut", "shown", "rejected", "failed"]

SEARCHED = 8
# What answers a part of a question is among so many hits of the part, and among so many of the whole, which says what the part
# is about: "and who pays?"
PART_HITS = 3
PARTS_WITHIN = 4
# A hit this far below the best is about something else and is not given to the generator.
NEAR = 0.04
RELATED = 3


@dataclass(frozen=True)
class Bot:
    """One site's bot. `index` gives the index that is published now."""

    index: Callable[[], Index]
    generator: Generator
    bands: Bands
    texts: Texts
    classify: Classify = as_question
    replies: Mapping[str, Reply] = field(default_factory=dict)
    hosts: Set[str] = frozenset()  # that an answer may link to, beside those of the pages that it cites
    count: Callable[[Outcome], None] = lambda outcome: None
    verify: bool = True  # off in benchmarks only

    def reply(self, question: str, conversation: Conversation) -> Iterator[Event]:
        """At most one `Sources`, then `Delta`s, then exactly one `Answer`. Nothing in them loads anything or leads away from the site."""
        hosts, contacts = set(self.hosts), set(self.texts.contacts.values())
        with closing(self._reply(question, conversation)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Delta):
                    yield Delta(only_own_links(event.text, hosts, contacts))
                    continue
                hosts |= {host_of(citation.url) for citation in event.citations}
                if isinstance(event, Sources) or event.generator == "texts":  # fixed sentences are the operator's own
                    yield event
                else:
                    yield replace(event, text=only_own_links(event.text, hosts, contacts))

    def _reply(self, question: str, conversation: Conversation) -> Iterator[Event]:
        spoken = detect(question, "")  # "" for what may be of any language
        language = spoken or "en"
        if intent := route(question):
            yield self._say(intent, language)
            return
        asked = condense(question, conversation.messages)
        intent = self.classify(question)
        if intent == "order":
            yield self._order(question, language)
            return
        found = self._search(asked, spoken)
        band = self.bands.choose(asked, found)
        unsure = band in (Band.SUGGEST, Band.REFUSE) and found.probability < self.bands.generate
        if unsure and self._is_to_be_searched(intent) and (meant := self._meant(question, conversation, language)):
            again = self._search(meant, spoken)
            if again.probability > found.probability:
                asked, found, band = meant, again, self.bands.choose(meant, again)
        # What is published goes before what a message looks like.
        answers = (Band.DIRECT, Band.GENERATE) if intent in OFTEN_PUBLISHED else (Band.DIRECT,)
        said = self._said(intent, language) if intent != QUESTION else None
        if said and band not in answers:
            log.info("intent %s", intent)
            yield said
            return
        log.info("band %s at %.2f", band, found.probability)
        if band is Band.DIRECT and self._must_be_translated(asked, found, spoken):
            band = Band.GENERATE
        for event in self._write(band, asked, found, language):
            yield said if said and isinstance(event, Answer) and event.status == "suggested" else event

    def warm_up(self) -> None:
        """Let a generator of this machine read the fixed openings, so that it has them in its cache when the first visitor asks."""
        if self.generator is QUOTE or self.generator.remote:
            return
        try:
            for language in LANGUAGES:
                prompt = build_prompt(["?"], (), language, self.texts.name(language))
                with closing(self.generator.generate(prompt)) as pieces:  # type: ignore[type-var]
                    next(pieces, None)
        except GeneratorFailed as failure:
            log.warning("the generator %s failed (%s)", self.generator.name, failure)
            self.count("failed")

    def _is_to_be_searched(self, intent: str) -> bool:
        own = self.replies.get(intent)
        return intent == QUESTION or (own is not None and own.action == "search")

    def _say(self, intent: str, language: str) -> Answer:
        return Answer(self.texts.say(intent, language), STATUS[intent], None, "texts")

    def _said(self, intent: str, language: str) -> Answer | None:
        """What is said to an intent; None where the message is to be searched for all the same."""
        if own := self.replies.get(intent):
            text = own.texts.get(language) or next(iter(own.texts.values()), "")
            if own.action == "handoff":
                return Answer(
                    " ".join(filter(None, (text, self.texts.say("contact", language)))), "handoff", None, "texts"
                )
            return Answer(text, "smalltalk", None, "texts") if own.action == "reply" else None
        if intent not in STATUS or (intent == "contact" and not self.texts.reachable):
            return None
        return self._say(intent, language)

    def _order(self, question: str, language: str) -> Answer:
        """A visitor's own order cannot be seen from here: that is said, with what is published on it, and who can see it."""
        for general in generally(question, language):
            found = self._search(general, language)
            if self.bands.choose(general, found) in (Band.DIRECT, Band.GENERATE):
                published = _published(found.hits[:1], found.probability)
                parts = (self.texts.say("order_how", language), published.text, self.texts.say("contact", language))
                return replace(published, text="\n\n".join(parts))
        return self._say("order", language)

    def _meant(self, question: str, conversation: Conversation, language: str) -> str:
        """What a message means after what was said before it, by the generator; "" where nothing was, or it cannot say."""
        before = [message for message in conversation.messages if message.content != question]
        if not before or self.generator is QUOTE or not may_be_follow_up(question):
            return ""
        if self.generator.remote:
            before = [replace(message, content=mask(message.content)) for message in before]
        asked = mask(question) if self.generator.remote else question
        try:
            with closing(self.generator.generate(condenses(asked, before, language))) as pieces:  # type: ignore[type-var]
                return rewritten(question, before, "".join(pieces))
        except GeneratorFailed as failure:
            log.warning("the generator %s failed (%s); the question is taken as it is", self.generator.name, failure)
            self.count("failed")
            return ""

    def _search(self, question: str, spoken: str) -> Found:
        """Search; the best hits of a question's parts, when the whole finds them too, are one answer together."""
        index = self.index()
        wanted = self._wanted(index, question)
        if len(wanted) < 2:
            return _own_language_first(question, index.search(question, SEARCHED), spoken)
        both = index.search(question, SEARCHED, together=wanted)
        if both.hits[0].entry.id not in wanted:
            return both
        hits = {hit.entry.id: hit for hit in both.hits}
        rest = (hit for hit in both.hits if hit.entry.id not in wanted)
        # Never direct: one published answer cannot be all of it.
        probability = min(both.probability, self.bands.direct - 1e-6)
        return Found((*(hits[i] for i in wanted), *rest), probability, both.features, len(wanted))

    def _wanted(self, index: Index, question: str) -> list[str]:
        """The ids of the entries that answer a question's parts; none where it is one question, is stored as it is, or a part finds nothing."""
        asked = parts(question)
        near = index.nearest(question, PARTS_WITHIN) if asked else ()
        if not near or near[0].entry.asks(question):
            return []
        within = {hit.entry.id for hit in near}
        found_by = [[hit.entry.id for hit in index.nearest(part, PART_HITS)] for part in asked]
        firsts = [next((id_ for id_ in ids if id_ in within), "") for ids in found_by if ids]
        return [] if "" in firsts else list(dict.fromkeys(firsts))

    def _write(self, band: Band, question: str, found: Found, language: str) -> Iterator[Event]:
        if band is Band.DIRECT:
            yield _published(found.hits[:1], found.probability)
        elif band is Band.GENERATE:
            yield from self._generate(question, found, language)
        elif band is Band.SUGGEST:
            yield self._suggest(found, language)
        else:
            yield Answer(self.texts.say("refused", language), "refused", found.probability, "texts")

    def _must_be_translated(self, question: str, found: Found, spoken: str) -> bool:
        """Whether what answers is in another language than the visitor's, and the generator writes that and judges it."""
        able = self.generator.weigh is not None and spoken in LANGUAGES
        another = found.hits[0].entry.language not in (spoken, "")
        return able and another and not self.bands.is_stored(question, found)

    def _generate(self, question: str, found: Found, language: str) -> Iterator[Event]:
        """Checked sentences of the generator, once they answer; the published answers where it breaks off."""
        hits = together(found)
        if self.generator is QUOTE:
            yield _published(hits[: found.needed], found.probability)
            return
        asked = parts(question) if found.needed > 1 else [question]
        if self.generator.remote:
            asked = [mask(text) for text in asked]
        prompt = build_prompt(asked, hits, language, self.texts.name(language))
        judge = Judge(self.generator.weigh, prompt) if self.verify and self.generator.weigh else None
        citations = cite(prompt.hits)
        yield Sources(citations)
        passed: list[str] = []
        said: list[str] = []
        used: set[int] = set()
        shown, probability, says = 0, found.probability, 0.0
        try:
            if judge:
                says = judge.says(asked)
                if probability_of(says) < self.bands.generate:  # nothing that is written could be shown
                    self.count("rejected")
                    yield self._instead(found, probability_of(says), True, language)
                    return
            with closing(self.generator.generate(prompt)) as pieces:  # type: ignore[type-var]
                for sentence, number in self._checked(pieces, prompt, judge, " ".join(asked)):
                    said.append(sentence)
                    passed.append(_joined(passed, f"{sentence}[{number}]"))
                    used.add(number)
                    if judge and not shown:  # what does not answer yet is not shown; the next sentence may do it
                        probability = probability_of(says, judge.answers(asked, " ".join(said)))
                        if probability < self.bands.generate:
                            continue
                    yield Delta("".join(passed[shown:]))
                    shown = len(passed)
        except GeneratorFailed as failure:
            log.warning("the generator %s failed (%s); the published answer is shown", self.generator.name, failure)
            self.count("failed")
            yield _published(hits[: found.needed], found.probability)
            return
        self.count("shown" if shown else "rejected")
        if not shown:
            yield self._instead(found, probability, bool(passed), language)
            return
        # A part of the question that the generator left open is answered by what is published.
        missing = [n for n in range(1, found.needed + 1) if n not in used] if found.needed > 1 else []
        text = "\n\n".join(["".join(passed), *(f"{hits[number - 1].entry.answer}[{number}]" for number in missing)])
        cited = tuple(citation for citation in citations if citation.number in (*used, *missing))
        yield Answer(text, "answered", probability, self.generator.name, cited)

    def _checked(
        self, pieces: Iterator[str], prompt: Prompt, judge: Judge | None, asked: str
    ) -> Iterator[tuple[str, int]]:
        """Sentences that a passage supports, with its number; the others are cut."""
        alike = self.index().most_like
        passages = [f"{hit.entry.title}\n{hit.entry.answer}" for hit in prompt.hits]
        # In this process a slot that has written has read the passages: judged beside it, they would be read anew in another, for seconds.
        whole = judge is not None and not self.generator.remote
        for sentence in sentences(list(pieces) if whole else pieces):
            cleaned = clean(sentence)
            number = grounded_in(cleaned, passages, judge, asked, prompt.language, alike) if self.verify else 1
            if number:
                yield cleaned, number
            else:
                log.info("cut an unsupported sentence")
                self.count("cut")

    def _instead(self, found: Found, probability: float, written: bool, language: str) -> Answer:
        """What is said when no generated text may be shown: it was badly `written` of what answers, or is itself no answer."""
        sure = not written or found.probability >= self.bands.direct
        if sure and found.hits[0].entry.question:
            return _published(together(found)[: found.needed], found.probability)
        return self._suggest(replace(found, probability=probability), language)

    def _suggest(self, found: Found, language: str) -> Answer:
        questions = [hit.entry.question for hit in found.hits if hit.entry.question]
        same = [hit.entry.question for hit in found.hits if hit.entry.question and hit.entry.language == language]
        chips = tuple(dict.fromkeys((*same, *questions)))[:SUGGESTED]
        if not chips:
            return self._related(found, language)
        return Answer(self.texts.say("suggested", language), "suggested", found.probability, "texts", suggestions=chips)

    def _related(self, found: Found, language: str) -> Answer:
        """Pages that have no question to click on, as what may help."""
        said = self.texts.say("related", language)
        return Answer(said, "suggested", found.probability, "texts", cite(together(found)[:RELATED]))


def _published(hits: Sequence[Hit], probability: float) -> Answer:
    """The published answers, word for word."""
    return Answer("\n\n".join(hit.entry.answer for hit in hits), "answered", probability, QUOTE.name, cite(hits))


def _own_language_first(question: str, found: Found, spoken: str) -> Found:
    """Of entries that fit equally, that in the visitor's language goes first: a site often says the same in two."""
    if not found.hits or spoken in ("", found.hits[0].entry.language) or found.hits[0].entry.asks(question):
        return found
    first = found.hits[0]
    equal = (hit for hit in found.hits if first.score - hit.score < EQUAL and hit.entry.language == spoken)
    own = next(equal, first)
    return replace(found, hits=(own, *(hit for hit in found.hits if hit is not own)))


def together(found: Found) -> tuple[Hit, ...]:
    """The hits that share one answer: those of the question's parts, else the best and those close to it."""
    if found.needed > 1:
        return found.hits[: found.needed]
    return tuple(hit for hit in found.hits if hit.score >= found.hits[0].score - NEAR)


def _joined(shown: Sequence[str], sentence: str) -> str:
    return sentence if not shown or not sentence[0].isascii() else f" {sentence}"
