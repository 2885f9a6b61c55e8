"""Golden questions: what a site must answer, and from where, or must not answer, whatever changes. Kept in `sites/NAME/golden.jsonl`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from chatbot.condense import condense, may_be_follow_up
from chatbot.marks import Outcome
from chatbot.memory import Rated
from chatbot.messages import Citation, Message
from crawler.records import FaqEntry, normalised, read_jsonl, write_text_atomically
from index.exam import Question, same_as
from ui.errors import BadCall

GOLDEN = "golden.jsonl"
KIND = "golden"


@dataclass(frozen=True)
class Golden:
    """A question and the id of the entry that it must be answered from, None where it must not be answered; since which day."""

    question: str
    expects: str | None
    said: str


@dataclass(frozen=True)
class Held:
    """A golden question put to the bot, and why it broke: "gone", "wrong", "suggested", "refused" or "answered"; "" when it held."""

    golden: Golden
    outcome: Outcome
    broke: str


def read_golden(site: Path) -> list[Golden]:
    """The golden questions of a site's folder, none where there is no file.

    Raises:
        BadRecord, BadCall: naming the line.

    """
    path = site / GOLDEN
    if not path.exists():
        return []
    return [_golden(where, row) for where, row in read_jsonl(path)]


def _golden(where: str, row: dict[str, object]) -> Golden:
    question, expects, said = row.get("question"), row.get("expects", 0), row.get("said", "")
    if (
        not isinstance(question, str)
        or not question.strip()
        or not isinstance(expects, str | None)
        or not isinstance(said, str)
    ):
        raise BadCall(
            f'{where}: every line needs a "question" and "expects", the id of an entry or null. Mend or remove the line'
        )
    return Golden(question, expects, said)


def change_golden(site: Path, change: Callable[[list[Golden]], list[Golden]]) -> list[Golden]:
    """Put what `change` makes of them in their place, one writer at a time; returns that.

    Raises:
        BadRecord, BadCall: a line is none, or the folder cannot be written.

    """
    try:
        with FileLock(site / f".{GOLDEN}.lock"):
            golden = change(read_golden(site))
            lines = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in golden)
            write_text_atomically(site / GOLDEN, lines)
    except OSError as error:
        raise BadCall(f"{site} cannot be written ({error.strerror or error}). Mend the folder and try again") from error
    return golden


def with_new(golden: Sequence[Golden], new: Sequence[Golden]) -> list[Golden]:
    """The golden questions with new ones; one that asks the same as an old one takes its place."""
    kept = {normalised(one.question): one for one in golden}
    return list((kept | {normalised(one.question): one for one in new}).values())


def cited_first(citations: Sequence[Citation], entries: Sequence[FaqEntry]) -> FaqEntry | None:
    """The published entry that an answer rests on first."""
    place = [(citation.question, citation.url) for citation in citations[:1]]
    return next((entry for entry in entries if (entry.title, entry.link) in place), None)


def from_rated(rated: Sequence[Rated], entries: Sequence[FaqEntry], found: Callable[[str], str]) -> list[Golden]:
    """Those of the answers that visitors found good whose question stands alone and whose entry is still published.

    What is asked after something else stands alone when the entry that is `found` without that, by its id, is the same.
    """
    cited = [(one, entry) for one in rated if (entry := cited_first(one.citations, entries))]
    return [
        Golden(one.question, entry.id, one.asked_at[:10]) for one, entry in cited if _stands_alone(one, entry.id, found)
    ]


def _stands_alone(one: Rated, entry: str, found: Callable[[str], str]) -> bool:
    whole = condense(one.question, [Message("user", one.before)]) == one.question
    return whole and (not one.before or not may_be_follow_up(one.question) or found(one.question) == entry)


def golden_questions(golden: Sequence[Golden], entries: Sequence[FaqEntry]) -> list[Question]:
    """As they are to be asked: answered by the entry that is expected, or one that asks or says the same."""
    by_id, same = {entry.id: entry for entry in entries}, same_as(entries)
    of = [by_id.get(one.expects or "") for one in golden]
    return [
        Question(KIND, one.question, entry, same(entry) if entry else ()) for one, entry in zip(golden, of, strict=True)
    ]


def judged(golden: Sequence[Golden], outcomes: Sequence[Outcome]) -> list[Held]:
    """Which of them held; `outcomes` are those of their `golden_questions`."""
    return [Held(one, outcome, _broke(one, outcome)) for one, outcome in zip(golden, outcomes, strict=True)]


def _broke(golden: Golden, outcome: Outcome) -> str:
    if golden.expects is None:
        return "answered" if outcome.result == "answered" else ""
    if not outcome.wanted:
        return "gone"
    return "" if outcome.result == "right" else outcome.result
