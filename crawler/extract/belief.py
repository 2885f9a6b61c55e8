"""Whether what looks alike on a page is its questions: by how many ask, by what the page calls itself, by what else it says.

Pure. The shares are of the real pages that the rules were made on.
"""

import re
from collections.abc import Collection, Sequence

from crawler.extract.document import Document
from crawler.extract.findings import ANSWER_LABEL, Finding, heads_of, is_asked
from crawler.extract.looks import Look
from crawler.records import normalised

# A problem told as a statement: something is not, does not, cannot; somebody speaks; or it is a whole sentence.
PROBLEM = re.compile(
    r"[不没無无找]|失败|错误|報錯|报错|报警|异常|掉线|卡住|我|したい|ない|ません|しまう|られ|n['’]t\b|\b(?:not|no|never|cannot|can't|fails?|failed|errors?|broken|stuck|lost|wrong|slow|crash\w*|problems?|i|my|we)\b"
    r"|\b(?:pas|ne|impossible|erreur|je|mon|ma|mes|nicht|kein\w*|fehler|ich|mein\w*|no|error|mi|não|erro|meu|minha|non|errore|mio|mia)\b|(?:^|\s)(?:не|нет|ошибк\w*|я|мой|моя)(?:\s|$)|안|못|오류|[ぁ-ん][るたいすん]$|[.!。！]$",
    re.IGNORECASE,
)
ASKS_BY_MARK = re.compile(r"[?？؟]\W*$|吗$|呢$|怎么办$|^(?:如何|怎么|怎样|为什么|什么是)|[かの]$")


def are_questions(
    group: Sequence[Finding], found: Sequence[Finding], document: Document, told: Collection[str]
) -> bool:
    """Whether pairs that look alike are questions and answers: they ask; or, on a FAQ page, they are what it says."""
    asking = sum(is_asked(finding, told) for finding in group)
    if not document.says_faq(heads_of(group)):
        total = sum(is_asked(finding, told) for finding in found)
        return total >= 2 and total >= 0.4 * len(found) and asking >= 0.4 * len(group)
    if asking >= 0.3 * len(group):
        return True
    return not any(is_asked(finding, told) for finding in found) and covers(document, found)


def is_list_of_questions(
    look: Look, pairs: Sequence[Finding], document: Document, told: Collection[str], *, late: bool
) -> bool:
    """Whether lines that look alike are questions with answers; `late` says that questions were found elsewhere."""
    count, kind = len(pairs), look[0]
    says_faq = document.says_faq(heads_of(pairs))
    asking = sum(is_asked(pair, told) for pair in pairs)
    if look[:2] == ("heading", 1) and count == 1:
        return False  # the title of an article
    share = asking / count
    known = sum(normalised(pair.question) in told for pair in pairs)
    if known >= 2 and known >= 0.5 * count:
        return True
    if kind == "label":
        return count >= 2 or any(ANSWER_LABEL.match(pair.answer[0].text) for pair in pairs)
    if kind == "ask":
        return says_faq and count >= 3
    if says_faq:
        enough = 0.3 if kind in ("heading", "class", "trigger") and not late else 0.5
        if late and asking < 2:
            return False
        if asking >= (1 if kind in ("heading", "class", "trigger", "bold") else 2) and share >= enough:
            return True
        sure = kind in ("heading", "item", "class", "trigger") or (kind == "bold" and asking)
        return bool(sure) and count >= 3 and _states_problems(pairs, document)
    if kind == "place" or asking < 3 or share < 0.6:
        return False
    # Elsewhere headings must say so by their mark, and not be the sections of a page that sells: those have headings of their own.
    marked = sum(bool(ASKS_BY_MARK.search(pair.question)) or normalised(pair.question) in told for pair in pairs)
    return kind != "heading" or (marked >= 0.5 * count and 2 * sum(map(_is_divided, pairs)) < count)


def _is_divided(pair: Finding) -> bool:
    """Whether an answer is divided by headings, and not just one itself."""
    lines = [box.in_heading for part in pair.answer for box in part.walk() if box.tag == "line"]
    return any(lines) and not all(lines)


def answered_chars(pairs: Sequence[Finding]) -> int:
    """How much of a page stands in these questions and answers."""
    return sum(len(pair.question) + sum(len(part.text) for part in pair.answer) for pair in pairs)


def covers(document: Document, pairs: Sequence[Finding]) -> bool:
    """Whether most of the page's text stands in these answers: then even statements are what it is asked."""
    return answered_chars(pairs) >= 0.7 * sum(len(line.text) for line in document.lines if not line.linked)


def _states_problems(pairs: Sequence[Finding], document: Document) -> bool:
    """Whether what is titled a FAQ heads its text with what goes wrong for people, as many a troubleshooting page does."""
    heads = heads_of(pairs)
    titled = document.is_titled_faq or document.in_faq_section(heads)
    problems = sum(bool(PROBLEM.search(pair.question)) for pair in pairs)
    return titled and problems >= 0.3 * len(pairs) and covers(document, pairs)
