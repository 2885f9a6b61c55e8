"""Every sentence against the passages it may rest on: facts exactly, words by coverage. Pure.

A sentence passes when each number, address and link in it stands in one cited passage, that passage holds most of its
content words, and both agree on negation. The number of that passage becomes the sentence's citation: the model's own
[1] is not believed. What is written in another language than its source cannot be compared word by word and does not pass.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from index.words import tokens

MIN_COVERAGE = 0.6
SENTENCE_END = re.compile(r"(?<=[。！？!?\n])|(?<=\.)(?=\s)")
LINK = re.compile(r"https?://[^\s)\]>，。；、]+|www\.[^\s)\]>，。；、]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NUMBER = re.compile(r"\d+(?:[.,:：/-]\d+)*%?")
CHINESE_NUMBER = re.compile(
    r"[零一二两三四五六七八九十百千万]+(?=个?(?:天|日|工作日|小时|分钟|元|块|次|年|月|周|倍|折|件|岁|号|点|位|家|种))"
)
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
NEGATION = re.compile(
    r"不|没|无法|未|非|禁止|\b(?:no|not|never|cannot|without|none|neither|nor)\b|n't\b", re.IGNORECASE
)
# Words in which 不 and 无 negate nothing, or which ask.
NO_NEGATION = re.compile(
    r"不同|不仅|不但|不过|不好意思|不客气|不论|无论|不管|是不是|能不能|可不可以|要不要|差不多|非常|未来|not only|no problem",
    re.IGNORECASE,
)


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Whole sentences out of a stream of text; the last one may lack its full stop."""
    text = ""
    for piece in pieces:
        text += piece
        *whole, text = SENTENCE_END.split(text)
        yield from (sentence for sentence in whole if sentence.strip())
    if text.strip():
        yield text


def supported_by(sentence: str, passages: Sequence[str]) -> int:
    """Number, from 1, of the passage that supports a sentence best; 0 when none does."""
    words = {word for word in tokens(_without_marks(sentence)) if not word.isdecimal()}
    facts = set(_facts(_without_marks(sentence)))
    if not words:
        return 0
    best, best_coverage = 0, 0.0
    for number, passage in enumerate(passages, 1):
        held = len(words & set(tokens(passage))) / len(words)
        if (
            held > best_coverage
            and held >= MIN_COVERAGE
            and facts <= set(_facts(passage))
            and _same_negation(sentence, words, passage)
        ):
            best, best_coverage = number, held
    return best


def clean(sentence: str) -> str:
    """A model's sentence without its own citation marks and without links' Markdown."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", _without_marks(sentence)).strip()


def _without_marks(sentence: str) -> str:
    return re.sub(
        r"\s*[\[【(（]\s*(?:资料|来源|passage|source)?\s*\d{1,2}(?:\s*[,，、]\s*\d{1,2})*\s*[\]】)）]",
        "",
        sentence,
        flags=re.IGNORECASE,
    )


def _facts(text: str) -> Iterator[str]:
    """Links, addresses and numbers, in one spelling: full width, thousands commas and Chinese numerals folded."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for link in LINK.findall(text):
        yield link.rstrip(".,;:!?/")
    text = LINK.sub(" ", text)
    for number in NUMBER.findall(text):
        yield re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", number)
    for number in CHINESE_NUMBER.findall(text):
        yield str(_value(number))


def _value(numeral: str) -> int:
    total, section, digit = 0, 0, 0
    for char in numeral:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char == "万":
            total, section, digit = (total + section + digit) * UNITS[char], 0, 0
        else:
            section, digit = section + (digit or 1) * UNITS[char], 0
    return total + section + digit


def _same_negation(sentence: str, words: set[str], passage: str) -> bool:
    """Whether the part of the passage that says the same also negates, or also does not."""
    closest = max(SENTENCE_END.split(passage), key=lambda part: len(words & set(tokens(part))))
    return _negates(sentence) == _negates(closest) or _negates(sentence) == _negates(passage)


def _negates(text: str) -> bool:
    return bool(NEGATION.search(NO_NEGATION.sub("", text)))
