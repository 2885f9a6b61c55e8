"""Structured data: schema.org FAQPage and QAPage as JSON-LD, microdata and RDFa."""

import json
import re
from collections.abc import Iterator
from typing import Any

from crawler.extract.boxes import Box
from crawler.extract.document import Document, parse
from crawler.extract.findings import Finding, bare_question
from crawler.extract.tree import build

WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)
ITEM = re.compile(r"(?:schema\.org/|^schema:|^)Question$", re.IGNORECASE)


def find_json_ld(document: Document) -> Iterator[Finding]:
    """Question items of every JSON-LD block; a block that is no JSON is passed over without losing the others."""
    for script in document.json_ld:
        for item in _questions(_json(script), 0):
            yield from _from_item(item, document)


def _json(script: str) -> Any:
    text = WRAPPING.sub("", script).strip().rstrip(";")
    # A comma before a closing bracket is the commonest slip of templates.
    for candidate in (text, re.sub(r",\s*([\]}])", r"\1", text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _questions(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 20:
        return
    if isinstance(data, list):
        for item in data:
            yield from _questions(item, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type", "")
        if "Question" in (kinds if isinstance(kinds, list) else [kinds]):
            yield data
        else:
            for value in data.values():
                if isinstance(value, dict | list):
                    yield from _questions(value, depth + 1)


def _from_item(item: dict[str, Any], document: Document) -> Iterator[Finding]:
    answers = item.get("acceptedAnswer") or item.get("suggestedAnswer") or {}
    first = next(iter(answers), {}) if isinstance(answers, list) else answers
    question, answer = item.get("name") or item.get("text"), first.get("text") if isinstance(first, dict) else first
    if isinstance(question, str) and isinstance(answer, str) and question.strip() and answer.strip():
        shown = bare_question(build(parse(f"<p>{question}")).root.text)
        body = build(parse(answer if "<" in answer else "<p>" + answer.strip().replace("\n", "<br>"))).root
        yield Finding(shown, document.markdown([body]), "jsonld")


def find_microdata(document: Document) -> Iterator[Finding]:
    """Elements with itemtype …schema.org/Question, or typeof=Question (RDFa)."""
    for item in document.boxes:
        if ITEM.search(item.attrs.get("itemtype", "").strip()) or ITEM.search(item.attrs.get("typeof", "").strip()):
            parts = {prop: box for box in reversed(list(item.walk())) for prop in _props(box)}
            name = parts.get("name") or parts.get("schema:name")
            answer = next(
                (parts[p] for p in ("acceptedAnswer", "suggestedAnswer", "schema:acceptedAnswer") if p in parts), None
            )
            if name is not None and answer is not None and not answer.holds(name):
                text = next((box for box in answer.walk() if {"text", "schema:text"} & set(_props(box))), answer)
                yield Finding(bare_question(name.text), document.markdown([text]), "microdata", name, (text,))


def _props(box: Box) -> list[str]:
    return [*box.attrs.get("itemprop", "").split(), *box.attrs.get("property", "").split()]
