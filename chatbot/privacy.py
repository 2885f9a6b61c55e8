"""Masks what identifies a person before a message is stored. Pure; patterns and checksums, no model."""

import re

# Chinese is written without spaces: what stands before and after an address is no part of it.
NAME = r"[^\W\u3040-\u30ff\u3400-\u9fff]"
EMAIL = re.compile(rf"(?:{NAME}|[.+%-]){{1,64}}@(?:{NAME}|-)+(?:\.(?:{NAME}|-)+)+")
CHINESE_ID = re.compile(r"(?<!\d)\d{6} ?\d{8} ?\d{3}[\dXx](?!\d)")
# A number that begins with a year is an order's; no bank uses 20.
CARD = re.compile(r"(?<!\d)(?<!\d\.)(?!20[0-4]\d)\d(?:[ -]?\d){12,18}(?!\.?\d)")
CHINESE_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
PHONE = re.compile(r"(?<![\d+])\+(?=(?:\D{0,2}\d){8})\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}(?!\d)")
FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－＠．Ｘ", "0123456789+-@.X")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask(text: str) -> str:
    """`text` with e-mail addresses, Chinese ID numbers (GB 11643), bank cards (Luhn) and phone numbers replaced."""
    text = EMAIL.sub("[email]", text.translate(FULL_WIDTH))
    text = CHINESE_ID.sub(lambda m: "[id]" if _is_chinese_id(m.group().replace(" ", "")) else m.group(), text)
    text = CHINESE_MOBILE.sub("[phone]", text)
    text = PHONE.sub("[phone]", text)
    return CARD.sub(lambda m: "[card]" if _luhn(re.sub(r"\D", "", m.group())) else m.group(), text)


def _is_chinese_id(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
