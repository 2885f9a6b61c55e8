"""What a site is tested with: questions drawn from its entries, or those of a file. Asks nothing itself."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.bot import Bot
from chatbot.generators import QUOTE
from chatbot.marks import FAR
from chatbot.questions import far_questions, reworded
from crawler.records import FaqEntry, read_jsonl
from index.exam import SEED, Drawn, Question, Same, draw, meant, questions, same_as
from index.hybrid import Index
from ui.errors import BadCall

GIVEN = "given"
REWORDED = 40  # at most: a small model on two cores takes seconds for each


def draw_for(
    bot: Bot, index: Index, most: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Drawn:
    """The entries to ask about, some of them said otherwise by the bot's generator, if it is a model."""
    drawn = draw(index.entries, most)
    if bot.generator is QUOTE:
        return drawn
    return replace(drawn, reworded=reworded(bot.generator, drawn.entries[:REWORDED], progress))


def drawn_questions(index: Index, drawn: Drawn, most: int) -> list[Question]:
    """All questions to put to an index, at most so many of a kind."""
    far = far_questions()
    chosen = random.Random(SEED).sample(far, min(most, len(far)))
    return [*questions(index, drawn), *(Question(FAR, text) for text in chosen)]


def given_questions(path: Path, entries: Sequence[FaqEntry]) -> list[Question]:
    """The questions of a file, {"question", "entry" or "nothing"[, "history"]} a line.

    Raises:
        BadRecord, BadCall: naming the line.

    """
    same = same_as(entries)
    found = [_given(where, row, entries, same) for where, row in read_jsonl(path)]
    if not found:
        raise BadCall(f"{path} holds no questions")
    return found


def _given(where: str, row: dict[str, Any], entries: Sequence[FaqEntry], same: Same) -> Question:
    text, name, nothing = row.get("question"), row.get("entry"), row.get("nothing")
    if not isinstance(text, str) or not text.strip():
        raise BadCall(f'{where}: every line needs a "question"')
    if (nothing is True) == isinstance(name, str):
        raise BadCall(
            f'{where}: every line needs either "entry" (an id, an address or a stored question) or "nothing": true'
        )
    history = _history(where, row.get("history", ()))
    if nothing is True:
        return Question(GIVEN, text, history=history)
    wanted = meant(name or "", entries)
    if not wanted:
        raise BadCall(
            f"{where}: no published entry has the id, address or question '{name}'. 'kefu export' lists them all"
        )
    return Question(GIVEN, text, wanted[0], set[str]().union(*map(same, wanted)), history=history)


def _history(where: str, turns: Any) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((turn["role"], turn["content"].strip()) for turn in turns)
    except (TypeError, KeyError, AttributeError) as error:
        raise BadCall(f'{where}: "history" is a list of {{"role","content"}}') from error


def for_another(asked: Sequence[Question], of: Sequence[FaqEntry], entries: Sequence[FaqEntry]) -> list[Question]:
    """Questions about some entries, put to others: wanted is what asks or says the same there."""
    by_id: Mapping[str, FaqEntry] = {entry.id: entry for entry in of}
    same = same_as(entries)
    return [replace(one, wanted=set[str]().union(*(same(by_id[id_]) for id_ in one.wanted))) for one in asked]
