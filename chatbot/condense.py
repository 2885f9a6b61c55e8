"""Follow-ups to stand-alone questions, and questions in one to their parts. Rules only; pure."""

import re
from collections.abc import Sequence

from chatbot.messages import Message
from crawler.language import detect
from index.words import tokens

FOLLOW_UP = re.compile(
    r"^(?:那|那么|还有|另外|然后|这个|那个|它|他们|这样|为什么呢|怎么办)|呢[?？]?$"
    r"|^(?:and|what about|how about|what if|then|also|but|so|why|it|that|this|those|they)\b",
    re.IGNORECASE,
)
PARTS_ZH = re.compile(r"[，,；;？?。]|以及|还有|并且|另外|同时")
PARTS_EN = re.compile(r"[;?.]|,\s*(?:and|also|plus)\b|,|\band\b|\balso\b", re.IGNORECASE)
SHORT_TOKENS = 8


def condense(question: str, history: Sequence[Message]) -> str:
    """The question with what it leaves unsaid, taken from the visitor's last one; unchanged when it stands alone."""
    before = next((m.content for m in reversed(history) if m.role == "user" and m.content != question), "")
    if not before or not FOLLOW_UP.search(question.strip()) or len(tokens(question)) > SHORT_TOKENS:
        return question
    return f"{before.rstrip('?？。.')} {question}"


def parts(question: str) -> list[str]:
    """The questions in a question, when each could be asked alone: "how many days, and who pays?" is two."""
    pattern = PARTS_ZH if detect(question) == "zh" else PARTS_EN
    pieces = [piece.strip() for piece in pattern.split(question) if piece and len(tokens(piece)) >= 2]
    return pieces if 2 <= len(pieces) <= 3 else []
