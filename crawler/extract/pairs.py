"""Explicit pairs: markup that itself says "this is a heading, that is what it opens"."""

import re
from collections.abc import Iterator, Sequence

from crawler.extract.boxes import Box, names
from crawler.extract.document import Document, ancestors
from crawler.extract.findings import Finding, bare_answer, bare_question
from crawler.language import asks

QUESTION_CLASS = re.compile(
    r"(?:^|[-_])(?:questions?|questions?-?title|pregunta|frage|domanda|pergunta|wenti|q|ask)(?:$|[-_](?:title|text|name|head|header|inner|wrap|box|block|btn|button)$|$)"
    r"|(?:faqs?|accordion|toggle|collapse|collapsible|panel|tab|expand|qa|schema-faq|rank-math|disclosure)[-_]*\w*?[-_]*(?:title|header|head|heading|trigger|q|label|button|btn|question|summary|toggle)$"
    r"|^(?:q[-_]?title|accordion|faq-?q|faqQuestion|accordionTitle|questionTitle)$",
    re.IGNORECASE,
)
ANSWER_CLASS = re.compile(
    r"(?:^|[-_])(?:answers?|respuesta|reponse|antwort|risposta|resposta|daan|resp|a|reply)(?:$|[-_](?:text|content|body|inner|wrap|box|block)$|$)"
    r"|(?:faqs?|accordion|toggle|collapse|collapsible|panel|tab|expand|qa|schema-faq|rank-math|disclosure)[-_]*\w*?[-_]*(?:content|body|text|panel|a|inner|answer|collapse|detail|details|region)$"
    r"|^(?:q[-_]?content|panel|collapse|accordion-collapse|faq-?a|faqAnswer|content)$",
    re.IGNORECASE,
)


def find_details(document: Document) -> Iterator[Finding]:
    """<details> with a <summary>."""
    for details in document.boxes:
        if details.tag == "details" and details.children and details.children[0].tag == "summary":
            yield _finding(document, details.children[0], details.children[1:], "details")


def find_definitions(document: Document) -> Iterator[Finding]:
    """<dl>: each <dt> with what follows it."""
    for dl in document.boxes:
        if dl.tag == "dl":
            pairs = _terms(dl)
            nested = any(outer.tag == "dl" for outer in ancestors(dl))
            if nested and 2 * sum(asks(terms[0].text) for terms in pairs) <= len(pairs):
                continue  # a list inside an answer
            for number, terms in enumerate(pairs):
                stop = pairs[number + 1][0].order if number + 1 < len(pairs) else dl.end
                answer = [part for box in document.cover(terms[-1].end, stop) if box.text for part in _opened(box)]
                question = " ".join(bare_question(term.text) for term in terms)
                yield Finding(question, bare_answer(document.markdown(answer)), "dl", terms[0], tuple(answer))


def _opened(box: Box) -> list[Box]:
    return (
        [part for child in box.children for part in _opened(child)]
        if box.tag in ("dd", "dl", "div") and not box.is_leaf
        else [box]
    )


def _terms(dl: Box) -> list[list[Box]]:
    """The questions of one list: each a <dt>, or several that share an answer. Markup that was never closed is no matter."""
    found: list[list[Box]] = []
    answered = True
    for part in _definition_parts(dl):
        if part.tag == "dd":
            answered = True
        elif answered:
            found.append([part])
            answered = False
        else:
            found[-1].append(part)
    return found


def _definition_parts(box: Box) -> Iterator[Box]:
    for child in box.children:
        if child.tag in ("dt", "dd"):
            yield child
        if child.tag != "dl":
            yield from _definition_parts(child)


def find_controls(document: Document) -> Iterator[Finding]:
    """A control that names the panel it opens: aria-controls, data-bs-target, data-target, href with data-toggle."""
    for control in document.boxes:
        panel = document.by_id.get(_panel_id(control)) if control.attrs else None
        if panel is not None and not panel.holds(control) and not control.holds(panel) and control.text:
            yield _finding(document, control, [panel], "control")


def _panel_id(control: Box) -> str:
    attrs = control.attrs
    toggles = attrs.get("data-toggle") or attrs.get("data-bs-toggle") or ""
    if attrs.get("aria-controls"):
        return attrs["aria-controls"].split()[0] if attrs["aria-controls"].split() else ""
    if toggles in ("collapse", "tab") or attrs.get("uk-toggle") or control.tag == "label":
        for name in ("data-bs-target", "data-target", "href", "for"):
            if value := attrs.get(name, "").strip().lstrip("#"):
                return value
    return ""


def find_classes(document: Document) -> Iterator[Finding]:
    """An element whose class says "question" (or accordion title) with the one beside it that says "answer"."""
    for box in document.boxes:
        if _has_class(box, QUESTION_CLASS) and not any(map(_is_part, list(box.walk())[1:])):
            answer = _answer_beside(box)
            yield from [_finding(document, box, answer, "classes")] if answer else []


def _is_part(box: Box) -> bool:
    return _has_class(box, QUESTION_CLASS) or _has_class(box, ANSWER_CLASS)


def _has_class(box: Box, pattern: re.Pattern[str]) -> bool:
    return any(map(pattern.search, box.classes)) or bool(pattern.search(box.attrs.get("id", "")))


def _answer_beside(box: Box) -> list[Box]:
    """The boxes of one answer: beside the question, or beside a wrapper that holds nothing but the question."""
    here = box
    for _ in range(4):
        if here.parent is None:
            return []
        siblings = here.parent.children
        after = siblings[siblings.index(here) + 1 :]
        asked = (n for n, b in enumerate(after) if _has_class(b, QUESTION_CLASS) and not _has_class(b, ANSWER_CLASS))
        answers = [sibling for sibling in after[: next(asked, len(after))] if _has_class(sibling, ANSWER_CLASS)]
        if answers or len(here.parent.text) > len(here.text) + 2:
            return [answer for answer in answers if names(answer) == names(answers[0])]
        here = here.parent
    return []


def find_named_columns(document: Document) -> Iterator[Finding]:
    """Tables whose header names a column of questions and one of answers."""
    for rows in _tables(document):
        heads = [cell.text.strip() for cell in rows[0]]
        asked = next((n for n, head in enumerate(heads) if QUESTION_COLUMN.match(head)), None)
        answered = next((n for n, head in enumerate(heads) if ANSWER_COLUMN.match(head)), None)
        if asked is not None and answered is not None and asked != answered:
            for row in rows[1:]:
                # A cell that spans several rows stands in the first only: the others are counted from their end.
                shift = len(heads) - len(row)
                if min(asked, answered) >= shift:
                    yield _finding(document, row[asked - shift], row[answered - shift].children, "table")


def find_two_columns(document: Document) -> Iterator[Finding]:
    """Tables without such a header whose last column but one asks."""
    for rows in _tables(document):
        full = [row for row in rows if len(row) in (2, 3) and row[-1].text]
        asking = sum(asks(row[-2].text) for row in full)
        if len(full) >= 2 and len(full) >= 0.6 * len(rows) and asking >= 0.6 * len(full):
            for row in full:
                yield _finding(document, row[-2], row[-1].children, "table")


def _tables(document: Document) -> Iterator[list[list[Box]]]:
    """The cells of each table, row by row."""
    for table in document.boxes:
        if table.tag == "table":
            parts = [part for child in table.children for part in (child.children if child.tag in GROUPS else [child])]
            if rows := [[c for c in row.children if c.tag in ("td", "th")] for row in parts if row.tag == "tr"]:
                yield rows


GROUPS = ("tbody", "thead", "tfoot")
QUESTION_COLUMN = re.compile(
    r"^(?:questions?|frequent(?:ly)? .*questions?|faqs?|q|问题|常见问题|問題|提问|疑问|質問|よくある質問|frage|pregunta|вопрос|problem|问题描述|故障现象|现象|症状|fehler|problème|problema|trouble)$",
    re.IGNORECASE,
)
ANSWER_COLUMN = re.compile(
    r"^(?:answers?|a|答案|解答|回答|答复|解决方[案法]|处理方[法式]|解决办法|处理办法|对策|lösung|solución|remedy|réponse|reponse|antwort|respuesta|ответ|solution)$",
    re.IGNORECASE,
)


def _finding(document: Document, head: Box, answer: Sequence[Box], rule: str) -> Finding:
    return Finding(bare_question(head.text), bare_answer(document.markdown(answer)), rule, head, tuple(answer))
