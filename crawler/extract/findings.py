"""`Finding`: one question with its answer, as one rule saw it, and what makes a finding acceptable. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bs4 import Tag

from crawler.records import normalised

MAX_QUESTION_CHARS = 300
QUESTION_WORDS = re.compile(
    r"^(?:how|what|when|where|why|who|which|can|could|do|does|did|is|are|am|will|would|should|may|have|has|i\b"
    r"|wie|was|wann|wo|warum|wer|welche|kann|ist|sind|gibt|muss|darf|comment|que|quel|quand|où|pourquoi|qui|puis-je|est-ce"
    r"|cómo|qué|cuándo|dónde|por qué|quién|cuál|puedo|¿)\b|^¿",
    re.IGNORECASE,
)
CHINESE_QUESTION = re.compile(
    r"如何|怎么|怎样|怎麼|为什么|為什麼|为何|什么|什麼|哪|多少|多久|几|吗|嗎|呢|是否|能否|可否|可以.*吗|谁|何时|何處|か[。?？]?$|ですか|ますか"
)
PLACEHOLDER = re.compile(r"^(?:tbc|tba|todo|n/?a|coming soon|待补充|待定|暂无|[\W_]*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """`node` is where the question stands (None in JSON-LD); `answer_nodes` are what the answer was made of."""

    question: str
    answer: str
    rule: str
    node: Tag | None = None
    answer_nodes: Sequence[Tag] = ()


def asks(text: str) -> bool:
    """Whether a text has the shape of a question. A hint only: 15 % of real FAQ questions have no such shape."""
    text = text.strip()
    return bool(re.search(r"[?？؟]", text) or QUESTION_WORDS.match(text) or CHINESE_QUESTION.search(text))


def acceptable(finding: Finding) -> bool:
    """A question of sensible length with an answer that is more than a placeholder, an echo or a menu."""
    question, answer = finding.question.strip(), finding.answer.strip()
    if not 2 <= len(question) <= MAX_QUESTION_CHARS or not any(c.isalnum() for c in question):
        return False
    if PLACEHOLDER.match(answer) or normalised(answer) == normalised(question):
        return False
    return not _is_menu(finding.answer_nodes)


def _is_menu(nodes: Sequence[Tag]) -> bool:
    """Whether an answer is nothing but links (a menu, or a list of other pages)."""
    text = "".join("".join(node.get_text().split()) for node in nodes)
    links = [link for node in nodes for link in node.find_all("a", href=True)]
    linked = "".join("".join(link.get_text().split()) for link in links)
    return len(links) >= 2 and len(linked) >= 0.9 * len(text)
