"""Questions that look alike: headings, bold lines, labelled or numbered lines, blocks of one class, repeated items.

The lines of a page are grouped by how they look; a group whose members ask is a run of questions, and what stands
between one and the next is its answer. Groups are tried from the one that asks most.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from crawler.extract.boxes import Box, names
from crawler.extract.document import Document, ancestors
from crawler.extract.findings import (
    ANSWER_LABEL,
    Finding,
    acceptable,
    bare_answer,
    bare_question,
    leads_away,
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
AROUND = re.compile(
    r"(?:^|[-_])(?:foot(?:er)?|contact|cta|share|related|side(?:bar)?|copyright|sign(?:ature)?|date|author|meta|update[sd]?|comments?|feedback|banner|promo|newsletter|subscribe|bottom|button|btn|links?|pager|next|prev)(?:$|[-_])",
    re.IGNORECASE,
)
# A problem told as a statement: something is not, does not, cannot; somebody speaks; or it is a whole sentence.
PROBLEM = re.compile(
    r"[不没無无找]|失败|错误|報錯|报错|报警|异常|掉线|卡住|我|したい|ない|ません|しまう|られ|n['’]t\b|\b(?:not|no|never|cannot|can't|fails?|failed|errors?|broken|stuck|lost|wrong|slow|crash\w*|problems?|i|my|we)\b"
    r"|\b(?:pas|ne|impossible|erreur|je|mon|ma|mes|nicht|kein\w*|fehler|ich|mein\w*|no|error|mi|não|erro|meu|minha|non|errore|mio|mia)\b|(?:^|\s)(?:не|нет|ошибк\w*|я|мой|моя)(?:\s|$)|안|못|오류|[ぁ-ん][るたいすん]$|[.!。！]$",
    re.IGNORECASE,
)
ASKS_BY_MARK = re.compile(r"[?？؟]\W*$|吗$|呢$|怎么办$|^(?:如何|怎么|怎样|为什么|什么是)|[かの]$")
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
        good = [run for run in runs if _convinces(run, document, told, bool(taken))]
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
    pairs = _cut_last(document, _together(document, pairs, told))
    asking = sum(_asks(pair, told) for pair in pairs)
    return _Run(look, tuple(pairs), asking, empty)


def _asks(finding: Finding, told: Collection[str]) -> bool:
    return asks(finding.question) or normalised(finding.question) in told


def _level(look: Look, heads: Sequence[Box]) -> list[Box]:
    """Heads without those that stand deeper than most and ask nothing: steps and lists inside an answer."""
    if look[0] in ("heading", "label") or len(heads) < 3:
        return list(heads)
    depths = sorted(head.depth for head in heads)
    usual = min((head.depth for head in heads if asks(head.text)), default=depths[len(depths) // 2])
    return [head for head in heads if head.depth <= usual or asks(head.text)]


def _together(document: Document, pairs: Sequence[Finding], told: Collection[str]) -> list[Finding]:
    """Pairs without those outside the part of the page where questions are asked: columns, offers, addresses."""
    asked = [pair.head for pair in pairs if pair.head is not None and _asks(pair, told)]
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
        heads = [finding.head for finding in findings if finding.head is not None]
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
    text = _plain(answer)  # Markdown is written for the runs that are believed
    finding = Finding(bare_question(head.text), text, str(look[0]), head, tuple(answer))
    return finding if text and acceptable(finding) else None


def _cut_last(document: Document, pairs: Sequence[Finding]) -> list[Finding]:
    """The last answer of a flow has no question after it: it ends before the first block unlike those of the others."""
    *others, last = pairs
    if len(others) < 2 or len(last.answer) < 2:
        return list(pairs)
    seen = {_make(part) for pair in others for part in pair.answer}
    kept = [last.answer[0]]
    for part in last.answer[1:]:
        if _make(part) not in seen and _is_foreign(part):
            break
        kept.append(part)
    if len(kept) == len(last.answer):
        return list(pairs)
    return [*others, replace(last, text=_plain(kept), answer=tuple(kept))]


def _make(box: Box) -> tuple[str, str, str]:
    return box.tag, names(box), _alignment(box)


def _alignment(box: Box) -> str:
    """Signatures and notices stand to the right or in the middle; answers seldom do."""
    found = re.search(r"text-align\s*:\s*(right|center)", box.attrs.get("style", "")) or re.fullmatch(
        r"(right|center)", box.attrs.get("align", "")
    )
    return found.group(1) if found else ""


def _is_foreign(box: Box) -> bool:
    """Whether a block that no other answer has is likely to be no answer: a form, a call to act, a signature, links."""
    if box.tag == "hr" or _alignment(box):
        return True
    if any(map(AROUND.search, (*box.classes, box.attrs.get("id", "")))) or box.tag in ("form", "aside", "address"):
        return True
    inside = list(box.walk())
    if any(inner.tag in ("pre", "table") for inner in inside):
        return False
    return box.tag in ("div", "section", "center") and (
        any(inner.level or inner.tag == "button" for inner in inside) or 2 * box.linked > len(box.text)
    )


def _plain(boxes: Sequence[Box]) -> str:
    return bare_answer(" ".join(box.text for box in boxes))


def _convinces(run: _Run, document: Document, told: Collection[str], late: bool) -> bool:
    """Whether a group of lines that look alike is a list of questions; `late` says that questions were found elsewhere."""
    count, kind = len(run.pairs), run.look[0]
    says_faq = document.says_faq([pair.head for pair in run.pairs if pair.head is not None])
    if run.look[:2] == ("heading", 1) and count == 1:
        return False  # the title of an article
    share = run.asking / count
    known = sum(normalised(pair.question) in told for pair in run.pairs)
    if known >= 2 and known >= 0.5 * count:
        return True
    if kind == "label":
        return count >= 2 or any(ANSWER_LABEL.match(pair.answer[0].text) for pair in run.pairs)
    if kind == "ask":
        return says_faq and count >= 3
    if says_faq:
        enough = 0.3 if kind in ("heading", "class", "trigger") and not late else 0.5
        if late and run.asking < 2:
            return False
        if run.asking >= (1 if kind in ("heading", "class", "trigger", "bold") else 2) and share >= enough:
            return True
        sure = kind in ("heading", "item", "class", "trigger") or (kind == "bold" and run.asking)
        return bool(sure) and count >= 3 and _states_problems(run, document)
    if kind == "place" or run.asking < 3 or share < 0.6:
        return False
    # Elsewhere headings must say so by their mark, and not be the sections of a page that sells: those have headings of their own.
    marked = sum(bool(ASKS_BY_MARK.search(pair.question)) or normalised(pair.question) in told for pair in run.pairs)
    return kind != "heading" or (marked >= 0.5 * count and 2 * sum(map(_is_section, run.pairs)) < count)


def _is_section(pair: Finding) -> bool:
    """Whether an answer is divided by headings, and not just one itself."""
    lines = [box.in_heading for part in pair.answer for box in part.walk() if box.tag == "line"]
    return any(lines) and not all(lines)


def answered_chars(pairs: Sequence[Finding]) -> int:
    """How much of a page stands in these questions and answers."""
    return sum(len(pair.question) + sum(len(part.text) for part in pair.answer) for pair in pairs)


def covers(document: Document, pairs: Sequence[Finding]) -> bool:
    """Whether most of the page's text stands in these answers: then even statements are what it is asked."""
    return answered_chars(pairs) >= 0.7 * sum(len(line.text) for line in document.lines if not line.linked)


def _states_problems(run: _Run, document: Document) -> bool:
    """Whether what is titled a FAQ heads its text with what goes wrong for people, as many a troubleshooting page does."""
    heads = [pair.head for pair in run.pairs if pair.head is not None]
    titled = document.is_titled_faq or document.in_faq_section(heads)
    problems = sum(bool(PROBLEM.search(pair.question)) for pair in run.pairs)
    return titled and problems >= 0.3 * len(run.pairs) and covers(document, run.pairs)
