"""`Finding`: one question with its answer, as one rule saw it, and what makes a finding acceptable. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.extract.boxes import Box
from crawler.extract.document import Document
from crawler.language import asks
from crawler.records import normalised

MAX_QUESTION_CHARS = 300
PLACEHOLDER = re.compile(
    r"^(?:tbc|tbd|tba|todo|n/?a|coming soon|lorem ipsum.*|loading\W*|待补充|待定|暂无|待更新|敬请期待|加载中\W*|[\W_]*)$",
    re.IGNORECASE,
)
# The words and letters that stand before a question or an answer, as in "Q:", "问题1：", "A.", "答：".
QUESTION_LABEL = re.compile(
    r"^[\s*_\[【(（]*(?:(?:Question|咨询|提问|问题?|問題?|質問|质问|Frage|Fråga|Pregunta|Pergunta|Domanda|Вопрос|질문|Q)\s*(?:\d{1,3}|[一二三四五六七八九十]+)?"
    r"[\]】)）*_]*\s*(?:[.:：、)）*]|[－–—-]+\s)|(?:F|P|В|س)\s*\d{0,3}\s*[:：]|(?:Q|问|問)\s*\d{1,3}[\]】)）*_]*\s)[*_\s]*",
    re.IGNORECASE,
)
BARE_QUESTION_LABEL = re.compile(r"^(?:Q|问|問)\s+(?=\S)|^\S{1,8}\s+[Q问問]：\s")  # the second: after a topic
ANSWER_LABEL = re.compile(
    r"^[\s*_\[【(（>]*(?:(?:Answer|Antwort|Réponse|Reponse|Respuesta|Resposta|Risposta|Ответ|答复?|回复|官方回复|答案|回答|解答|답변?)\s*\d{0,3}[\]】)）*_]*\s*(?:[.:：、)）]|[－–—-]+[*_\s])"
    r"|(?:A|R|О|ج)\s*\d{0,3}[*_]*\s*[:：]|A\s*\d{1,3}[*_]*\s*[.、)）])[*_\s]*",
    re.IGNORECASE,
)
BARE_ANSWER_LABEL = re.compile(r"^答\s+(?=\S)|^[\s*_]*[AR][.:：、)]?[*_]*[ \t]*\n+")  # the second: alone on its line
ORDINAL = re.compile(
    r"^\s*(?:[☆★●■◆▶►▪•·◎○※✦✓❓➤➢»>*]+\s*|(?:第\s*)?[一二三四五六七八九十]{1,3}\s*[、.．:：)）]\s*|[（(]\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[)）]\s*"
    r"|\d{1,3}\s*[、)）]\s*(?!\d)|\d{1,2}[:：]\s+|\d{1,3}\s*[.．](?!\d)\s*|\d{1,2}(?:\.\d{1,2}){1,4}[.)]?\s+|[①-⑳]\s*|\#{1,3}\s*)"
)
TAIL_GLYPHS = re.compile(
    r"[\s+＋−–▼▾▸►›»❯⌄∨˅×✕✚➕➖⊕⊖¶⚓∧▲▴^<>|]+$|\s*\b(?:expand_more|expand_less|keyboard_arrow_(?:down|up|right)|add|chevron_right|arrow_drop_down)$"
)
# What the button beside a question says.
TOGGLES = re.compile(
    r"(?<=[?？])\s*(?:open|close|expand|collapse|toggle|show|hide|more|展开|收起|展開|閉じる|開く|열기|닫기|펼치기|öffnen|schließen|aufklappen|ouvrir|fermer|abrir|cerrar|fechar|apri|chiudi|развернуть|открыть)$",
    re.IGNORECASE,
)
LEAD_GLYPHS = re.compile(r"^[\s+＋−▼▾▸►›»❯⌄✚➕➖⊕⊖¶⚓▲▴|]+")
# What stands below a FAQ and invites to write: it asks, but nobody asks it.
INVITATION = re.compile(
    r"^(?:(?:do you )?(?:still )?have (?:a|any|more|other|another|additional|further)?\s*(?:other |more )?questions?|still (?:have|got|need)|got (?:a|any|more|other|another) |(?:(?:any|more|other|further) )+questions|need (?:more |further |additional )?(?:help|assistance|support)"
    r"|(?:didn.t|did not|couldn.t|could not|can.t|cannot|don.t|not) (?:find|see)|was this|did this|is this (?:page|article)|how can we help|what are you looking"
    r"|(?:还是|還是|仍然|仍|依然)?(?:找不到|沒找到|没找到)(?:答案|您|你|想要)|还有(?:其他|其它|别的|更多)?(?:问题|疑问)|没有?找到|未找到|没能找到|仍有(?:问题|疑问)|仍需|以上(?:内容|回答)?是否|是否(?:解决|有帮助)|還有|沒有找到|解決しな|お探しの|見つから"
    r"|(?:hast du |haben sie )?noch (?:eine |weitere |andere )?fragen|(?:deine|ihre|eure) frage (?:war |ist )?nicht|weitere fragen|nicht (?:gefunden|dabei)"
    r"|(?:une|d.autres|encore|vous avez) (?:autres? |des |une )?questions?|vous n.avez pas trouv|¿?\s*(?:tienes|tiene|tenés|aún tienes|todavía tienes|necesitas) (?:más |otras? |alguna |más )?(?:preguntas?|dudas?|ayuda|información)|¿?\s*no (?:encuentras|encontraste|encontró|has encontrado|ves)"
    r"|(?:ainda )?(?:tem|ficou com) (?:mais |outras? |alguma )?(?:perguntas?|dúvidas?)|não encontrou|hai (?:altre |ancora )|non (?:hai|trovi)|не нашли|остались вопросы|есть вопросы|у вас (?:есть|остались))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """`head` is where the question stands (None in JSON-LD); `answer` are the boxes it was made of, `text` is Markdown."""

    question: str
    text: str
    rule: str
    head: Box | None = None
    answer: Sequence[Box] = ()


def heads_of(findings: Iterable[Finding]) -> list[Box]:
    """Where their questions stand."""
    return [finding.head for finding in findings if finding.head is not None]


def is_asked(finding: Finding, told: Collection[str]) -> bool:
    """Whether a question has the shape of one, or is among those that structured data has `told`, normalised."""
    return asks(finding.question) or normalised(finding.question) in told


def acceptable(finding: Finding) -> bool:
    """A question of sensible length with an answer that is more than a placeholder, an echo or a menu."""
    question, answer = finding.question.strip(), finding.text.strip()
    if not 2 <= len(question) <= MAX_QUESTION_CHARS or not any(c.isalnum() for c in question):
        return False
    if PLACEHOLDER.match(answer) or INVITATION.match(question):
        return False
    if len(answer) < 2 * len(question) + 20 and normalised(answer) == normalised(question):
        return False
    return not is_menu(finding.answer)


def is_menu(boxes: Sequence[Box]) -> bool:
    """Whether an answer is nothing but links (a menu, or a list of other pages)."""
    chars = sum(len(box.text) for box in boxes)
    links = sum(bool(run.href) for box in boxes for line in box.walk() for run in line.runs)
    return links >= 2 and sum(box.linked for box in boxes) >= 0.85 * chars


def leads_away(head: Box) -> bool:
    """Whether a line is a link to another page: an index, not a question."""
    return head.linked >= 0.8 * len(head.text) and any(not href.startswith("#") for href in _hrefs(head))


def points_elsewhere(head: Box, document: Document) -> bool:
    """Whether a line is a link to another place of its page: a table of contents, not a question."""
    if head.level or head.linked < 0.8 * len(head.text):
        return False
    for href in _hrefs(head):
        target = document.by_id.get(href[1:])
        near = target is not None and (target.holds(head) or head.holds(target) or target is head.parent)
        if href.startswith("#") and not near and (target is not None or href[1:] in document.line_anchors):
            return True
    return False


def _hrefs(head: Box) -> set[str]:
    return {run.href for line in head.walk() for run in line.runs if run.href}


@lru_cache(4096)  # a line is looked at as a member of several groups
def bare_question(text: str) -> str:
    """A question as it is shown to a visitor: without label, number, bullet or the glyphs of an accordion."""
    text = TOGGLES.sub("", TAIL_GLYPHS.sub("", LEAD_GLYPHS.sub("", " ".join(text.split()))).strip())
    for pattern in (ORDINAL, QUESTION_LABEL, BARE_QUESTION_LABEL, ORDINAL):
        shorter = pattern.sub("", text, count=1)
        text = shorter if any(c.isalnum() for c in shorter) else text
    return text.strip()


def bare_answer(text: str) -> str:
    """An answer without its label."""
    for pattern in (ANSWER_LABEL, BARE_ANSWER_LABEL):
        shorter = pattern.sub("", text, count=1)
        text = shorter if any(c.isalnum() for c in shorter) else text
    return text.strip()


def plain(boxes: Iterable[Box]) -> str:
    """The text of an answer; Markdown is written for what is believed."""
    return bare_answer(" ".join(box.text for box in boxes))
