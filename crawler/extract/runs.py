"""Questions that look alike: headings, bold lines, labelled or numbered lines, blocks of one class, repeated items.

The lines of a page are grouped by how they look; a group whose members ask is a run of questions, and what stands
between one and the next is its answer. Groups are tried from the one that asks most.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from crawler.extract.belief import is_list_of_questions
from crawler.extract.boxes import Box
from crawler.extract.document import Document, ancestors
from crawler.extract.ends import cut_last
from crawler.extract.findings import (
    Finding,
    acceptable,
    bare_answer,
    bare_question,
    heads_of,
    is_asked,
    leads_away,
    plain,
    points_elsewhere,
)
from crawler.extract.looks import Look, group
from crawler.extract.spans import stops
from crawler.language import asks
from crawler.records import normalised

# Sections of contracts and notices have headings that ask ("What we collect") and are no FAQ.
LEGAL = re.compile(
    r"privacy (?:policy|notice|statement)|terms (?:of|and|&) |cookie (?:policy|notice)|legal notice|disclaimer|(?:隐私|隱私)(?:政策|声明|聲明|条款|條款|权政策|權政策|协议)|服务条款|服務條款|(?:用户|服务|使用)协议|使用条款|免责声明|(?:个人信息|個人資料)保护?(?:说明|政策|声明)"
    r"|datenschutz(?:erklärung|hinweis)|allgemeine geschäftsbedingungen|impressum|mentions légales|politique de (?:confidentialité|cookies)|conditions générales|(?:política|aviso) de (?:privacidad|cookies)|términos y condiciones|aviso legal|политика конфиденциальност|プライバシーポリシー|利用規約",
    re.IGNORECASE,
)
# How much a look says by itself that these lines head something.
PRIOR = {
    "heading": 6,
    "label": 6,
    "class": 4,
    "trigger": 4,
    "bold": 3,
    "italic": 2,
    "glyph": 3,
    "item": 2,
    "number": 2,
    "block": 1,
    "place": 1,
    "ask": 0,
}
MAX_RUNS = 6


@dataclass(frozen=True)
class _Run:
    look: Look
    pairs: tuple[Finding, ...]
    asking: int
    empty: int

    @property
    def worth(self) -> float:
        return self.asking + 0.3 * (len(self.pairs) - self.asking) - 0.2 * self.empty + 0.1 * PRIOR[str(self.look[0])]


def find_runs(document: Document, explicit: Sequence[Finding]) -> Iterator[Finding]:
    """Runs of questions outside what `explicit` rules have found."""
    taken = list(explicit)
    found = group(document)
    told = {normalised(finding.question) for finding in explicit if finding.head is None}
    for _ in range(MAX_RUNS):
        ground = _Ground(taken)
        runs = [run for look, heads in found.items() if (run := _run(document, look, heads, ground, told))]
        good = [run for run in runs if is_list_of_questions(run.look, run.pairs, document, told, late=bool(taken))]
        if not good:
            return
        best = max(good, key=lambda run: (run.look[0] != "ask", run.worth))
        taken += best.pairs
        for pair in best.pairs:
            yield replace(pair, text=bare_answer(document.markdown(pair.answer)))


def _run(document: Document, look: Look, heads: Sequence[Box], ground: "_Ground", told: Collection[str]) -> _Run | None:
    free = _level(look, [head for head in heads if _is_free(head, ground, document)])
    if not free:
        return None
    pairs, empty = [], 0
    for head, stop in zip(free, stops(document, look, free), strict=True):
        finding = _pair(document, look, head, stop)
        if finding is None or any(map(ground.has_question, finding.answer)):
            empty += 1
        else:
            pairs.append(finding)
    if not pairs:
        return None
    pairs = cut_last(_together(document, pairs, told))
    asking = sum(is_asked(pair, told) for pair in pairs)
    return _Run(look, tuple(pairs), asking, empty)


def _level(look: Look, heads: Sequence[Box]) -> list[Box]:
    """Heads without those that stand deeper than most and ask nothing: steps and lists inside an answer."""
    if look[0] in ("heading", "label") or len(heads) < 3:
        return list(heads)
    depths = sorted(head.depth for head in heads)
    usual = min((head.depth for head in heads if asks(head.text)), default=depths[len(depths) // 2])
    return [head for head in heads if head.depth <= usual or asks(head.text)]


def _together(document: Document, pairs: Sequence[Finding], told: Collection[str]) -> list[Finding]:
    """Pairs without those outside the part of the page where questions are asked: columns, offers, addresses."""
    asked = heads_of(pair for pair in pairs if is_asked(pair, told))
    if len(asked) < 2:
        return list(pairs)
    around = next(outer for outer in ancestors(asked[0]) if all(outer.holds(head) for head in asked))
    kept = [pair for pair in pairs if pair.head is not None and around.holds(pair.head)]
    if document.is_faq or 2 * len(document.of_faq_section(asked)) <= len(asked):
        return kept
    return [pair for pair in kept if pair.head is not None and document.of_faq_section([pair.head])]


def _is_free(head: Box, ground: "_Ground", document: Document) -> bool:
    return not (
        ground.touches(head)
        or leads_away(head)
        or points_elsewhere(head, document)
        or LEGAL.search(document.above(head))
    )


class _Ground:
    """The parts of the page that findings hold already."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        heads = heads_of(findings)
        parts = [*heads, *(part for finding in findings for part in finding.answer)]
        self._heads = sorted(head.order for head in heads)
        spans = sorted((part.order, part.end) for part in parts)
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))

    def touches(self, box: Box) -> bool:
        """Whether a box stands in one of them, or around one."""
        place = bisect_left(self._starts, box.end)
        return place > 0 and self._ends[place - 1] > box.order

    def has_question(self, box: Box) -> bool:
        """Whether one of their questions stands in a box."""
        return bisect_left(self._heads, box.end) > bisect_left(self._heads, box.order)


def _pair(document: Document, look: Look, head: Box, stop: int) -> Finding | None:
    answer = document.cover(head.end, stop)
    answer = [box for box in answer if box.text or box.tag == "hr"]
    text = plain(answer)  # Markdown is written for the runs that are believed
    finding = Finding(bare_question(head.text), text, str(look[0]), head, tuple(answer))
    return finding if text and acceptable(finding) else None
