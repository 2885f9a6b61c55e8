"""Question headings, and bold lines that serve as such, on a page that is judged to be a FAQ."""

import re
from collections.abc import Iterator, Sequence

from crawler.extract.blocks import Block
from crawler.extract.document import Document
from crawler.extract.findings import Finding
from crawler.language import asks


def find_headings(document: Document) -> Iterator[Finding]:
    """Headings of the question level; an answer ends at the next heading of the same or a higher rank."""
    if not document.is_faq:
        return
    level = _question_level(document.blocks)
    if not level:
        return
    for number, block in enumerate(document.blocks):
        if block.level == level:
            rest = _until_rank(document.blocks[number + 1 :], level)
            answer = [part for part in rest if not document.apart(part.nodes, block.nodes[0])]
            nodes = [node for part in answer for node in part.nodes]
            question = re.sub(r"^#+\s*|\s*#$", "", block.text)
            if nodes:
                yield Finding(question, document.markdown(nodes), "headings", block.nodes[0], tuple(nodes))


def _until_rank(blocks: Sequence[Block], level: int) -> list[Block]:
    taken = []
    for block in blocks:
        if 0 < block.level <= level:
            break
        taken.append(block)
    return taken


def _question_level(blocks: Sequence[Block]) -> int:
    """The level whose headings ask most; 0 when none has two questions among mostly questions."""
    best, best_asking = 0, 1
    for level in range(1, 8):
        texts = [block.text for block in blocks if block.level == level]
        asking = sum(map(asks, texts))
        if asking > best_asking and asking >= 0.4 * len(texts):
            best, best_asking = level, asking
    return best
