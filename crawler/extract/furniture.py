"""What belongs to a page and not to what it says: menus, footers, icons, ways back to the top, "was this helpful?". Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from lxml import etree

from crawler.extract.boxes import Run

DROPPED = frozenset(
    "script style template noscript noframes iframe object embed applet svg canvas footer select textarea dialog input "
    "option datalist audio video map progress meter title meta link base".split()
)
DROPPED_ROLES = frozenset("search banner contentinfo menu menubar alertdialog dialog complementary".split())
# Whole class names or ids only: real FAQs stand inside .widget, .modal and .side.
DROPPED_NAMES = re.compile(
    r"^(?:breadcrumbs?|crumbs?|comments?|comment-?list|comments-area|disqus_thread|cookie-?(?:banner|consent|notice|bar|law-info-bar)|"
    r"(?:site|page|main|global)[-_]?footer|footer|foot|copyright|onPageNav|table-of-contents|on-this-page|navbar|nav-?bar|site-?nav(?:igation)?|"
    r"main-?nav(?:igation)?|pagination|pager|skip-?(?:link|to-content)|sr-skip|screen-reader-shortcut|share-?(?:buttons|bar|links)|social-?share|(?:post-|entry-|article-)?meta|byline|ops)$",
    re.IGNORECASE,
)
ICON_CLASS = re.compile(
    r"(?:^|[-_\s])(?:icons?|ico|material-(?:icons|symbols)[\w-]*|glyphicon|fa|arrow|chevron|caret|indicator|plus|minus|toggle-?icon)",
    re.IGNORECASE,
)
COUNTER_CLASS = re.compile(
    r"(?:^|[-_\s])(?:no|num|number|index|idx|serial|xuhao|count(?:er)?|order)(?:$|[-_\s])", re.IGNORECASE
)
ANCHOR_GLYPHS = re.compile(r"^[#¶§⚓🔗\s]*$")
# Lines that lead around the site, not into the answer.
TO_TOP = re.compile(
    r"^[\[(↑▲^«<←\s]*(?:(?:skip|jump) to (?:main )?(?:content|navigation)|跳(?:到|至|转到|過)(?:主要)?(?:内容|內容|正文)|zum inhalt(?: springen)?|aller au contenu(?: principal)?|(?:saltar|ir) al contenido(?: principal)?"
    r"|(?:go )?back(?: to (?:the )?(?:top|index|home|menu|contents|questions?))?|(?:to )?top|return to (?:top|index|menu)|返回顶部|回到顶部|返回页首|回顶部|返回首页|返回|上一[页篇]|下一[页篇]"
    r"|戻る(?:/back)?|top ?へ(?:戻る)?|(?:ページ)?(?:の)?(?:トップ|先頭)(?:へ|に)(?:戻る)?|トップへ戻る|nach oben|zurück|(?:retour en )?haut(?: de (?:la )?page)?|retour|(?:volver )?arriba|volver|inicio|наверх|назад)[\])↑▲^»>→\s]*$",
    re.IGNORECASE,
)
CHROME_WORDS = re.compile(
    r"^(?:[\[【(（<«‹]?\s*(?:返回顶部|回到顶部|返回首页|返回列表|返回|打印(?:本页)?|打印此页|关闭(?:窗口)?|收藏|分享|上一[页篇条]|下一[页篇条]|print|close|top|back|home)\s*[\]】)）>»›]?[\s|·/]*)+$",
    re.IGNORECASE,
)
MIN_NAV_CHARS = 30
MAX_CHROME_CHARS = 120
RULE = re.compile(r"^([-=_*~·.—–─━])\1{4,}$")
# What a page asks its reader, and what it says on the buttons beside.
FEEDBACK = re.compile(
    r"^(?:was|is|did|has) th(?:is|at|e|ese)\b.{0,30}(?:help|useful|answer|solve)|^(?:did|have) (?:we|you) (?:answer|find).{0,40}\?$|^(?:copy|share|print|yes|no|close|submit|send feedback|复制|打印|分享|有用|没用|无用|有帮助|没帮助|已解决|未解决|提交评价|点赞|コピー|シェア)$"
    r"|^(?:这|本|以上|该)(?:篇|条|个|内容|文章|答案|回答|信息)?.{0,12}(?:有帮助|有用|解决了?您?的?问题|帮到您)|^(?:您|你)?(?:的问题)?是否(?:解决|对您有帮助)|^war (?:dies|diese|dieser).{0,30}hilfreich|^cet article.{0,30}utile|^¿te (?:ha sido|fue|resultó) útil|役に立ちましたか",
    re.IGNORECASE,
)


def is_furniture(element: etree._Element, tag: str, attrs: Mapping[str, str]) -> bool:
    """Whether an element with all that is in it is a menu, a footer, a script or the like."""
    if tag in DROPPED or attrs.get("role") in DROPPED_ROLES:
        return True
    if tag == "nav" or attrs.get("role") == "navigation":
        return _is_links(element)
    if tag == "label" and next(element.iter("input"), None) is not None:
        return True  # an option of a form
    if tag == "header" and _tops_the_page(element):
        # A <header> of the page is furniture; one inside an article or a card may hold the question.
        return next(element.iter("dl", "details"), None) is None and _chars(element) < 1500
    if not attrs or tag in ("body", "main", "html"):
        return False
    return ("id" in attrs and _is_named(attrs["id"])) or ("class" in attrs and _is_named(attrs["class"]))


@lru_cache(4096)  # a page repeats a few of them for all its items
def _is_named(names: str) -> bool:
    return any(map(DROPPED_NAMES.match, names.split()))


def _is_links(element: etree._Element) -> bool:
    """Whether a navigation leads on, as it should: some page builders put the answers of an accordion into <nav>."""
    text = _chars(element)
    linked = sum(map(_chars, element.iter("a")))
    return linked > 0.4 * text or text < MIN_NAV_CHARS


def _chars(element: etree._Element) -> int:
    """How many characters an element shows: indentation and scripts are none."""
    scripts = sum(
        len("".join(text.split())) for script in element.iter("script", "style") for text in script.itertext()
    )
    return sum(len("".join(text.split())) for text in element.itertext()) - scripts


def _tops_the_page(element: etree._Element) -> bool:
    outer = element.getparent()
    while (
        outer is not None and outer.tag == "div" and outer.getparent() is not None and outer.getparent().tag == "body"
    ):
        outer = outer.getparent()
    return outer is not None and outer.tag == "body"


def is_ornament(element: etree._Element, tag: str, attrs: Mapping[str, str]) -> bool:
    """An icon, a link from a heading to itself, or the name of its language above a block of code."""
    if tag == "a":
        href = attrs.get("href", "")
        text = "".join(element.itertext()).strip()
        if href.lower().startswith("javascript:"):
            return bool(FEEDBACK.match(text)) and len(text) <= 8
        return href.startswith("#") and bool(ANCHOR_GLYPHS.match(text))
    if tag not in ("i", "span", "em", "b"):
        return False
    names = attrs.get("class", "")
    if not names:
        return False
    if "lang" in names.split():
        outer = element.getparent()
        return outer is not None and "language-" in outer.get("class", "")
    text = "".join(element.itertext()).strip()
    if COUNTER_CLASS.search(names) and re.fullmatch(r"(?:Q|No\.?)?\s*\d{1,3}\s*[.、:：]?", text):
        return True
    return bool(ICON_CLASS.search(names)) and _is_glyph(text)


def _is_glyph(text: str) -> bool:
    return len(text) <= 2 or bool(re.fullmatch(r"[a-z]+(?:_[a-z]+)*", text))


def is_chrome(text: str, runs: Sequence[Run], tag: str) -> bool:
    """Whether a line belongs to the page's own workings: a rule, a way back to the top, "was this helpful?", "Copy"."""
    if len(text) > MAX_CHROME_CHARS:
        return bool(RULE.match(text))
    if RULE.match(text) or (len(text) > 4 and CHROME_WORDS.match(text)):
        return True
    if FEEDBACK.match(text) and (tag == "button" or len(text) > 8):
        return True
    return all(run.href for run in runs if run.text.strip()) and bool(TO_TOP.match(text))
