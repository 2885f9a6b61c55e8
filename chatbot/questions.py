"""Questions that no entry holds, to try a bot with: its own said otherwise by a model, and those far from any business."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from importlib.resources import files

from chatbot.errors import GeneratorFailed
from chatbot.generators import Generator
from chatbot.messages import Message, Role
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF
from crawler.language import asks, detect
from crawler.records import FaqEntry, normalised

log = logging.getLogger(__name__)

QUOTES = "\"'“”‘’「」『』《》*` "


def far_questions() -> list[str]:
    """General questions in Chinese and English: weather, sums, homework, other people's business."""
    listed: dict[str, list[str]] = json.loads(files("chatbot").joinpath("far.json").read_text("utf-8"))
    return [text for texts in listed.values() for text in texts]


def reworded(
    generator: Generator,
    entries: Sequence[FaqEntry],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, str]:
    """By id, the question of each entry as the generator says it; left out where that is none, the same, or in another language."""
    found = {}
    for done, entry in enumerate(entries, 1):
        try:
            text = _said_otherwise(generator, entry)
        except GeneratorFailed as failure:
            log.warning("the generator %s did not say %r otherwise (%s)", generator.name, entry.question, failure)
            text = ""
        if _is_reworded(text, entry):
            found[entry.id] = text
        progress(done, len(entries))
    return found


def _said_otherwise(generator: Generator, entry: FaqEntry) -> str:
    code = "zh" if entry.language == "zh" else "en"
    messages = (*_examples(code), Message("user", entry.question))
    with closing(generator.generate(Prompt(messages, (), code))) as pieces:  # type: ignore[type-var]
        said = "".join(pieces).strip()
    return "" if said.endswith(CUT_OFF) else said.partition("\n")[0].strip(QUOTES)


def _is_reworded(text: str, entry: FaqEntry) -> bool:
    stored = {normalised(form) for form in (entry.question, *entry.similar)}
    # A small model now and then answers instead of asking.
    asked = asks(text) or not asks(entry.question)
    return bool(text) and normalised(text) not in stored and detect(text, entry.language) == entry.language and asked


@cache
def _examples(code: str) -> tuple[Message, ...]:
    """What is to be done, and a conversation that does it: told only, a small model answers or repeats the question."""
    told, *turns = files("chatbot").joinpath(f"prompts/paraphrase.{code}.txt").read_text("utf-8").splitlines()
    roles: tuple[Role, Role] = ("user", "assistant")
    return Message("system", told), *(Message(roles[n % 2], text) for n, text in enumerate(turns))
