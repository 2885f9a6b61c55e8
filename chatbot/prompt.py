"""Question and hits -> a `Prompt`. Pure. Passages are quoted data with numbers; the opening is fixed, so that it is cached."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from chatbot.messages import Citation, Message
from index.passage import Hit

MAX_PASSAGES = 3
# About 300 tokens in all: two CPU cores read some 50 tokens a second, and a visitor waits for every one of them.
PASSAGE_CHARS = {"zh": 140, "en": 320}
QUOTE_CHARS = 240


@dataclass(frozen=True)
class Prompt:
    """What a generator is given: messages for a model, hits for those that quote."""

    messages: tuple[Message, ...]
    hits: tuple[Hit, ...]
    language: str


def build_prompt(questions: Sequence[str], hits: Sequence[Hit], language: str, name: str) -> Prompt:
    """The prompt for a question, or its parts, in `language` ("zh", else English is used) over the first hits."""
    code = language if language in PASSAGE_CHARS else "en"
    used = tuple(hits[:MAX_PASSAGES])
    quoted = "\n".join(f'[{n}] "{_shown(hit, PASSAGE_CHARS[code])}"' for n, hit in enumerate(used, 1))
    ask = (
        ("资料：", "问题：", "用完整的句子回答：")
        if code == "zh"
        else ("Passages:", "Question:", "Answer in full sentences:")
    )
    asked = (
        questions[0] if len(questions) == 1 else "\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(questions, 1))
    )
    messages = (
        Message("system", _opening(code).replace("{name}", name)),
        Message("user", f"{ask[0]}\n{quoted}\n\n{ask[1]}{asked}\n{ask[2]}"),
    )
    return Prompt(messages, used, code)


def cite(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """One citation for each hit, numbered from 1."""
    return tuple(
        Citation(number, hit.entry.title, hit.entry.link, plain(hit.entry.answer)[:QUOTE_CHARS])
        for number, hit in enumerate(hits, 1)
    )


def plain(markdown: str) -> str:
    """Markdown as one line of plain text: link texts without targets, no marks."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"^[ |:-]*-{3,}[ |:-]*$|^\s*(?:[-*+]|\d+\.|#{1,6}|>)\s+|[*`|]", "", text, flags=re.MULTILINE)
    return " ".join(text.split())


def _shown(hit: Hit, chars: int) -> str:
    """The passage of a hit as data: no quotation marks or line breaks that could end the quotation."""
    text = plain(hit.entry.answer if hit.passage.part != "answer" else hit.passage.text)
    return f"{plain(hit.entry.title)}: {_whole_sentences(text, chars)}".replace('"', "'")


def _whole_sentences(text: str, chars: int) -> str:
    """As many whole sentences as fit: a model copies half a sentence as readily as a whole one."""
    if len(text) <= chars:
        return text
    ends = [match.end() for match in re.finditer(r"[。！？；;!?]|\.(?=\s)", text[: chars + 1])]
    return text[: ends[-1]] if ends else f"{text[:chars]}…"


@cache
def _opening(code: str) -> str:
    return files("chatbot").joinpath(f"prompts/{code}.txt").read_text("utf-8").strip()
