"""`Page -> list[FaqEntry]`: small pure extractors, each for one family of markup, and how their findings merge.

The DOM's rules come first, structured data last: on real pages JSON-LD often lists only some of what is shown, and
in other words. A question found twice keeps the first finding; an answer that swallows another question is dropped.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from crawler.extract.document import Document, read_document
from crawler.extract.findings import Finding, acceptable
from crawler.extract.headings import find_headings
from crawler.extract.labels import find_labels
from crawler.extract.pairs import find_buttons, find_classes, find_controls, find_definitions, find_details
from crawler.extract.passages import PassageText, split_passages
from crawler.extract.structured import find_json_ld, find_microdata
from crawler.language import detect
from crawler.records import FaqEntry, Page, entry_id, normalised

__all__ = ["extract", "passages"]

Extractor = Callable[[Document], Iterator[Finding]]

EXTRACTORS: tuple[Extractor, ...] = (
    find_microdata,
    find_details,
    find_definitions,
    find_controls,
    find_classes,
    find_buttons,
    find_labels,
    find_headings,
    find_json_ld,
)


def extract(page: Page, site: str = "") -> list[FaqEntry]:
    """Every question of a page with its answer, in the order of the page; none is an empty list. Never raises."""
    try:
        document = read_document(page)
        findings = _merge(document)
        questions = {finding.question for finding in findings}
        return [_to_entry(finding, document, site, questions) for finding in findings]
    except RecursionError:  # hundreds of tags inside each other: nothing that a person wrote
        return []


def passages(page: Page, site: str = "") -> list[FaqEntry]:
    """Heading-delimited passages of a page that holds no pairs, as entries without a question. Never raises."""
    try:
        document = read_document(page)
        texts = list(split_passages(document))
    except RecursionError:
        return []
    counts: dict[str, int] = {}
    entries = []
    for text in texts:
        number = counts[text.heading] = counts.get(text.heading, 0) + 1
        entries.append(_passage_entry(text, number, document, site))
    return entries


def _merge(document: Document) -> list[Finding]:
    findings = [finding for extractor in EXTRACTORS for finding in extractor(document) if acceptable(finding)]
    explicit = [finding for finding in findings if finding.node is not None]
    kept: dict[str, Finding] = {}
    for finding in findings:
        key = normalised(finding.question)
        if key not in kept and not _swallows(finding, explicit):
            kept[key] = finding
    return sorted(kept.values(), key=lambda finding: document.order(finding.node))


def _swallows(finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether the answer holds the question of another finding: then it is a section, not an answer."""
    inside = {id(node) for part in finding.answer_nodes for node in (part, *part.descendants)}
    if not inside:
        return False
    own = normalised(finding.question)
    return any(id(other.node) in inside and normalised(other.question) != own for other in others)


def _to_entry(finding: Finding, document: Document, site: str, questions: Collection[str]) -> FaqEntry:
    url = document.page.url
    return FaqEntry(
        id=entry_id(site, url, finding.question),
        question=finding.question,
        answer=finding.answer,
        url=url,
        anchor=document.anchor(finding.node),
        section=document.section(finding.node, questions),
        language=detect(f"{finding.question} {finding.answer}", document.language or "en"),
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
