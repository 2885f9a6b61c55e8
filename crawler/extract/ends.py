"""Where the last answer of a page ends, which no question follows: before its date, its owner, its signature. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from crawler.extract.boxes import Box, names
from crawler.extract.document import Document
from crawler.extract.findings import INVITATION, Finding, bare_answer, is_menu, plain

PAGE_END = re.compile(
    r"(?:最近|最后|最後|本页|本頁).{0,12}(?:更新|修改)|更新(?:时间|日期|時間|日)\s*[:：]|last (?:updated|modified|changed|edited|reviewed)|page (?:was )?last|©|\(c\) \d{4}|copyright \d|版权所有|版權所有|all rights reserved"
    r"|以上(?:内容|信息|资料|解答)|本(?:文|页)由|webmaster|page maintained|maintained by|letzte (?:änderung|aktualisierung)|zuletzt (?:geändert|aktualisiert)|dernière (?:mise à jour|modification)|última (?:actualización|modificación)|последнее обновление|最終更新",
    re.IGNORECASE,
)

AROUND = re.compile(
    r"(?:^|[-_])(?:foot(?:er)?|contact|cta|share|related|side(?:bar)?|copyright|sign(?:ature)?|date|author|meta|update[sd]?|comments?|feedback|banner|promo|newsletter|subscribe|bottom|button|btn|links?|pager|next|prev)(?:$|[-_])",
    re.IGNORECASE,
)


def trimmed(finding: Finding, document: Document) -> Finding:
    """The last answer of a page without what closes the page: its date, its owner, a row of links."""
    boxes = [
        box for part in finding.answer for box in (part.children if part.tag in ("dd", "div", "section") else [part])
    ]
    cut = next((n for n, box in enumerate(boxes) if n and _closes(box)), len(boxes))
    while cut > 1 and is_menu(boxes[cut - 1 : cut]):
        cut -= 1
    if cut < len(boxes):
        boxes = boxes[:cut]
        finding = replace(finding, text=bare_answer(document.markdown(boxes)), answer=tuple(boxes))
    return finding


def _closes(box: Box) -> bool:
    return bool(PAGE_END.search(box.text) or INVITATION.match(box.text))


def cut_last(pairs: Sequence[Finding]) -> list[Finding]:
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
    return [*others, replace(last, text=plain(kept), answer=tuple(kept))]


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
