"""`Page -> list[FaqEntry]`: small pure extractors, each for one family of markup, and how their findings merge.

Rules over the page come first, structured data last: on real pages JSON-LD often lists only some of what is shown, and
in other words. A question found twice keeps the first finding, unless it is asked under another heading with another
answer; an answer that swallows another question is dropped.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from crawler.extract.articles import find_article
from crawler.extract.belief import answered_chars, are_questions
from crawler.extract.boxes import Box, names
from crawler.extract.document import Document, ancestors, section_of
from crawler.extract.ends import trimmed
from crawler.extract.findings import Finding, acceptable, heads_of, leads_away
from crawler.extract.pairs import (
    find_classes,
    find_controls,
    find_definitions,
    find_details,
    find_named_columns,
    find_two_columns,
)
from crawler.extract.passages import PassageText, split_passages
from crawler.extract.runs import find_runs
from crawler.extract.structured import find_json_ld, find_microdata
from crawler.language import asks, detect
from crawler.records import FaqEntry, Page, entry_id, normalised

__all__ = ["Document", "extract", "passages", "read"]

Extractor = Callable[[Document], Iterator[Finding]]

# Markup that pairs a question with its answer by itself, the surest first.
EXPLICIT: tuple[Extractor, ...] = (
    find_microdata,
    find_details,
    find_definitions,
    find_controls,
    find_classes,
    find_named_columns,
    find_two_columns,
)

SAME_START_CHARS = 40
# What needs no further sign.
SURE = (find_microdata, find_named_columns)


def extract(page: Page, site: str = "") -> list[FaqEntry]:
    """Every question of a page with its answer, in the order of the page; none is an empty list. Never raises."""
    return read(Document(page), site)[0]


def passages(page: Page, site: str = "") -> list[FaqEntry]:
    """Heading-delimited passages of what a page says beside its pairs, as entries without a question. Never raises."""
    return read(Document(page), site)[1]


def read(document: Document, site: str) -> tuple[list[FaqEntry], list[FaqEntry]]:
    """Pairs, and passages of the rest; there is no rest where a page calls itself a FAQ, or where pairs hold most of it."""
    findings = _merge(document)
    sections = document.sections({finding.question for finding in findings})
    pairs = _apart([_to_entry(finding, document, site, sections) for finding in findings], site)
    if findings and (
        findings[0].rule == "article" or document.is_faq or answered_chars(findings) >= 0.5 * len(document.root.text)
    ):
        return pairs, []
    taken = [*heads_of(findings), *(box for finding in findings for box in finding.answer)]
    return pairs, _passages(document, site, taken)


def _apart(entries: Sequence[FaqEntry], site: str) -> list[FaqEntry]:
    """Entries with an id each: a question that stands under two headings is told apart by them."""
    seen: set[str] = set()
    found = []
    for entry in entries:
        if entry.id in seen:
            entry = replace(entry, id=entry_id(site, entry.url, f"{entry.question} {entry.section}"))
        if entry.id not in seen:
            seen.add(entry.id)
            found.append(entry)
    return found


def _passages(document: Document, site: str, taken: Sequence[Box]) -> list[FaqEntry]:
    counts: dict[str, int] = {}
    entries = []
    for text in split_passages(document, taken):
        number = counts[text.heading] = counts.get(text.heading, 0) + 1
        entries.append(_passage_entry(text, number, document, site))
    return entries


def _merge(document: Document) -> list[Finding]:
    told = [finding for finding in find_json_ld(document) if acceptable(finding)]
    explicit = _explicit(document, {normalised(finding.question) for finding in told})
    found = [*explicit, *find_runs(document, [*explicit, *told])]
    kept: dict[str, Finding] = {}
    for finding in [*found, *told]:
        key = normalised(finding.question)
        first = kept.setdefault(key, finding)
        if _is_of_another_section(first, finding, document):
            kept.setdefault(f"{key} {document.above(finding.head or document.root)}", finding)
    if not kept:
        kept = {finding.question: finding for finding in find_article(document)}
    found = sorted(kept.values(), key=lambda finding: finding.head.order if finding.head is not None else 1 << 30)
    return [*found[:-1], *(trimmed(finding, document) for finding in found[-1:])]


def _is_of_another_section(one: Finding, two: Finding, document: Document) -> bool:
    """Whether a question is asked once more under another heading, with another answer: how long to Germany, to France."""
    if one.head is None or two.head is None or document.above(one.head) == document.above(two.head):
        return False
    first, second = (normalised(finding.text) for finding in (one, two))
    return not first.startswith(second[:SAME_START_CHARS]) and not second.startswith(first[:SAME_START_CHARS])


def _explicit(document: Document, told: Collection[str]) -> list[Finding]:
    """Findings of the explicit rules, as far as they are believed."""
    kept: list[Finding] = []
    places: set[int] = set()  # of their questions
    around: set[int] = set()
    for extractor in EXPLICIT:
        found = [f for f in extractor(document) if acceptable(f) and not (f.head and leads_away(f.head))]
        for group in _alike(found):
            sure = extractor in SURE or are_questions(group, found, document, told)
            believed = group if sure else [finding for finding in group if normalised(finding.question) in told]
            new = [f for f in believed if f.head and f.head.order not in around and places.isdisjoint(_lineage(f.head))]
            kept += new
            places |= {head.order for head in heads_of(new)}
            around |= {order for head in heads_of(new) for order in _lineage(head)}
    placed = sorted((finding for finding in kept if finding.head is not None), key=_place)
    return [finding for finding in kept if not _is_section(finding, placed, document)]


def _lineage(box: Box) -> list[int]:
    """The places of a box and of what is around it."""
    return [box.order, *(outer.order for outer in ancestors(box))]


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings whose questions are marked up alike: those of a list of questions, apart from tabs and menus."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        head = finding.head
        if head is not None:
            outer = next((box for box in ancestors(head) if box.tag == "dl"), None) if head.tag == "dt" else head.parent
            look = (head.tag, head.attrs.get("role", ""), names(head), names(outer) if outer is not None else "")
            groups.setdefault(look, []).append(finding)
    return list(groups.values())


def _place(finding: Finding) -> int:
    return finding.head.order if finding.head is not None else -1


def _inside(box: Box, placed: Sequence[Finding]) -> Sequence[Finding]:
    """Those of findings in document order whose question stands in a box."""
    return placed[bisect_left(placed, box.order, key=_place) : bisect_left(placed, box.end, key=_place)]


def _is_section(finding: Finding, others: Sequence[Finding], document: Document) -> bool:
    """Whether the answer holds other questions: then it is a section, not an answer. `others` are in document order."""
    own = normalised(finding.question)
    inside = [other for part in finding.answer for other in _inside(part, others) if other is not finding]
    if any(normalised(other.question) != own for other in inside):
        return True
    if asks(finding.question):
        return False
    heads = [box for part in finding.answer for box in part.walk() if box.level or (box.is_leaf and box.bold)]
    return sum(asks(box.text) for box in heads) >= 2


def _to_entry(finding: Finding, document: Document, site: str, sections: Sequence[Box]) -> FaqEntry:
    url = document.page.url
    return FaqEntry(
        id=entry_id(site, url, finding.question),
        question=finding.question,
        answer=finding.text,
        url=url,
        anchor=document.anchor(finding.head),
        section=section_of(finding.head, sections),
        language=detect(f"{finding.question} {finding.text}", document.language or "en"),
        source=finding.rule,
    )


def _passage_entry(text: PassageText, number: int, document: Document, site: str) -> FaqEntry:
    url = document.page.url
    return FaqEntry(
        id=entry_id(site, url, f"{text.heading} passage {number}"),
        question="",
        answer=text.text,
        url=url,
        anchor=text.anchor,
        section=text.heading,
        language=detect(text.text, document.language or "en"),
        source="passage",
    )
