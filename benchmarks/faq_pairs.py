"""Collect openly licensed questions with answers from Debian's documentation, to train the reader on.

usage: python benchmarks/faq_pairs.py FOLDER

Needs apt-get and dpkg-deb (Debian 12); downloads about 400 MB into FOLDER/packages, unpacks beside, and writes FOLDER/pairs.jsonl:
{"group", "question", "answer", "language", "parallel", "package", "licence"} a line. FAQ pages are read by Kefu's own extractor;
help pages (GNOME's Mallard, LibreOffice's guides) have a title, taken as the question, and a text. `parallel` is the same for one
entry in several languages: the same page, and on FAQ pages the same place where all languages have as many entries.
"""

import argparse
import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lxml import etree, html

from crawler.errors import KefuError
from crawler.files import load
from crawler.language import detect
from index.words import plain

ANSWER_CHARS = 1500
FEWEST = 4
LANGUAGES = {"zh", "en", "de", "fr", "es", "it", "ja", "ko", "ru", "pt"}
DOC = "usr/share/doc"
GNOME = (
    "gnome-user-docs evolution-common deja-dup epiphany-browser-data gnome-boxes gnote brasero-common cheese-common totem-common "
    "evince-common eog file-roller gedit-common baobab gnome-calculator simple-scan gnome-terminal-data gnome-clocks "
    "gnome-system-monitor polari orca shotwell-common"
)
# What stands in a path for the language of a page.
LOCALE = re.compile(r"(?<=[/._])(?:C|[a-z]{2}(?:[-_][A-Za-z]{2,4})?(?:\.Big5)?|zh[-_]\w+)(?=[/.])")
NUMBER = re.compile(r"^\s*(?:[A-Z]{0,2}\.?\d+(?:[.\-]\d+)*[.:)]?|Q\d*[:.]|问：|問：)\s+")


@dataclass(frozen=True)
class Source:
    """Packages of one document, where its pages lie, how they are read, and its licence."""

    packages: str
    pages: str
    licence: str
    kind: str = "faq"


SOURCES = (
    Source(
        "debian-faq debian-faq-de debian-faq-fr debian-faq-it debian-faq-ja debian-faq-ko debian-faq-pt debian-faq-ru "
        "debian-faq-zh-cn",
        f"{DOC}/debian/FAQ/**/*.??*.html",
        "GPL-2.0-or-later",
    ),
    Source("harden-doc", f"{DOC}/harden-doc/html/*/ch12*.html", "GPL-2.0-or-later"),
    Source("mplayer-doc", f"{DOC}/mplayer/HTML/*/faq.html", "GPL-2.0-or-later"),
    Source("weechat-doc", f"{DOC}/weechat-doc/html/weechat_faq.*.html", "GPL-3.0-or-later"),
    Source("sylpheed-doc", f"{DOC}/sylpheed-doc/FAQ/*/sylpheed-faq-*.html", "GFDL-1.1-or-later"),
    Source("python3.11-doc", f"{DOC}/python3.11/html/faq/*.html", "PSF-2.0"),
    Source("phpmyadmin", f"{DOC}/phpmyadmin/html/faq.html", "GPL-2.0-only"),
    Source("privoxy", f"{DOC}/privoxy/faq/*.html", "GPL-2.0-only"),
    Source("putty-doc", f"{DOC}/putty-doc/AppendixA.html", "MIT"),
    Source("git-doc", f"{DOC}/git-doc/gitfaq.html", "GPL-2.0-only"),
    Source("r-doc-html", f"{DOC}/r-doc-html/manual/R-FAQ.html", "GPL-2.0-or-later"),
    Source("fetchmail", f"{DOC}/fetchmail/fetchmail-FAQ.html", "GPL-2.0-or-later"),
    Source("shorewall-doc", f"{DOC}/shorewall-doc/html/FAQ.htm", "GFDL-1.2-or-later"),
    Source("sqlite3-doc", f"{DOC}/sqlite3/faq.html", "public domain"),
    Source("python-django-doc", f"{DOC}/python-django-doc/html/faq/*.html", "BSD-3-Clause"),
    *(Source(package, "usr/share/help/*/*/*.page", "CC-BY-SA-3.0", "mallard") for package in GNOME.split()),
    Source(
        "libreoffice-help-en-us libreoffice-help-zh-cn libreoffice-help-zh-tw",
        "usr/share/libreoffice/help/*/text/*/guide/*.html",
        "MPL-2.0",
        "libreoffice",
    ),
)


@dataclass(frozen=True)
class Pair:
    """A question, its answer, and where it is from. `parallel` is shared by translations of one entry."""

    group: str
    question: str
    answer: str
    language: str
    parallel: str
    package: str
    licence: str


def fetch(package: str, folder: Path) -> Path:
    """The unpacked files of a Debian package."""
    unpacked = folder / "packages" / package
    if not unpacked.exists():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=unpacked.parent, check=True)
        (archive,) = unpacked.parent.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, unpacked], check=True)
    return unpacked


def pairs_of(source: Source, folder: Path) -> Iterator[Pair]:
    """All pairs of one document, in its languages."""
    group = source.packages.split()[0]
    for package in source.packages.split():
        root = fetch(package, folder)
        for page in sorted(root.glob(source.pages)):
            path = str(page.relative_to(root)).replace("/zh-", "/zh_")
            where, locale = LOCALE.sub("", path), LOCALE.search(f"{package.removeprefix(group)}/{path}")
            language = "en" if locale is None or locale[0] == "C" else locale[0][:2]
            if language not in LANGUAGES:
                continue
            found = [(q, a) for q, a in READERS[source.kind](page) if q.strip() and len(a.strip()) >= 20]
            for number, (question, answer) in enumerate(found):
                place = f"{group}:{where}:{number}/{len(found)}"
                said = NUMBER.sub("", question).strip(), answer.strip()[:ANSWER_CHARS]
                # A page that is not translated yet is in English, whatever its path says.
                if detect(" ".join(said)) == language:
                    yield Pair(group, *said, language, place, package, source.licence)


def _faq(page: Path) -> list[tuple[str, str]]:
    try:
        return [(entry.question, entry.answer) for entry in load([page]).entries if entry.question]
    except KefuError:  # a page that says nothing
        return []


def _mallard(page: Path) -> list[tuple[str, str]]:
    """A help page of GNOME: title, and the text of its paragraphs."""
    try:
        root = etree.parse(page, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
    except etree.XMLSyntaxError:
        return []
    space = "{http://projectmallard.org/1.0/}"
    title = root.find(f"{space}title")
    for info in root.findall(f"{space}info"):  # its licence and authors
        root.remove(info)
    said = [_squeezed("".join(block.itertext())) for block in root.iter(f"{space}p", f"{space}screen")]
    return [(_squeezed("".join(title.itertext())), "\n".join(said))] if title is not None else []


def _libreoffice(page: Path) -> list[tuple[str, str]]:
    """A guide of LibreOffice's help: its heading, and the text under it."""
    area = html.parse(str(page), html.HTMLParser(encoding="utf-8")).getroot().find(".//*[@id='DisplayArea']")
    heading = area.find(".//h1") if area is not None else None
    if heading is None:
        return []
    said = [_squeezed(block.text_content()) for block in area.iter("p", "h2", "h3", "h4")]
    return [(_squeezed(heading.text_content()), "\n".join(text for text in said if text))]


READERS = {"faq": _faq, "mallard": _mallard, "libreoffice": _libreoffice}


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def kept(pairs: Iterable[Pair]) -> list[Pair]:
    """Without repeated questions and small groups; `parallel` "" where nothing is."""
    seen: set[tuple[str, str]] = set()
    once = []
    for pair in pairs:
        key = (pair.language, plain(pair.question))
        if len(pair.question) >= 4 and key not in seen:
            seen.add(key)
            once.append(pair)
    large = Counter((pair.group, pair.language) for pair in once)
    spoken = defaultdict(set)
    for pair in once:
        spoken[pair.parallel].add(pair.language)
    return [
        pair if len(spoken[pair.parallel]) > 1 else replace(pair, parallel="")
        for pair in once
        if large[pair.group, pair.language] >= FEWEST
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    found = kept(pair for source in SOURCES for pair in pairs_of(source, args.folder))
    with (args.folder / "pairs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(pair), ensure_ascii=False) + "\n" for pair in found)
    print(len(found), "pairs;", sum(bool(pair.parallel) for pair in found), "in several languages")
    for what, count in Counter(pair.language for pair in found).most_common():
        print(f"{what:3} {count}")


if __name__ == "__main__":
    main()
