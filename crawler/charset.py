"""Bytes of a page to text. Order: BOM, HTTP header, meta, valid UTF-8, charset-normalizer. Pure; drops no page."""

import codecs
import re

from charset_normalizer import from_bytes

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
META = re.compile(rb"""(?:<meta[^>]*?charset\s*=\s*["']?|<\?xml[^>]*encoding\s*=\s*["'])\s*([\w.:-]+)""", re.IGNORECASE)
# The WHATWG Encoding Standard reads these labels as their supersets, and so do browsers.
SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "unicode": "utf-8",
    "utf8": "utf-8",
}
# Codecs of Python that are no charset of the web; some raise on any text.
NO_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")


def decode(body: bytes, content_type: str = "") -> str:
    """Text of an HTML body. Undecodable bytes become U+FFFD; never raises."""
    for bom, name in BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    meta = META.search(body[:4096])
    labels = [match.group(1) for match in (declared,) if match]
    labels += [_of_meta(match.group(1)) for match in (meta,) if match]
    names = [name for label in labels if (name := _codec(label))]
    for name in names:
        text = _strictly(body, name)
        if text is not None:
            return text
    return _guess(body, names)


def _of_meta(label: bytes) -> str:
    # A meta tag that could be read byte by byte is not in UTF-16, whatever it says (WHATWG: prescan).
    text = label.decode("ascii", "replace").lower()
    return "utf-8" if text.startswith(("utf-16", "utf-32")) else text


def _codec(label: str) -> str:
    """Python's name for a declared charset; "" for one that it does not know, or that is none."""
    try:
        name = codecs.lookup(SUPERSETS.get(label.lower(), label)).name
        "x".encode(name)
    except (LookupError, UnicodeError):
        return ""
    return "" if name.replace("_", "-") in NO_CHARSETS else name


def _strictly(body: bytes, name: str) -> str | None:
    try:
        # A page that says windows-1252 but is valid UTF-8 with multi-byte characters is UTF-8: chance cannot make that.
        if name == "cp1252" and not body.isascii():
            return _utf8(body) or body.decode(name)
        return body.decode(name)
    except UnicodeDecodeError:
        return None


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _guess(body: bytes, names: list[str]) -> str:
    text = _utf8(body)
    if text is not None:
        return text
    best = from_bytes(body).best()
    if best is not None:
        return str(best)
    return body.decode(names[0] if names else "utf-8", "replace")
