"""Question and hits -> a `Prompt`. Pure. Passages are quoted data with numbers; the opening is fixed, so that it is cached."""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from chatbot.messages import Citation, Message
from chatbot.texts import LANGUAGES
from index.passage import SENTENCE, Hit
from index.reader import about_tokens
from index.words import terms

MAX_PASSAGES = 3
# In all: with the opening and the question about 400, and two CPU cores read some 50 tokens a second. A visitor waits for every one of them.
PASSAGE_TOKENS = 250.0
# Of the title over a passage, and of a question; more of it is seldom asked in earnest. What is longer than usual leaves the passages less.
TITLE_TOKENS, QUESTION_TOKENS, USUAL_QUESTION = 40.0, 100.0, 25.0
QUOTE_CHARS = 240
# A first sentence that is longer than its room by so much is shown whole.
LONGER = 1.5
# Of a conversation, so many turns before the last, and so much of each.
TURNS, TURN_CHARS = 4, 120


@dataclass(frozen=True)
class Prompt:
    """What a generator is given: messages for a model, hits for those that quote.

    `opening` is what the last message begins with, the passages, before the task. `wanted` says whether anybody waits for the answer still.
    """

    messages: tuple[Message, ...]
    hits: tuple[Hit, ...]
    language: str
    opening: str = ""
    wanted: Callable[[], bool] = field(default=lambda: True, compare=False, repr=False)


def build_prompt(questions: Sequence[str], hits: Sequence[Hit], language: str, name: str) -> Prompt:
    """The prompt for a question, or its parts, in `language` ("zh", else English is used) over the first hits."""
    code = language if language in LANGUAGES else "en"
    used = tuple(hits[:MAX_PASSAGES])
    texts = [_ends(text, QUESTION_TOKENS / len(questions)) for text in questions]
    room = PASSAGE_TOKENS - max(0.0, sum(map(about_tokens, texts)) - USUAL_QUESTION)
    quoted = "\n".join(f'[{n}] "{text}"' for n, text in enumerate(_excerpts(used, " ".join(questions), room), 1))
    opening = f"{'资料：' if code == 'zh' else 'Passages:'}\n{quoted}\n\n"
    question, answer = ("问题：", "用完整的句子回答：") if code == "zh" else ("Question:", "Answer in full sentences:")
    asked = texts[0] if len(texts) == 1 else "\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1))
    system = Message("system", _read(code).replace("{name}", name))
    return Prompt((system, Message("user", f"{opening}{question}{asked}\n{answer}")), used, code, opening)


def asks_whether(task: str, prompt: Prompt, **said: str) -> Prompt:
    """A question of yes or no over the passages of a prompt, which a model that was just given that one has read.

    `task` names its file: "says" (of `question`), "answers" (of `question` and `answer`) or "supports" (of `statement`). It is English for every language: of Chinese the
    default model judges better so (`benchmarks/RESULTS.md`).
    """
    asked = Message("user", prompt.opening + _read(task).format_map(said))
    return Prompt((prompt.messages[0], asked), prompt.hits, prompt.language, prompt.opening)


def over_texts(statement: str, sources: Sequence[str]) -> Prompt:
    """Whether texts that are no site's support a statement."""
    quoted = "\n".join(f'[{n}] "{_as_data(text)}"' for n, text in enumerate(sources, 1))
    said = _read("verify").format_map({"texts": quoted, "statement": statement})
    system, _, task = said.partition("\n\n")
    return Prompt((Message("system", system), Message("user", task)), (), "en")


def condenses(question: str, history: Sequence[Message], language: str) -> Prompt:
    """What a model is asked when a message may mean more than it says; of the conversation it is shown the last turns."""
    code = language if language in LANGUAGES else "en"
    visitor, bot = ("顾客：", "客服：") if code == "zh" else ("Customer: ", "Assistant: ")
    turns = [f"{visitor if m.role == 'user' else bot}{_whole_sentences(plain(m.content), TURN_CHARS)}" for m in history]
    said = "\n".join([*turns[-TURNS:], f"{visitor}{shortened(question)}"])
    return Prompt((Message("system", _read(f"condense.{code}")), Message("user", said)), (), code)


def shortened(question: str) -> str:
    """A visitor's message as a model is shown it."""
    return _ends(question, QUESTION_TOKENS)


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


def _excerpts(hits: Sequence[Hit], question: str, room: float) -> list[str]:
    """What of each hit meets the question, as data, in so many tokens. What a short one leaves of its room, the long ones have."""
    texts = [plain(hit.entry.answer if hit.passage.part != "answer" else hit.passage.text) for hit in hits]
    shown = [""] * len(hits)
    for nth, number in enumerate(sorted(range(len(hits)), key=lambda n: len(texts[n]))):
        entry = hits[number].entry
        title = _ends(plain(entry.title), TITLE_TOKENS)
        left = max(0.0, room / (len(hits) - nth) - about_tokens(title))
        said = _excerpt(texts[number], set(terms(question, entry.language)), entry.language, left)
        shown[number] = _as_data(f"{title}: {said}")
        room -= about_tokens(title) + about_tokens(said)
    return shown


def _excerpt(text: str, asked: Set[str], language: str, room: float) -> str:
    """The run of whole sentences that holds most of what is asked, a term the more the fewer hold it; of several the middle one.

    A run, not the best sentences: a condition stands before or behind what it is of.
    """
    if about_tokens(text) <= room or not text.strip():
        return text
    sentences = [sentence for sentence in SENTENCE.findall(text) if sentence.strip()]
    held = [asked & set(terms(sentence, language)) for sentence in sentences]
    worth = {term: 1 / sum(term in terms_ for terms_ in held) for terms_ in held for term in terms_}
    sizes = [about_tokens(sentence) for sentence in sentences]

    def run_from(first: int) -> int:
        last, left = first + 1, room - sizes[first]
        while last < len(sentences) and sizes[last] <= left:
            left -= sizes[last]
            last += 1
        return last

    runs = [(first, run_from(first)) for first in range(len(sentences))]
    met = [sum(worth[term] for term in set().union(*held[first:last])) for first, last in runs]
    best = [run for run, one in zip(runs, met, strict=True) if one >= max(met) - 1e-9]
    first, last = best[len(best) // 2]
    said = "".join(sentences[first:last]).strip()
    return said if about_tokens(said) <= room * LONGER else f"{said[: int(len(said) * room / about_tokens(said))]}…"


def _ends(text: str, room: float) -> str:
    """A text, or of one that is too long its beginning and its end, where a visitor asks."""
    if about_tokens(text) <= room:
        return text
    half = int(len(text) * room / about_tokens(text) / 2)
    while half > 1 and about_tokens(text[:half] + text[-half:]) > room:  # its ends may be denser than its middle
        half = half * 3 // 4
    return f"{text[:half]} … {text[-half:]}"


def _as_data(text: str) -> str:
    """A text without the quotation marks and line breaks that could end its quotation."""
    return " ".join(text.split()).replace('"', "'")


def _whole_sentences(text: str, chars: int) -> str:
    """As many whole sentences as fit: a model copies half a sentence as readily as a whole one."""
    if len(text) <= chars:
        return text
    ends = [match.end() for match in re.finditer(r"[。！？；;!?]|\.(?=\s)", text[: chars + 1])]
    return text[: ends[-1]] if ends else f"{text[:chars]}…"


@cache
def _read(name: str) -> str:
    return files("chatbot").joinpath(f"prompts/{name}.txt").read_text("utf-8").strip()
