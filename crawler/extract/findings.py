"""`Finding`: one question with its answer, as one rule saw it, and what makes a finding acceptable. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bs4 import Tag

from crawler.records import normalised

MAX_QUESTION_CHARS = 300
PLACEHOLDER = re.compile(r"^(?:tbc|tba|todo|n/?a|coming soon|待补充|待定|暂无|[\W_]*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """`node` is where the question stands (None in JSON-LD); `answer_nodes` are what the answer was made of."""

    question: str
    answer: str
    rule: str
    node: Tag | None = None
    answer_nodes: Sequence[Tag] = ()


def acceptable(finding: Finding) -> bool:
    """A question of sensible length with an answer that is more than a placeholder, an echo or a menu."""
    question, answer = finding.question.strip(), finding.answer.strip()
    if not 2 <= len(question) <= MAX_QUESTION_CHARS or not any(c.isalnum() for c in question):
        return False
    if PLACEHOLDER.match(answer) or normalised(answer) == normalised(question):
        return False
    return not is_menu(finding.answer_nodes)


def is_menu(nodes: Sequence[Tag]) -> bool:
    """Whether an answer is nothing but links (a menu, or a list of other pages)."""
    text = "".join("".join(node.get_text().split()) for node in nodes)
    links = [link for node in nodes for link in node.find_all("a", href=True)]
    linked = "".join("".join(link.get_text().split()) for link in links)
    return len(links) >= 2 and len(linked) >= 0.9 * len(text)
