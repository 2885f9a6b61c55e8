"""Structured data: schema.org FAQPage and QAPage as JSON-LD and as microdata."""

import json
import re
from collections.abc import Iterator
from typing import Any

from bs4 import Tag

from crawler.extract.document import Document, soup_of, text_of
from crawler.extract.findings import Finding


def find_json_ld(document: Document) -> Iterator[Finding]:
    """Question items of every JSON-LD block; a block that is no JSON is passed over without losing the others."""
    for script in document.json_ld:
        text = re.sub(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\]\]>|\]\]>)\s*$", "", script)
        try:
            items = list(_questions(json.loads(text, strict=False)))
        except (ValueError, RecursionError):
            continue
        for item in items:
            yield from _from_item(item, document)


def _questions(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for item in data:
            yield from _questions(item)
    elif isinstance(data, dict):
        kinds = data.get("@type", "")
        if "Question" in (kinds if isinstance(kinds, list) else [kinds]):
            yield data
        else:
            for value in data.values():
                if isinstance(value, dict | list):
                    yield from _questions(value)


def _from_item(item: dict[str, Any], document: Document) -> Iterator[Finding]:
    answers = item.get("acceptedAnswer") or item.get("suggestedAnswer") or {}
    first = next(iter(answers), {}) if isinstance(answers, list) else answers
    question, answer = (
        item.get("name") or item.get("text"),
        first.get("text") if isinstance(first, dict) else first,
    )
    if isinstance(question, str) and isinstance(answer, str):
        html = soup_of(answer if "<" in answer else answer.strip().replace("\n", "<br>"))
        shown = text_of(soup_of(question))
        yield Finding(shown, document.markdown([html.body or html]), "jsonld")


def find_microdata(document: Document) -> Iterator[Finding]:
    """Elements with itemtype …schema.org/Question."""
    for item in document.soup.find_all(itemtype=re.compile(r"schema\.org/Question$", re.IGNORECASE)):
        name = item.find(itemprop="name")
        answer = item.find(itemprop=re.compile("^(?:accepted|suggested)Answer$"))
        if isinstance(name, Tag) and isinstance(answer, Tag):
            text = answer.find(itemprop="text")
            body = text if isinstance(text, Tag) else answer
            yield Finding(text_of(name), document.markdown([body]), "microdata", name, (body,))
