"""Follow-ups to stand-alone questions, and questions in one to their parts. Pure.

Rules first. Where they see no follow-up and nothing is found, a model may say what was meant, in the visitor's own words only: it chooses which
of them, so that it cannot ask for something that nobody asked for.
"""

import re
from collections.abc import Sequence

from chatbot.messages import Message
from crawler.language import asks, detect
from index.words import tokens

FOLLOW_UP = re.compile(
    r"^(?:那|那么|还有|另外|然后|这个|那个|它|他们|这样|为什么呢|怎么办)|呢[?？]?$"
    r"|^(?:and|what about|how about|what if|then|also|but|so|why|it|that|this|those|they)\b",
    re.IGNORECASE,
)
# Where one question may end and another begin; "and" only before a word that opens a question.
SPLIT_ZH = re.compile(r"[，,；;？?。！]|以及|还有|并且|另外|同时")
SPLIT_EN = re.compile(
    r"[;?]\s*|,?\s+(?:and|also|plus)\s+(?=(?:how|what|when|where|who|which|why|do|does|can|could|is|are|will|would|should)\b)",
    re.IGNORECASE,
)
SHORT_TOKENS = 8
# What says more than this says all of it.
LONG_TOKENS = 24


def condense(question: str, history: Sequence[Message]) -> str:
    """The question with what it leaves unsaid, taken from the visitor's last one; unchanged when it stands alone."""
    before = next((m.content for m in reversed(history) if m.role == "user" and m.content != question), "")
    if not before or not FOLLOW_UP.search(question.strip()) or len(tokens(question)) > SHORT_TOKENS:
        return question
    return f"{before.rstrip('?？。.')} {question}"


def may_be_follow_up(question: str) -> bool:
    """Whether a message is short enough that what was said before it may be a part of its meaning."""
    return len(tokens(question)) <= LONG_TOKENS


def rewritten(question: str, history: Sequence[Message], said: str) -> str:
    """The first line of what a model `said` the question means; "" where it leaves out of the question or brings in words of its own."""
    line = next((line.strip(' "“”') for line in said.splitlines() if line.strip()), "")
    heard = {word for message in history if message.role == "user" for word in tokens(message.content)}
    asked, meant = set(tokens(question)), set(tokens(line))
    return line if asked < meant <= asked | heard else ""


def parts(question: str) -> list[str]:
    """The questions in a question, two or three of them, or none: "how many days, and who pays?" is two.

    A piece that asks nothing is the setting of the next one and goes before it.
    """
    pieces, setting = [], ""
    for piece in (SPLIT_ZH if detect(question) == "zh" else SPLIT_EN).split(question):
        text = f"{setting} {piece.strip()}".strip()
        if asks(piece) and len(tokens(piece)) >= 2:
            pieces.append(text)
            setting = ""
        else:
            setting = text
    return pieces if 2 <= len(pieces) <= 3 else []
