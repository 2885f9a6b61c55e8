"""Explicit pairs: markup that itself says "this is a heading, that is what it opens"."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from crawler.extract.document import Document, text_of
from crawler.extract.findings import Finding
from crawler.language import asks

QUESTION_CLASS = re.compile(
    r"(?:^|[-_])(?:question|questions?-?title|pregunta|frage|wenti|q)(?:$|[-_])|(?:faq|accordion|toggle|collapse|panel|tab)[-_]?\w*[-_](?:title|header|head|heading|trigger|q|label|button)"
    r"|^(?:q[-_]?title|accordion|faq-?q|faq[Qq]uestion|accordionTitle)$",
    re.IGNORECASE,
)
ANSWER_CLASS = re.compile(
    r"(?:^|[-_])(?:answer|answers|respuesta|reponse|antwort|daan|resp|a)(?:$|[-_])|(?:faq|accordion|toggle|collapse|panel|tab)[-_]?\w*[-_](?:content|body|text|panel|a|inner)"
    r"|^(?:q[-_]?content|panel|collapse|accordion-collapse|faq-?a|faq[Aa]nswer)$",
    re.IGNORECASE,
)


def find_details(document: Document) -> Iterator[Finding]:
    """<details> with a <summary>."""
    for details in document.soup.find_all("details"):
        summary = details.find("summary", recursive=False)
        if isinstance(summary, Tag):
            body = [child for child in details.children if isinstance(child, Tag) and child is not summary]
            loose = _without(details, summary)
            yield Finding(text_of(summary), document.markdown([loose]), "details", summary, tuple(body) or (loose,))


def _without(parent: Tag, child: Tag) -> Tag:
    """A copy of `parent` as a plain block, without one of its children (loose text counts as answer too)."""
    copy = BeautifulSoup("<div></div>", "lxml").div
    assert copy is not None  # noqa: S101 - a literal
    for node in parent.contents:
        if node is not child:
            copy.append(node.__copy__())
    return copy


def find_definitions(document: Document) -> Iterator[Finding]:
    """<dl>: each <dt> with the <dd> that follow, on a FAQ page or where most terms ask something."""
    for dl in document.soup.find_all("dl"):
        pairs = list(_terms(dl))
        asking = sum(asks(text_of(terms[0])) for terms, _ in pairs)
        if document.is_faq or (len(pairs) >= 2 and asking >= 0.5 * len(pairs)):
            for terms, bodies in pairs:
                question = " ".join(text_of(term) for term in terms)
                yield Finding(_unlabelled(question), document.markdown(bodies), "dl", terms[0], tuple(bodies))


def _terms(dl: Tag) -> Iterator[tuple[list[Tag], list[Tag]]]:
    terms: list[Tag] = []
    bodies: list[Tag] = []
    for node in dl.find_all(["dt", "dd"]):
        if node.find_parent("dl") is not dl:
            continue
        if node.name == "dt":
            if bodies:
                yield terms, bodies
                terms, bodies = [], []
            terms.append(node)
        elif terms:
            bodies.append(node)
    if terms and bodies:
        yield terms, bodies


def _unlabelled(question: str) -> str:
    return re.sub(r"^(?:问|問|Q)\s*[:：]?\s+", "", question)


def find_controls(document: Document) -> Iterator[Finding]:
    """A control that names the panel it opens: aria-controls, data-bs-target, data-target, href with data-toggle."""
    for control in document.soup.find_all(_names_panel):
        panel = document.soup.find(id=_panel_id(control))
        question = text_of(control)
        if isinstance(panel, Tag) and panel is not control and control not in panel.descendants and question:
            yield Finding(question, document.markdown([panel]), "control", control, (panel,))


def _names_panel(node: Tag) -> bool:
    toggles = str(node.get("data-toggle") or node.get("data-bs-toggle") or "")
    return bool(node.get("aria-controls")) or toggles == "collapse"


def _panel_id(control: Tag) -> str:
    for name in ("aria-controls", "data-bs-target", "data-target", "href"):
        value = str(control.get(name) or "").strip().lstrip("#")
        if value:
            return value
    return ""


def find_classes(document: Document) -> Iterator[Finding]:
    """An element whose class says "question" (or accordion title) with the one beside it that says "answer"."""
    for node in document.soup.find_all(lambda tag: _has_class(tag, QUESTION_CLASS)):
        if node.find(lambda tag: _has_class(tag, QUESTION_CLASS) or _has_class(tag, ANSWER_CLASS)):
            continue
        answer = _answer_beside(node)
        if answer is not None:
            yield Finding(text_of(node), document.markdown([answer]), "classes", node, (answer,))


def _has_class(tag: Tag, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(name) for name in tag.get_attribute_list("class") if name)


def _answer_beside(node: Tag) -> Tag | None:
    here = node
    for _ in range(3):
        for sibling in here.find_next_siblings():
            if _has_class(sibling, QUESTION_CLASS) and not _has_class(sibling, ANSWER_CLASS):
                break
            if _has_class(sibling, ANSWER_CLASS):
                return sibling
        parent = here.parent
        # Climb only while the wrapper holds nothing but the question.
        if parent is None or len(text_of(parent)) > len(text_of(here)) + 2:
            return None
        here = parent
    return None


def find_buttons(document: Document) -> Iterator[Finding]:
    """<button> right before a block, at least twice on the page: the hand-made accordion."""
    found = []
    for button in document.soup.find_all("button"):
        panel = button.find_next_sibling()
        if (
            isinstance(panel, Tag)
            and panel.name in ("div", "section", "p")
            and text_of(panel)
            and not panel.find("button")
        ):
            found.append(Finding(text_of(button), document.markdown([panel]), "button", button, (panel,)))
    if len(found) >= 2:
        yield from found
