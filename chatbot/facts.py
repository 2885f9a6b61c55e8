"""What a sentence may only say if its source says it to the letter: numbers with their units, dates, links, addresses, codes, promises. Pure.

All in one spelling, whatever the language: full width, thousands commas, Chinese numerals, English number words, names of months.
"""

import re
import unicodedata
from collections.abc import Iterator, Set

# Bounded, so that no text takes long.
LINK = re.compile(
    r"https?://[^\s)\]>，。；、]{1,500}|www\.[^\s)\]>，。；、]{1,500}|(?<![a-z0-9._+-])[a-z0-9._+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}"
    r"|(?<![a-z0-9.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,20}(?![a-z0-9-])(?:/[^\s)\]>，。；、]{0,500})?",
    re.IGNORECASE,
)
ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])(?!\d)")
CHINESE_DATE = re.compile(r"(?<!\d)(?:((?:19|20)\d\d)年)?(0?[1-9]|1[0-2])月(?:(0?[1-9]|[12]\d|3[01])[日号])?")
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
ENGLISH_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({MONTH})\.?|({MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?!\d))(?:,? ((?:19|20)\d\d))?"
    rf"|\b({MONTH})\.?,? ((?:19|20)\d\d)"
)
NUMBER = re.compile(r"\d{1,30}(?:[.,:：/-]\d{1,30}){0,8}%?")
CHINESE_NUMBER = re.compile(
    r"(?<![零一二两三四五六七八九十百千万])[零一二两三四五六七八九十百千万]{1,12}(?=个?(?:天|日|工作日|小时|分钟|元|块|次|年|月|周|倍|折|件|岁|号|点|位|家|种))"
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SMALL = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
ENGLISH_NUMBERS = dict(zip((*SMALL, *TENS), (*range(2, 16), *range(20, 100, 10)), strict=True))
# Units that are one in all spellings. What is in none of these is compared as a word.
UNITS_OF = {
    "day": r"个?工作日|天|日|(?:working |business |calendar )?days?\b",
    "hour": r"个?小时|個?小時|钟头|hours?\b|hrs?\b",
    "minute": r"分钟|分鐘|minutes?\b|mins?\b",
    "week": r"个?星期|個?星期|周|週|weeks?\b",
    "month": r"个月|個月|months?\b",
    "year": r"年(?!\d)|岁|歲|years?\b",
    "yuan": r"元|块|塊|人民币|rmb\b|yuan\b|cny\b",
    "kg": r"公斤|千克|kgs?\b|kilos?\b",
    "km": r"公里|千米|km\b",
}
UNIT = {name: re.compile(rf"[ -]?(?:{pattern})") for name, pattern in UNITS_OF.items()}
CURRENCY = {"¥": "yuan", "$": "$", "€": "€", "£": "£"}
BEFORE_AMOUNT = re.compile(r"(?<![a-z])(rmb|cny|usd|us\$|eur|gbp) ?(?=\d)")
SIGN = {"rmb": "¥", "cny": "¥", "usd": "$", "us$": "$", "eur": "€", "gbp": "£"}
# Promises of price and time that have no digits.
PROMISE = re.compile(
    r"免费|免費|(?<!不)(?:收费|收費|付费|付費)|包邮|包郵|全额|全額|终身|終身|永久|当天|當天|当日|當日|次日|即时|立即|\b(?:free|full refund|lifetime|immediately|instantly|same[- ]day|next[- ]day)\b"
)
PROMISED = {
    "免費": "免费", "free": "免费", "收費": "收费", "付费": "收费", "付費": "收费", "包郵": "包邮", "全額": "全额", "full refund": "全额", "終身": "终身", "lifetime": "终身", "永久": "终身",
    "當天": "当天", "当日": "当天", "當日": "当天", "same day": "当天", "same-day": "当天", "next day": "次日", "next-day": "次日",
    "即时": "立即", "immediately": "立即", "instantly": "立即",
}  # fmt: skip
# A model or a plan: letters first, so that "100ml" is a number and a word.
CODE = re.compile(r"(?<![a-z0-9])[a-z]+-?\d[a-z0-9]*(?:-[a-z0-9]+)*(?![a-z0-9])")
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10000}


def missing(sentence: str, source: str) -> list[str]:
    """The facts of a sentence that a source does not hold. A number without a unit, in either, goes with any."""
    held = facts(source)
    numbers = {fact.partition(" ")[0] for fact in held}
    return sorted(
        fact
        for fact in facts(sentence)
        if fact not in held and not (fact.partition(" ")[0] in held if " " in fact else fact in numbers)
    )


def facts(text: str) -> Set[str]:
    """Each fact once; a number with a unit that is known is "30 day", a month "month:11"."""
    return set(_facts(text))


def without_facts(text: str) -> str:
    """The rest of a text, to be compared as words."""
    return CHINESE_NUMBER.sub(" ", LINK.sub(" ", text))


def _facts(text: str) -> Iterator[str]:
    text = re.sub("[‐-―−~～]", "-", unicodedata.normalize("NFKC", text)).casefold()
    text = BEFORE_AMOUNT.sub(lambda m: SIGN[m.group(1)], text)
    for link in LINK.findall(text):
        yield link.rstrip(".,;:!?/")
    text = LINK.sub(" ", text)
    for pattern, read in ((ISO_DATE, _of_iso), (CHINESE_DATE, _of_iso), (ENGLISH_DATE, _of_english)):
        for match in pattern.finditer(text):
            yield from read(match)
        text = pattern.sub(" ", text)
    yield from CODE.findall(text)
    text = CODE.sub(" ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = CHINESE_NUMBER.sub(lambda m: str(_value(m.group())), text)
    text = re.sub(r"[a-z]+", lambda m: str(ENGLISH_NUMBERS.get(m.group(), m.group())), text)
    for match in NUMBER.finditer(text):
        yield match.group() + _unit(text, match)
    for promise in PROMISE.findall(text):
        yield PROMISED.get(promise, promise)


def _of_iso(match: re.Match[str]) -> Iterator[str]:
    year, month, day = match.groups()
    yield f"month:{int(month)}"
    yield from (str(int(number)) for number in (year, day) if number)


def _of_english(match: re.Match[str]) -> Iterator[str]:
    before, month, other, after, year, alone, of_year = match.groups()
    yield f"month:{MONTHS.index((month or other or alone)[:3]) + 1}"
    yield from (str(int(number)) for number in (before, after, year, of_year) if number)


def _unit(text: str, number: re.Match[str]) -> str:
    before = CURRENCY.get(text[: number.start()].rstrip()[-1:], "")
    found = before or next((name for name, unit in UNIT.items() if unit.match(text, number.end())), "")
    return f" {found}" if found else ""


def _value(numeral: str) -> int:
    total, section, digit = 0, 0, 0
    for char in numeral:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char == "万":
            total, section, digit = (total + section + digit) * TIMES[char], 0, 0
        else:
            section, digit = section + (digit or 1) * TIMES[char], 0
    return total + section + digit
