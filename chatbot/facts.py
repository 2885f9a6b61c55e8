"""What a sentence may only say if its source says it to the letter: numbers with their units, dates, links, addresses, codes, promises. Pure.

All in one spelling, whatever the language: full width, thousands commas, Chinese numerals, English number words, names of months.
"""

import re
import unicodedata
from collections.abc import Iterator, Set
from decimal import Decimal

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
NUMBER = re.compile(r"\d{1,30}(?:[.,:：/-]\d{1,30}){0,8}[%‰‱]?")
TRAILING = re.compile(r"(?<![\d.,:/-])(\d{1,12})\.(\d{0,6}?)0+(?![\d.,:/-])")
# Alone, a numeral is a number before what is counted only ("一起", "十分方便"); "千万" and "万一" are words.
NUMERAL = "零〇一二两兩三四五六七八九十百千万萬亿億"
COUNTED = r"个?(?:天|日|工作日|小时|小時|钟头|分钟|分鐘|秒|元|块|塊|圆|美元|欧元|港元|港币|英镑|日元|次|年|月|周|週|星期|倍|折|件|岁|歲|号|點|点|位|家|种|人|成|斤|公斤|千克|克|米|公里|厘米|毫米|升|毫升|寸|英寸|度|伏|瓦|层|級|级)"
CHINESE_NUMBER = re.compile(
    rf"(?<![{NUMERAL}\d])(?!千[克米瓦卡]|千万(?![元块美人])|万一|一一)(?:[{NUMERAL}]{{2,12}}|[{NUMERAL}](?={COUNTED})|[二两兩三四五六七八九十](?=[个個张条台套瓶杯本支盒箱包袋双只项款名步页遍]))"
)
# "百分之五", "百分之三点五", "千分之五"; "三分之二".
DECIMAL = rf"[{NUMERAL}]{{1,8}}(?:点[零〇一二三四五六七八九]{{1,4}})?|\d{{1,12}}(?:\.\d{{1,6}})?"
PERCENT_OF = re.compile(rf"([百千万])分之({DECIMAL})")
FRACTION = re.compile(r"([二三四五六七八九十]|\d{1,2})分之([一二三四五六七八九十]|\d{1,2})")
POINTED = re.compile(rf"([{NUMERAL}]{{1,6}})点([零〇一二三四五六七八九]{{1,4}})(?=[元块塊倍折米斤公千克升寸度万亿])")
ONE_AND_A_HALF = re.compile(rf"([{NUMERAL}]|\d{{1,3}})[个個]半(?=小时|小時|月|钟头|星期)")
DISCOUNT = re.compile(r"(?<![\d.])([1-9])([1-9])(?=折)")
NUMERAL_DATE = re.compile(rf"(?:([{NUMERAL}]{{4}})年)?([{NUMERAL}]{{1,3}})月([{NUMERAL}]{{1,3}})[日号號]")
WAN_QIAN = re.compile(r"(?<![\d.])(\d{1,6})[万萬](\d)千(?![克米瓦卡])")
HUNDRED_AND = re.compile(r"\b(\d) hundred(?: and)? (\d{1,2})\b")
RANGE = re.compile(r"(?<=\d)\s{0,3}(?:to|到|至|-)\s{0,3}(?=\d)")
PERCENT = re.compile(r"(?<=\d)(?: %| ?(?:per ?cent|pct)\b)")
# "3万", "1.5亿"; but "5千克" is a weight.
MULTIPLIED = re.compile(
    r"(?<![\d.,])(\d{1,12}(?:\.\d{1,6})?) ?(?:(百|千(?![克米瓦卡])|万|萬|亿|億)(万|萬|亿|億)?|(hundred|thousand|million|billion)\b)"
)
HALF = re.compile(r"半(?=个?(?:天|日|小时|小時|年|月|价|價|斤|钟头))|(?<=[年天月点點倍周])半|个半|\bhalf\b")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ONES = "one two three four five six seven eight nine".split()
SMALL = (*ONES[1:], *"ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())
ENGLISH_NUMBERS = dict(zip((*SMALL, *TENS), (*range(2, 20), *range(20, 100, 10)), strict=True))
# "twenty-five", "a hundred"; "one" alone is seldom a number.
COMPOUND = re.compile(rf"\b({'|'.join(TENS)})[- ]({'|'.join(ONES)})\b")
ONE = re.compile(
    r"\b(?:an?|one)(?= (?:hundred|thousand|million|billion)\b)|(?<=\bwithin )an?(?= (?:day|hour|minute|week|month|year)\b)|\bone(?=[ -](?:working |business |calendar )?(?:day|hour|minute|second|week|month|year|yuan|dollar|euro|pound)\b)"
)
# Units that are one in all spellings. What is in none of these is compared as a word.
UNITS_OF = {
    "workday": r"个?工作日|個?工作日|(?:working|business) ?days?\b|workdays?\b",
    "day": r"天|日(?![元圆])|(?:calendar )?days?\b",
    "hour": r"个?小时|個?小時|个?钟头|hours?\b|hrs?\b",
    "minute": r"分钟|分鐘|minutes?\b|mins?\b",
    "second": r"秒|seconds?\b|secs?\b",
    "week": r"个?星期|個?星期|个?礼拜|周|週|weeks?\b",
    "month": r"个月|個月|months?\b",
    "year": r"年(?!\d)|岁|歲|years?\b",
    "yuan": r"元|块|塊|圆|人民币|rmb\b|yuan\b|cny\b",
    "$": r"美元|美金|(?:us )?dollars?\b|usd\b",
    "€": r"欧元|歐元|euros?\b|eur\b|€",
    "£": r"英镑|英鎊|pounds?\b|gbp\b|£",
    "hk$": r"港元|港币|港幣|hkd\b",
    "yen": r"日元|日圆|日圓|yen\b|jpy\b",
    "kg": r"公斤|千克|kgs?\b|kilos?\b|kilograms?\b",
    "jin": r"斤",
    "g": r"克|g\b|grams?\b",
    "km": r"公里|千米|km\b|kilomet(?:er|re)s?\b",
    "m": r"米|m\b|met(?:er|re)s?\b",
    "cm": r"厘米|公分|cm\b|centimet(?:er|re)s?\b",
    "mm": r"毫米|mm\b|millimet(?:er|re)s?\b",
    "ml": r"毫升|ml\b|millilit(?:er|re)s?\b",
    "l": r"升|l\b|lit(?:er|re)s?\b",
    "am": r"a\.?m\b",
    "pm": r"p\.?m\b",
    "off": r"折",
}
UNIT = {name: re.compile(rf"[ -]?(?:{pattern})") for name, pattern in UNITS_OF.items()}
CURRENCY = {"¥": "yuan", "$": "$", "€": "€", "£": "£"}
BEFORE_AMOUNT = re.compile(
    r"(?<![a-z])(rmb|cny|usd|us\$|eur|gbp|hkd|hk\$) ?((?:\d[\d,.]*\d|\d)(?: ?[百千万萬亿億]{1,2}| (?:hundred|thousand|million|billion)\b)?)"
)
MORNING = ("上午", "早上", "早晨", "凌晨", "清晨")
EVENING = ("下午", "晚上", "傍晚", "夜里")
ABBREVIATED = "mon tue wed thu fri sat sun".split()
WEEKDAY = re.compile(
    r"(?:周|週|星期|礼拜)([一二三四五六日天])|\b(mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)s?\b|\b(mon|tue|wed|thu|fri)s?\b"
)
SIGN = {"us$": "usd", "hk$": "hkd"}  # the others are units as they stand
# Promises of price and time that have no digits.
PROMISE = re.compile(
    r"免费|免費|(?<![不需须須])(?:收费|收費|付费|付費)|包邮|包郵|全额|全額|终身|終身|永久|当天|當天|当日|當日|次日|即时|立即|(?<!feel )(?<!toll[- ])\b(?:free|full refund|lifetime|immediately|instantly|same[- ]day|next[- ]day)\b"
)
PROMISED = {
    "免費": "免费", "free": "免费", "收費": "收费", "付费": "收费", "付費": "收费", "包郵": "包邮", "全額": "全额", "full refund": "全额", "終身": "终身", "lifetime": "终身", "永久": "终身",
    "當天": "当天", "当日": "当天", "當日": "当天", "same day": "当天", "same-day": "当天", "next day": "次日", "next-day": "次日",
    "即时": "立即", "immediately": "立即", "instantly": "立即",
}  # fmt: skip
# A model or a plan: letters first, so that "100ml" is a number and a word.
CODE = re.compile(r"(?<![a-z0-9])[a-z]+-?\d[a-z0-9]*(?:-[a-z0-9]+)*(?![a-z0-9])")
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000, "亿": 10**8, "億": 10**8}
PARTS = {"百": "%", "千": "‰", "万": "‱"}
TIMES_ENGLISH = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


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
    return CHINESE_NUMBER.sub(" ", PERCENT_OF.sub(" ", LINK.sub(" ", text)))


def _facts(text: str) -> Iterator[str]:
    text = re.sub("[‐-―−~～]", "-", unicodedata.normalize("NFKC", text)).casefold()
    text = BEFORE_AMOUNT.sub(lambda m: f"{m.group(2)} {SIGN.get(m.group(1), m.group(1))} ", text)
    for link in LINK.findall(text):
        yield link.rstrip(".,;:!?/")
    text = LINK.sub(" ", text)
    text = NUMERAL_DATE.sub(_in_date, text)
    for match in WEEKDAY.finditer(text):
        chinese, *english = match.groups()
        yield f"weekday:{'一二三四五六日'.index(chinese.replace('天', '日')) + 1 if chinese else ABBREVIATED.index(next(filter(None, english))) + 1}"
    text = WEEKDAY.sub(" ", text)
    for pattern, read in ((ISO_DATE, _of_iso), (CHINESE_DATE, _of_iso), (ENGLISH_DATE, _of_english)):
        for match in pattern.finditer(text):
            yield from read(match)
        text = pattern.sub(" ", text)
    yield from CODE.findall(text)
    text = CODE.sub(" ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = _in_digits(text)
    for match in NUMBER.finditer(text):
        yield match.group() + _unit(text, match)
    if HALF.search(text):
        yield "half"
    for promise in PROMISE.findall(text):
        yield PROMISED.get(promise, promise)


def _in_digits(text: str) -> str:
    """All numbers of a text in plain digits, percentages with their sign."""
    text = PERCENT_OF.sub(lambda m: _decimal(m.group(2)) + PARTS[m.group(1)], text)
    text = FRACTION.sub(lambda m: f"{_decimal(m.group(2))}/{_decimal(m.group(1))}", text)
    text = POINTED.sub(lambda m: _decimal(m.group()), text)
    text = ONE_AND_A_HALF.sub(lambda m: f"{_decimal(m.group(1))}.5", text)
    text = PERCENT.sub("%", text)
    text = COMPOUND.sub(lambda m: str(ENGLISH_NUMBERS[m.group(1)] + 1 + ONES.index(m.group(2))), text)
    text = ONE.sub("1", text)
    text = re.sub(r"[a-z]+", lambda m: str(ENGLISH_NUMBERS.get(m.group(), m.group())), text)
    text = HUNDRED_AND.sub(lambda m: str(100 * int(m.group(1)) + int(m.group(2))), text)
    text = WAN_QIAN.sub(lambda m: str(10_000 * int(m.group(1)) + 1000 * int(m.group(2))), text)
    text = MULTIPLIED.sub(_product, text)
    text = CHINESE_NUMBER.sub(_numeral, text)
    text = RANGE.sub("-", DISCOUNT.sub(r"\1.\2", text))
    return TRAILING.sub(lambda m: f"{m.group(1)}.{m.group(2)}" if m.group(2) else m.group(1), text)


def _in_date(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{_written(year) + '年' if year else ''}{_written(month)}月{_written(day)}日"


def _decimal(number: str) -> str:
    whole, _, rest = number.partition("点")
    if whole[0].isdecimal():
        return whole
    return _written(whole) + (f".{''.join(str(DIGITS[char]) for char in rest)}" if rest else "")


def _numeral(match: re.Match[str]) -> str:
    """In digits; "八五折" is no range, but 8.5."""
    numeral = match.group()
    if match.string[match.end() : match.end() + 1] == "折" and len(numeral) == 2 and not TIMES.keys() & set(numeral):
        return "".join(str(DIGITS[char]) for char in numeral)
    return _written(numeral)


def _written(numeral: str) -> str:
    """A Chinese numeral in digits: "三四" and "三五" are ranges, "二三十" is 20-30, "二〇二六" is a row of them."""
    if about := re.fullmatch(r"([一二三四五六七八])([二三四五六七八九])([十百千万]{1,2})", numeral):
        one, two, times = about.groups()
        return f"{_value(one + times)}-{_value(two + times)}"
    if TIMES.keys() & set(numeral):
        return str(_value(numeral))
    digits = [DIGITS[char] for char in numeral]
    return f"{digits[0]}-{digits[1]}" if len(digits) == 2 and all(digits) else "".join(map(str, digits))


def _product(match: re.Match[str]) -> str:
    number, *times = match.groups()
    value = Decimal(number)
    for name in filter(None, times):
        value *= TIMES.get(name) or TIMES_ENGLISH[name]
    return f"{value.normalize():f}"


def _of_iso(match: re.Match[str]) -> Iterator[str]:
    year, month, day = match.groups()
    yield f"month:{int(month)}"
    yield from (str(int(number)) for number in (year, day) if number)


def _of_english(match: re.Match[str]) -> Iterator[str]:
    before, month, other, after, year, alone, of_year = match.groups()
    yield f"month:{MONTHS.index((month or other or alone)[:3]) + 1}"
    yield from (str(int(number)) for number in (before, after, year, of_year) if number)


def _unit(text: str, number: re.Match[str]) -> str:
    said = text[max(0, number.start() - 4) : number.start()].rstrip()
    before = CURRENCY.get(said[-1:], "") or ("am" if said.endswith(MORNING) else "pm" if said.endswith(EVENING) else "")
    found = before or next((name for name, unit in UNIT.items() if unit.match(text, number.end())), "")
    return f" {found}" if found else ""


def _value(numeral: str) -> int:
    total, section, digit = 0, 0, 0
    for char in numeral:
        if char in DIGITS:
            digit = DIGITS[char]
        elif TIMES[char] >= 10_000:
            total, section, digit = (total + section + digit or 1) * TIMES[char], 0, 0
        else:
            section, digit = section + (digit or 1) * TIMES[char], 0
    if len(numeral) > 1 and digit and TIMES.get(numeral[-2], 10) > 10:  # "两百五"
        digit *= TIMES[numeral[-2]] // 10
    return total + section + digit
