"""A site's bot put to the test: each question goes through `Bot.reply`, as a visitor's would. Prints nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from chatbot.bot import Bot
from chatbot.condense import condense
from chatbot.marks import Figures, Outcome, band_of, cites, figures
from chatbot.messages import Conversation, Message
from crawler.records import FaqEntry, normalised
from index.embed import Embedder
from index.exam import Question, view_of, without_wordings
from index.hybrid import Index
from ui.chat import timed_reply
from ui.golden import Held
from ui.settings import Site

WARM_UP = "怎么 how"

# (questions asked, of so many)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Room:
    """Where a bot is tested: a site's folder, and one of its indexes, whose embedder copies it where a wording must go."""

    bot: Bot
    site: Path
    embedder: Embedder
    index: Index

    def put(
        self, asked: Sequence[Question], held: Mapping[str, str], progress: Progress = lambda done, total: None
    ) -> list[Outcome]:
        """Ask; the known questions of an index without the wordings that are held."""
        entries = {entry.id: entry for entry in self.index.entries}
        self.index.search(WARM_UP, 1)  # what is loaded at the first question is not its time
        outcomes = []
        with without_wordings(self.site, self.index, held, self.embedder) as less:
            for question in asked:
                outcomes.append(_outcome(self.bot, question, view_of(question, self.index, less), entries))
                progress(len(outcomes), len(asked))
        return outcomes


def _outcome(bot: Bot, question: Question, view: Index, entries: Mapping[str, FaqEntry]) -> Outcome:
    history = tuple(Message(role, said) for role, said in question.history)  # type: ignore[arg-type]
    answer, ms = timed_reply(replace(bot, index=lambda: view), question.text, Conversation("", history))
    wanted = tuple(_in_order(question, entries))
    stored = bool(answer.citations) and normalised(question.text) == normalised(answer.citations[0].question)
    band = band_of(answer, bot.bands, stored)
    if answer.status == "answered":
        first = cites(answer, wanted)
    else:  # the answer does not say what was found
        found = view.search(condense(question.text, history), 1).hits if wanted else ()
        first = bool(found) and found[0].entry.id in question.wanted
    return Outcome(question, wanted, answer, band, first, ms["total"])


def _in_order(question: Question, entries: Mapping[str, FaqEntry]) -> Iterator[FaqEntry]:
    """The wanted entries, that which the question was made of before those that say the same."""
    of = question.of.id if question.of else ""
    for id_ in sorted(question.wanted, key=lambda id_: (id_ != of, id_)):
        if id_ in entries:
            yield entries[id_]


@dataclass(frozen=True)
class Compared:
    """Two generations asked the same: pairs of outcomes, the older's first, and its figures; `apart` could be put to the newer only."""

    older: str
    pairs: tuple[tuple[Outcome, Outcome], ...]
    figures: Figures
    apart: int

    @property
    def changed(self) -> list[tuple[Outcome, Outcome]]:
        """Those that ended otherwise."""
        return [(old, new) for old, new in self.pairs if old.result != new.result]


def compare(
    older: Room,
    newer: Room,
    asked: tuple[Sequence[Question], Sequence[Question]],
    held: Mapping[str, str],
    progress: Progress = lambda done, total: None,
) -> Compared:
    """Put the same to both; what only the newer can be asked is no fault of the older."""
    pairs = _pairs(*asked)
    total = 2 * len(pairs)
    old = older.put([one for one, _ in pairs], held, lambda done, _: progress(done, total))
    new = newer.put([one for _, one in pairs], held, lambda done, _: progress(len(pairs) + done, total))
    return Compared(older.index.name, tuple(zip(old, new, strict=True)), figures(old), len(asked[1]) - len(pairs))


def _pairs(old: Sequence[Question], new: Sequence[Question]) -> list[tuple[Question, Question]]:
    before = {_key(question): question for question in old}
    both = [(before[_key(question)], question) for question in new if _key(question) in before]
    return [(one, other) for one, other in both if one.wanted or not other.wanted]


def _key(question: Question) -> tuple[object, ...]:
    return question.kind, question.text, tuple(question.history), question.of.id if question.of else ""


@dataclass(frozen=True)
class Run:
    """A test of a site in its main language: what was tested, when, and what came of it. `held` are the golden questions."""

    site: Site
    language: str
    snapshot: str
    models: Mapping[str, str]
    at: datetime
    outcomes: tuple[Outcome, ...]
    figures: Figures
    held: tuple[Held, ...] = ()
    compared: Compared | None = None

    @property
    def broken(self) -> list[Held]:
        """The golden questions that did not hold."""
        return [one for one in self.held if one.broke]
