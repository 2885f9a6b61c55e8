"""Masks what identifies a person before a message is stored or sent to a model elsewhere. Pure; patterns, checksums and numbering plans, no model.

Phone numbers are told from order numbers by the plans of `phonenumbers`, by how they are written, and by the words before them.
"""

import ipaddress
import re

import phonenumbers
from phonenumbers import PhoneNumberType

# Chinese is written without spaces: what stands before and after an address is no part of it.
NAME = r"[^\W\u3040-\u30ff\u3400-\u9fff]"
EMAIL = re.compile(rf"(?:{NAME}|[.+%-]){{1,64}}@(?:{NAME}|-)+(?:\.(?:{NAME}|-)+)+")
# Province, county, birth date, serial number, check digit.
CHINESE_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-6]\d{5}[ -]?(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx](?!\d)"
)
# A number that begins with a year is an order's; no bank uses 20. Where nobody calls it a card, it must be as the great issuers' are.
CARD = re.compile(r"(?<![A-Za-z\d])(?<!\d\.)(?!20[0-4]\d)\d(?:[ -]?\d){11,18}(?!\.?\d)")
ISSUED = re.compile(r"4\d{12}(?:\d{3})?|5[1-5]\d{14}|62\d{14,17}|3[47]\d{13}|3528\d{12}|35[3-8]\d{13}")
IBAN = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z])", re.IGNORECASE
)
SOCIAL_SECURITY = re.compile(r"(?<![\d-])(?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
IP = re.compile(
    r"(?<![A-Za-z0-9_.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4})(?![A-Za-z0-9_:]|\.\d)"
)
CHINESE_MOBILE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)?86[ -]?)?(?:1[3-9]\d(?:[ -]?\d{4}){2}|1[3-9]\d{2}[ -]\d{3}[ -]\d{4}|1[ .-][3-9](?:[ .-]\d){9}|1[3-9](?:[ .-]\d){9})(?!\d)"
)
CHINESE_LANDLINE = re.compile(r"(?<![\d-])[（(]?0(?:10|2\d|[3-9]\d{2})[）)]?[ -]?[2-8]\d{2,3}[ -]?\d{4}(?![\d-])")
# Digits in the groups that phone numbers are written in.
DIALLED = re.compile(
    r"(?<![A-Za-z\d.+#/¥￥$€£-])(?:\+|00)?\(?\d{1,4}\)?(?:[ .-]?\(?\d{1,5}\)?){1,6}(?: ?(?:x|ext\.?) ?\d{1,5})?(?![A-Za-z\d/]|[.,:-]\d)"
)
DATE = re.compile(
    r"(?:19|20)\d\d[ ./-]?(?:0?[1-9]|1[0-2])(?:[ ./-]?(?:[0-2]?\d|3[01]))?(?!\d)|\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d$"
)
SAID_PHONE = re.compile(
    r"(?:电话|電話|致电|致電|拨打|撥打|打给|联系方式|联系我|号码是|號碼是|(?:手机|手機|微信)(?:号|號|是|为|：|:|\W)|(?<![a-z])(?:phone|telephone|tel|mobile|cell|call|dial|fax|whatsapp|ring"
    r"|number is|my number|text me|reach me|contact me|answering|messages? to|sms))"
    r"\W{0,3}(?:(?:号|號|号码|號碼|是|为|number|is|me|us|him|her|at|on|to|my|new|the|no|back|changed|under)\W{0,3}){0,4}$",
    re.IGNORECASE,
)
# As in signatures: "655 437 108 office".
SAID_AFTER = re.compile(r"[ (-]{1,2}(?:office|mobile?|cell|fax|home|work|电话|手机)(?![a-z])", re.IGNORECASE)
SAID_OTHER = re.compile(
    r"(?:订单|訂單|单号|單號|编号|編號|运单|单子|包裹|条码|條碼|快递|物流|发票|会员|券码|型号|货号|序列|税号|合同|取件码|尺码|尺寸|order|invoice|tracking|parcel|serial|sku|model|ref|reference|ticket|case|member|item|code|sizes?|no\.|#|id)"
    r"\W{0,3}(?:(?:号|号码|是|为|number|no|is|nr)\W{0,3}){0,3}$",
    re.IGNORECASE,
)
WORDS_BEFORE = 40  # characters
# Thousands parted by spaces, and what makes an amount of digits.
AMOUNT = re.compile(r"^[1-9]\d{0,2}(?: \d{3})*(?: 000)+$")
PRICED = re.compile(
    r" ?(?:元|块|圆|塊|万|码|碼|寸|号|號|点|點|件|个|個|套|双|人|天|[€$£¥]|(?:RMB|USD|EUR|CNY|HKD|ml|g|kg|cm|mm|GB|MB|users|people|pieces|days)(?![A-Za-z]))",
    re.IGNORECASE,
)
# A range of prices, and a round number.
RANGE, ROUND = re.compile(r"\d{1,4}(?:00|99|50|49|88) ?- ?\d{1,4}(?:00|99|50|49|88)"), re.compile(r"0{5}$")
CARD_OF = re.compile(r"(?:card|卡)\W*$", re.IGNORECASE)  # "card number", "card #"
CARD_WORD = re.compile(r"card|visa|master|credit|debit|\bcc\b|卡|银行|銀行|付款|支付", re.IGNORECASE)
# Sizes and hours have no group of four digits or with a nought before it.
GROUPED = re.compile(r"\d{4}|(?<!\d)0\d|[()+.]")
# Where visitors may come from who leave out their country's number.
REGIONS = ("CN HK TW MO SG MY US GB AU NZ IE DE FR ES IT CH AT BE NL SE NO DK FI PL PT BR IN IL JP KR TH VN ZA").split()
# Lines that belong to companies: the shop's own hotline is no secret.
OF_COMPANIES = (
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PREMIUM_RATE,
)
# A run of characters that may be a place; those words stand before one.
PLACE = r"(?![在到是住送寄址给為为於于])[\u4e00-\u9fff]"
STREET = r"(?:路|街|大道|道|巷|弄|胡同|段|村|里)(?:[东西南北中]{1,2}[段路]?)? ?\d{1,5}(?:-\d{1,4})? ?[号弄號巷](?:院)?(?!线|鞋|码)"
ESTATE = r"(?:小区|社区|花园|公寓|大厦|大楼|苑|城|广场|新村|家园|中心)"
UNIT = r"[ ,，]?(?:[A-Za-z]?\d{0,5} ?(?:号楼|栋|幢|座|棟|单元|層|层|楼|樓|室|号|號|弄|巷|房)|[A-Za-z]座? ?\d{2,5}(?!\d)|\d{2,5}室?(?![\d年月日天元件]))"
CHINESE_ADDRESS = re.compile(
    rf"(?:{PLACE}){{1,24}}{STREET}(?:{UNIT})*(?:[ ,，]?[A-Za-z]{{0,8}}(?:{PLACE}){{0,10}}?{ESTATE}(?:{UNIT})*)?"
    rf"|(?:{PLACE}){{2,24}}{ESTATE} ?(?=[A-Za-z]?\d{{1,4}} ?(?:号楼|栋|幢|座|棟|单元|室|楼))(?:{UNIT})+"
)
# Other signs that stand between digits of one number.
DASHES, SPACES = re.compile(r"(?<=\d)[‐-―−](?=\d)"), re.compile(r"(?<=\d)[·\u3000\u00a0\u2009 ]{1,2}(?=\d)")
VERSION = re.compile(r"(?:version|版本|固件|firmware|release|\bv|\bver\.?)\W{0,3}(?:号|是|为)?\W{0,2}$", re.IGNORECASE)
FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－＠．Ｘ（）", "0123456789+-@.X()")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask(text: str) -> str:
    """`text` with what identifies a person replaced by what it was: [email], [phone], [id], [card], [account], [ip], [address].

    ID numbers must have their check digit (GB 11643), bank cards theirs (Luhn, ISO/IEC 7812), accounts theirs (ISO 13616).
    """
    text = DASHES.sub("-", SPACES.sub(" ", text.translate(FULL_WIDTH)))
    text = EMAIL.sub("[email]", text)
    text = CHINESE_ID.sub(
        lambda m: "[id]" if _is_chinese_id(re.sub(r"[ -]", "", m.group())) and not _is_other(m) else m.group(), text
    )
    text = CHINESE_MOBILE.sub(lambda m: m.group() if _is_other(m) else "[phone]", text)
    text = IBAN.sub(
        lambda m: "[account]" if _is_iban(m.group().replace(" ", "")) and not _is_other(m) else m.group(), text
    )
    text = SOCIAL_SECURITY.sub(lambda m: m.group() if _is_other(m) else "[id]", text)
    text = IP.sub(lambda m: "[ip]" if _is_public(m.group()) and not VERSION.search(_before(m)) else m.group(), text)
    text = CARD.sub(lambda m: "[card]" if _is_card(m) else m.group(), text)
    text = CHINESE_LANDLINE.sub("[phone]", text)
    text = DIALLED.sub(lambda m: "[phone]" if _is_phone(m) else m.group(), text)
    return CHINESE_ADDRESS.sub("[address]", text)


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - WORDS_BEFORE) : match.start()]


def _is_other(match: re.Match[str]) -> bool:
    """Whether the words before a number call it an order's or the like."""
    found = SAID_OTHER.search(_before(match))
    return found is not None and not CARD_OF.search(_before(match)[: found.start()])


def _is_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match.group())
    called = CARD_WORD.search(_before(match))
    return _luhn(digits) and not _is_other(match) and bool(called or ISSUED.fullmatch(digits))


def _is_phone(match: re.Match[str]) -> bool:
    written = match.group()
    digits = re.sub(r"\D", "", written.partition("x")[0])
    if not 7 <= len(digits) <= 15 or _is_other(match) or any(form.search(written) for form in (AMOUNT, ROUND)):
        return False
    if (
        DATE.match(written)
        or IP.fullmatch(written)
        or RANGE.fullmatch(written)
        or PRICED.match(match.string, match.end())
    ):
        return False
    if written.startswith(("+", "00")):
        return bool(_in_plan(f"+{written.lstrip('+0')}", None))
    if SAID_PHONE.search(_before(match)) or SAID_AFTER.match(match.string, match.end()):
        return True
    if written == digits or not GROUPED.search(written) or _in_plan(written, "CN") is None:
        return False
    return any(_in_plan(written, region) for region in REGIONS)


def _in_plan(written: str, region: str | None) -> bool | None:
    """Whether the numbering plan of a region, or of the number's own, holds it; None for a company's line."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.number_type(number) in OF_COMPANIES:
        return None
    return phonenumbers.is_valid_number(number) if region else phonenumbers.is_possible_number(number)


def _is_chinese_id(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _is_iban(account: str) -> bool:
    moved = account[4:] + account[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
