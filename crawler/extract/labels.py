"""Questions and answers that are labelled in the text: Q: / A:, 问：/ 答：."""

import re
from collections.abc import Iterator

from bs4 import Tag

from crawler.extract.blocks import Block
from crawler.extract.document import Document
from crawler.extract.findings import Finding

LABEL = r"\s*[*_]*\s*"
QUESTION_LABEL = re.compile(
    r"^(?:Q|问题?|問題?|Question|Frage|Pregunta|Вопрос)\s*\d*\s*[*_]*\s*[.:：、)）]" + LABEL, re.IGNORECASE
)
ANSWER_LABEL = re.compile(
    r"^(?:A|答案?|Answer|Antwort|Réponse|Respuesta|Ответ)\s*\d*\s*[*_]*\s*[.:：、)）]" + LABEL, re.IGNORECASE
)


def find_labels(document: Document) -> Iterator[Finding]:
    """Runs of lines that begin with a question label, then an answer label; the answer lasts to the next label or heading."""
    question: str = ""
    start: Tag | None = None
    answer: list[str] = []
    nodes: list[Tag] = []
    for block, line in _lines(document):
        bare = re.sub(r"^[*_#\s>-]+", "", line)
        if QUESTION_LABEL.match(bare) or (block.level in range(1, 7) and question):
            if answer:
                yield Finding(question, "\n\n".join(answer).strip(), "labels", start, tuple(nodes))
            question, start, answer, nodes = "", None, [], []
        if match := QUESTION_LABEL.match(bare):
            question, start = re.sub(r"[*_]+$", "", bare[match.end() :]).strip(), block.nodes[0]
        elif start and document.apart(block.nodes, start):
            continue
        elif question and (answer or ANSWER_LABEL.match(bare)):
            answer.append(ANSWER_LABEL.sub("", bare) if not answer else line)
            nodes.extend(node for node in block.nodes if node is not start and node not in nodes)
    if question and answer:
        yield Finding(question, "\n\n".join(answer).strip(), "labels", start, tuple(nodes))


def _lines(document: Document) -> Iterator[tuple[Block, str]]:
    """Markdown lines of the blocks; a paragraph that holds a label after a line break is split there."""
    for block in document.blocks:
        text = document.markdown(list(block.nodes))
        pieces = [text]
        if QUESTION_LABEL.match(re.sub(r"^[*_#\s>-]+", "", text)):
            pieces = re.split(
                r"\n+(?=[*_\s>-]*(?:A|答案?|Answer|Antwort|Réponse|Respuesta)\s*\d*\s*[*_]*\s*[.:：])",
                text,
                maxsplit=1,
            )
        for piece in pieces:
            yield block, piece.strip()
