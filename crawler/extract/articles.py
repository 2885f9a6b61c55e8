"""A help article that answers one question: its title is the question, its body the answer. Pure."""

import re
from collections.abc import Iterator

from crawler.extract.boxes import Box
from crawler.extract.document import Document
from crawler.extract.findings import Finding, acceptable, bare_question
from crawler.language import asks

# Classes of help desks (Zendesk, Intercom, Freshdesk, Help Scout and their like).
HELP_BODY = re.compile(
    r"^(?:article-?body|article__body|article-?content|kb-?(?:article|content|body)|solution-article|fw-content|help-?article|helpdesk-?article|fullArticle|answer)$",
    re.IGNORECASE,
)
HELP_DESK = re.compile(
    r"^(?:article-?title|article__title|kb-?title|help-?title|intercom-interblocks.*|article-votes?|fc-article-show|hc-.*|article-relatives|fullArticle)$",
    re.IGNORECASE,
)
BODY = re.compile(r"^(?:entry-content|post-content|article-text|markdown-body|rich-?text|content-body)$", re.IGNORECASE)
ANSWER = re.compile(r"^answer$", re.IGNORECASE)
HELP_PATH = re.compile(
    r"/(?:hc|help|helpcenter|help-center|support|kb|knowledge-?base|faqs?|solutions?)/", re.IGNORECASE
)
MIN_ANSWER_CHARS = 20


def find_article(document: Document) -> Iterator[Finding]:
    """The one question of an article page; nothing when its title neither asks nor stands in a help centre."""
    body = _named_body(document)
    head = _title(document, body)
    if head is None or not _is_help(document, head, body):
        return
    answer = [body] if body is not None and not body.holds(head) else _rest(document, head)
    text = document.markdown(answer)
    finding = Finding(bare_question(head.text), text, "article", head, tuple(answer))
    if acceptable(finding) and len(text) >= MIN_ANSWER_CHARS:
        yield finding


def _named_body(document: Document) -> Box | None:
    """The block that calls itself the text of an article."""
    for pattern in (HELP_BODY, BODY):
        for box in document.boxes:
            if (
                any(map(pattern.match, (*box.classes, box.attrs.get("id", ""))))
                or box.attrs.get("itemprop") == "articleBody"
            ):
                return box
    return next((box.parent for box in document.boxes if "intercom-interblocks-paragraph" in box.classes), None)


def _title(document: Document, body: Box | None) -> Box | None:
    """The only <h1>; where the site's name is one too, the heading right above the body."""
    titles = [
        box
        for box in document.boxes
        if box.level in (1, 2) and (body is None or box.order < body.order or body.holds(box))
    ]
    first = [box for box in titles if box.level == 1]
    if len(first) == 1:
        return first[0]
    return titles[-1] if titles and body is not None else None


def _is_help(document: Document, head: Box, body: Box | None) -> bool:
    """Whether the page is an article of a help centre: by its classes; by its address or an "answer", and a title that asks."""
    if any(HELP_DESK.match(name) for box in document.boxes for name in (*box.classes, box.attrs.get("id", ""))):
        return True
    answers = body is not None and any(map(ANSWER.match, (*body.classes, body.attrs.get("id", ""))))
    return asks(head.text) and (answers or bool(HELP_PATH.search(document.page.url)))


def _rest(document: Document, head: Box) -> list[Box]:
    """What follows a title inside its own container."""
    container = head.parent
    while container is not None and container.parent is not None and container.text == head.text:
        container = container.parent
    return [box for box in document.cover(head.end, container.end) if box.text] if container is not None else []
