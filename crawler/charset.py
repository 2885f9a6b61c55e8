"""Bytes of a page to text. Order: BOM, HTTP header, meta, valid UTF-8, the likeliest charset. Pure; drops no page.

A declaration is believed unless the bytes, or the letters that they would make, plainly contradict it. The likeliest
charset is the one in which the page looks most like writing (see `letters`); where none does, charset-normalizer may
name another.
"""

import codecs
import re
from collections.abc import Sequence

from charset_normalizer import from_bytes

from crawler.letters import likeness

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PRESCAN_BYTES = 4096
HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
META = re.compile(rb"""(?:<meta[^>]*?charset\s*=\s*["']?|<\?xml[^>]*encoding\s*=\s*["'])\s*([\w.:-]+)""", re.IGNORECASE)
TAG = re.compile(rb"<[^<>]*>")
LANG = re.compile(rb"""<html[^>]*?\slang\s*=\s*["']?([a-z]{2,3}(?:-[a-z0-9]+)*)""", re.IGNORECASE)
# The WHATWG Encoding Standard reads these labels as their supersets, and so do browsers; Python does not know the last.
SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "unicode": "utf-8",
    "utf8": "utf-8",
    "windows-874": "cp874",
    "x-euc-jp": "euc-jp",
    "iso-8859-8-i": "iso-8859-8",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
}
# Codecs of Python that are no charset of the web; some raise on any text.
NO_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
# What an undeclared page may be in; how likely, before a letter of it is seen; and the languages that make it likelier.
GUESSES = (
    ("utf-8", 1.0, ""),
    ("cp1252", 1.0, "en de fr es pt it nl sv da no fi is ca"),
    ("gb18030", 0.6, "zh"),
    ("cp1251", 0.6, "ru uk bg be sr mk"),
    ("cp932", 0.5, "ja"),
    ("cp949", 0.5, "ko"),
    ("big5hkscs", 0.5, "zh"),
    ("euc_jp", 0.4, "ja"),
    ("cp1250", 0.4, "pl cs sk hu ro hr sl"),
    ("cp1254", 0.4, "tr"),
    ("cp1253", 0.4, "el"),
    ("cp1256", 0.4, "ar fa"),
    ("cp1255", 0.4, "he"),
    ("cp874", 0.4, "th"),
    ("cp1257", 0.3, "lt lv et"),
    ("iso8859-2", 0.3, "pl cs sk hu ro hr sl"),
    ("iso8859-15", 0.3, "de fr es pt it nl fi"),
    ("koi8-r", 0.3, "ru"),
    ("koi8-u", 0.3, "uk"),
    ("iso8859-7", 0.3, "el"),
    ("iso8859-5", 0.1, "ru bg sr mk"),
    ("iso8859-6", 0.1, "ar"),
    ("iso8859-8", 0.1, "he"),
    ("iso8859-13", 0.1, "lt lv et"),
    ("cp866", 0.1, "ru"),
    ("cp950", 0.0, "zh"),
    ("euc_jis_2004", 0.0, "ja"),
    ("mac-cyrillic", 0.0, ""),
    ("mac-roman", 0.0, ""),
    ("iso8859-3", 0.0, "eo mt"),
    ("iso8859-4", 0.0, ""),
    ("iso8859-10", 0.0, ""),
    ("iso8859-14", 0.0, "cy ga"),
    ("iso8859-16", 0.0, "ro"),
    ("cp1258", 0.0, "vi"),
)
# A prior counts as much as three characters, a declaration as six more.
PRIOR_CHARS = 3
DECLARED = 2.0
SAMPLE_BYTES = 2048
WINDOW_BYTES = 65536
# Right decodings of languages that `letters` knows come out at 0.6 to 1; fewer characters than this prove nothing.
CONTRADICTED_BELOW = 0.2
CONTRADICTED_FROM_CHARS = 8
DOUBTFUL_BELOW = 0.6
CLOSE = 0.02


def decode(body: bytes, content_type: str = "") -> str:
    """Text of an HTML body. Undecodable bytes become U+FFFD; never raises."""
    for bom, name in BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    if name := _by_zeros(body) or _by_escapes(body):
        return body.decode(name, "replace")
    names = _declared(body, content_type)
    for name in names:
        text = _strictly(body, name)
        if text is not None and not _contradicted(body, name):
            return text
    text = _strictly(body, "utf-8")
    return body.decode(_guess(body, names), "replace") if text is None else text


def _by_zeros(body: bytes) -> str:
    """UTF-16 or UTF-32 without a BOM, else "": half or more of each ASCII character of the markup is a zero byte."""
    head = body[: PRESCAN_BYTES - PRESCAN_BYTES % 4]
    zeros = [head[at::4].count(0) * 4 / max(1, len(head)) > 0.2 for at in range(4)]
    wide: dict[tuple[int, ...], str] = {
        (0, 1, 0, 1): "utf-16-le",
        (1, 0, 1, 0): "utf-16-be",
        (0, 1, 1, 1): "utf-32-le",
        (1, 1, 1, 0): "utf-32-be",
    }
    return wide.get(tuple(map(int, zeros)), "")


def _by_escapes(body: bytes) -> str:
    """ISO-2022-JP, all of seven bits, else ""."""
    return "iso2022_jp" if body.isascii() and (b"\x1b$B" in body or b"\x1b$@" in body) else ""


def _declared(body: bytes, content_type: str) -> list[str]:
    """Python's names of the charsets that the header and the meta tag declare; what is none is left out."""
    header = HEADER.search(content_type)
    meta = META.search(body[:PRESCAN_BYTES])
    labels = [header.group(1)] if header else []
    labels += [meta.group(1).decode("ascii", "replace")] if meta else []
    return [name for label in labels if (name := _codec(label.lower()))]


def _codec(label: str) -> str:
    """Python's name for a declared charset; "" for one that it does not know, or that is none."""
    if label.startswith(("utf-16", "utf-32", "ucs-")):
        label = "utf-8"  # the zeros would have shown (WHATWG: prescan)
    try:
        name = codecs.lookup(SUPERSETS.get(label, label)).name
        "x".encode(name)
    except (LookupError, UnicodeError):
        return ""
    return "" if name.replace("_", "-") in NO_CHARSETS else name


def _strictly(body: bytes, name: str) -> str | None:
    try:
        # A page that says windows-1252 but is valid UTF-8 with multi-byte characters is UTF-8: chance cannot make that.
        if name == "cp1252" and not body.isascii() and (text := _strictly(body, "utf-8")) is not None:
            return text
        return body.decode(name)
    except UnicodeError:
        return None


def _contradicted(body: bytes, name: str) -> bool:
    """Whether the declared charset makes of the body what nobody writes."""
    if name == "utf-8" or body.isascii():
        return False
    total, count = likeness(_sample(body).decode(name, "replace"))
    return count >= CONTRADICTED_FROM_CHARS and total / count < CONTRADICTED_BELOW


def _guess(body: bytes, declared: Sequence[str]) -> str:
    """The charset in which the body looks most like writing."""
    sample, language = _sample(body), _language(body)
    priors = {name: prior + (language in spoken.split()) for name, prior, spoken in GUESSES}
    priors |= {name: priors.get(name, 0.0) + DECLARED for name in declared}
    scores = {name: _score(sample, name, prior, language) for name, prior in priors.items()}
    if max(scores.values()) < DOUBTFUL_BELOW and (other := from_bytes(sample).best()) is not None:
        scores[other.encoding] = _score(sample, other.encoding, 0.0, language)
    best = max(scores.values())
    close = sorted((name for name in scores if scores[name] > best - CLOSE), key=lambda name: -scores[name])
    return next((name for name in close if _strictly(body, name) is not None), close[0])


def _score(sample: bytes, name: str, prior: float, language: str) -> float:
    total, count = likeness(sample.decode(name, "replace"), language)
    return (total + PRIOR_CHARS * prior) / (count + PRIOR_CHARS)


def _language(body: bytes) -> str:
    """ISO 639-1 code of the page's `lang`, else ""."""
    named = LANG.search(body[:PRESCAN_BYTES])
    return named.group(1).decode("ascii").lower().split("-")[0] if named else ""


def _sample(body: bytes) -> bytes:
    """The first words of the text that are not all ASCII. In no charset of the web is a space or a "<" half a character."""
    words, size = [], 0
    for start in range(0, len(body), WINDOW_BYTES):
        for word in TAG.sub(b" ", body[start : start + WINDOW_BYTES]).split():
            if not word.isascii():
                words.append(word[:SAMPLE_BYTES])
                size += len(word)
        if size >= SAMPLE_BYTES:
            break
    return b" ".join(words)[:SAMPLE_BYTES]
