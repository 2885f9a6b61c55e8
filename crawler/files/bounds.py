"""What a workbook would cost to parse, told from its bytes before any parser sees them. Knows zip and XML, no cells.

A file of some kilobytes can unpack to gigabytes, hold millions of empty cells, or one comment of megabytes, which Expat
before 2.6 reads in quadratic time (CVE-2023-52425).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import BadRecord

MAX_UNPACKED_BYTES = 200 * 2**20
MAX_TAGS = 5_000_000  # 100,000 rows of six columns; as many empty cells take about 1.6 GB
# Half of the longest stretch without a tag. The longest cell, 32,767 characters, comes to 230 kB when all are escaped.
WINDOW_BYTES = 256 * 2**10
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
BRACKETS = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def check(path: Path) -> bool:
    """Refuse a workbook that costs too much to parse; returns whether a sheet holds formulas.

    Raises:
        BadRecord: it is no workbook, or too large in one of the ways above.

    """
    tags, formulas = 0, False
    for name, part in _parts(path):
        tags += part.count(b"<")
        if tags > MAX_TAGS:
            raise BadRecord("holds too many cells. Cut it into several files, or save it as .csv")
        if part.startswith(UTF16) or (XML.match(part) and _stretched(part)):
            raise BadRecord("holds XML that no spreadsheet program writes. Save it as .xlsx again, or as .csv")
        formulas = formulas or (name.startswith("xl/worksheets/") and bool(FORMULA.search(part)))
    return formulas


def _parts(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        if file.read(4) == OLD_EXCEL:
            raise BadRecord("is an old .xls or locked with a password. Save it as .xlsx without a password")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise BadRecord(f"unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB. Cut it into several files")
            for name in archive.namelist():
                yield name, archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BadRecord(f"is no workbook ({error}). Save it as .xlsx again") from error


def _stretched(xml: bytes) -> bool:
    """Whether a tag or a text is longer than two windows, or a comment or its like longer than one."""
    windows = range(0, len(xml) - WINDOW_BYTES, WINDOW_BYTES)
    if any(xml.find(b"<", start, start + WINDOW_BYTES) < 0 for start in windows):
        return True
    for start, end in BRACKETS:
        at = xml.find(start)
        while at >= 0:
            close = xml.find(end, at)
            if close < 0 or close - at > WINDOW_BYTES:
                return True
            at = xml.find(start, close)
    return False
