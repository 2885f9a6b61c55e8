"""Pages that nobody wrote in good faith, for tests/test_hostile_html.py and benchmarks/hostile_html.py.

`mutants` are damaged FAQ pages, the same ones for the same seed; `BOMBS` are small programs for pages that grow with a
size in bytes and are hard on some part of a reader.
"""

import json
import random
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from crawler.response import Response
from tests.faq_texts import PAIRS

Pairs = tuple[tuple[str, str], ...]
HEAD = '<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>FAQ</title>{head}</head><body><nav><a href="/">Home</a></nav>'
FOOT = '<footer>© Shop <a href="/imprint">i</a></footer></body></html>'


def _details(pairs: Pairs) -> str:
    return "".join(f"<details><summary>{q}</summary><p>{a}</p></details>" for q, a in pairs)


def _definitions(pairs: Pairs) -> str:
    return f"<dl>{''.join(f'<dt id=q{i}>{q}</dt><dd>{a}<ul><li>{a}</ul></dd>' for i, (q, a) in enumerate(pairs))}</dl>"


def _headings(pairs: Pairs) -> str:
    return f"<h1>FAQ</h1>{''.join(f'<h3>{q}</h3><p>{a}<br><a href=/more>…</a></p>' for q, a in pairs)}"


def _controls(pairs: Pairs) -> str:
    return "".join(
        f'<button aria-expanded="false" aria-controls="a{i}">{q}</button><div id="a{i}" hidden style="display:none">{a}</div>'
        for i, (q, a) in enumerate(pairs)
    )


def _classes(pairs: Pairs) -> str:
    items = "".join(
        f'<div class="accordion-item"><div class="accordion-header">{q}</div><div class="accordion-body">{a}</div></div>'
        for q, a in pairs
    )
    return f'<div class="accordion">{items}</div>'


def _labels(pairs: Pairs) -> str:
    return "".join(f"<p><b>Q: {q}</b></p><p>A: {a}</p>" for q, a in pairs)


def _table(pairs: Pairs) -> str:
    return f"<table><tr><th>Q<th>A{''.join(f'<tr><td>{q}<td>{a}' for q, a in pairs)}</table>"


def _bold_runs(pairs: Pairs) -> str:
    return (
        f"<div class=faq>{'<br><br>'.join(f'<strong>{i}. {q}</strong><br>{a}' for i, (q, a) in enumerate(pairs))}</div>"
    )


def _microdata(pairs: Pairs) -> str:
    return "".join(
        f'<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question"><h3 itemprop="name">{q}</h3>'
        f'<div itemscope itemprop="acceptedAnswer"><div itemprop="text">{a}</div></div></div>'
        for q, a in pairs
    )


def json_ld(pairs: Pairs) -> str:
    entities = [{"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": a}} for q, a in pairs]
    data = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entities}
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'


SHAPES = (_details, _definitions, _headings, _controls, _classes, _labels, _table, _bold_runs, _microdata)


def faq_pages() -> list[str]:
    """One sound page for each way of writing a FAQ, in turn in every language; every other one has JSON-LD too."""
    pages = []
    for number, (language, pairs) in enumerate(PAIRS.items()):
        shape = SHAPES[number % len(SHAPES)]
        safe = tuple((escape(q), escape(a)) for q, a in pairs)
        head = json_ld(pairs) if number % 2 else ""
        pages.append(HEAD.format(lang=language, head=head) + shape(safe) + FOOT)
    return pages


def good_page() -> Response:
    """A sound page, to be read after a bomb."""
    return Response("https://shop.example/faq", 200, "text/html; charset=utf-8", faq_pages()[0].encode())


# What upsets parsers, and what means something to an extractor.
TOKENS = """
< > </ /> <! <!-- --> --!> <!--> <![CDATA[ ]]> <? ?> <% & &# &#x &amp &#0; &#xD800; &#x110000; &#99999999999; &NotEqualTilde;
' " ` = \\ \\u0000 \\ud800 \x00 \x01 \x0b \x0c \x1b \x7f \x85 \u2028 \u202e \ufeff \ufffe \U0010ffff
<div> </div> <p> </p> <b> </b> <a> <a href="/x?a=1&b=2#c"> <a href="javascript:alert(1)"> <a href="http://[::1"> <a href="//">
<base href="http://[x"> <base href="data:,"> <link rel=canonical href="http://[::1]:99999/"> <meta name=robots content=noindex>
<meta charset=utf-16> <meta charset=x-user-defined> <meta http-equiv=refresh content="0;url=/">
<table> <tr> <td> <td colspan=99999999> <td rowspan=-1> </table> <caption> <ul> <ol start=99999999999> <ol start=x> <li> </ul>
<dl> <dt> <dd> </dl> <details> <details open> <summary> </summary> </details> <h1> <h2> <h6> </h3> <h7>
<button aria-controls="a0 a1 a0" aria-expanded=x> <div id=""> <div id=a0> <div id=a0 aria-labelledby=a0> <div hidden>
<div style="display:none;;:;display"> <div class="faq faq-question accordion"> <div class="answer"> <svg> <math> <foreignObject>
<template> <noscript> <iframe srcdoc="<p>"> <textarea> <title> <plaintext> <xmp> <select> <option> <frameset> <body> <html> <head>
<script> </script> <script type="application/ld+json"> <style> </style> <form> <input type=hidden value="x"> <img alt="?" src=x>
<div itemscope itemtype="https://schema.org/FAQPage"> <span itemprop=name> <span itemprop=acceptedAnswer itemscope> <pre> <br> <hr>
Q: A: Q1. 问： 答： 1. 2、 (3) ☆ ? ？ ¿ !
""".split()
JSON_TOKENS = '{ } [ ] , : "" null true NaN 1e999 "@graph" "@type" "@id" "FAQPage" "mainEntity" \\ud800 \\u0000 // /* --> </script>'.split()


def mutants(count: int, seed: int) -> Iterator[Response]:
    """Damaged pages: one to eight cuts, copies, splices, tokens and flipped bytes each."""
    chance = random.Random(seed)
    pages = faq_pages()
    for number in range(count):
        text = chance.choice(pages)
        for _ in range(chance.randint(1, 8)):
            text = chance.choice(DAMAGE)(text, chance, pages)[:100_000]
        body = text.encode(chance.choice(["utf-8", "utf-8", "utf-8", "gb18030", "utf-16"]), "replace")
        if chance.random() < 0.2:
            body = _flip(body, chance)
        yield Response(f"https://shop.example/mutant/{seed}/{number}", 200, chance.choice(CONTENT_TYPES), body)


CONTENT_TYPES = ("text/html", "text/html; charset=utf-8", "text/html; charset=gbk", "text/html; charset=shift_jis", "")
Damage = Callable[[str, random.Random, list[str]], str]


def _span(text: str, chance: random.Random, longest: int = 400) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + chance.randint(0, longest))


def _cut(text: str, chance: random.Random, pages: list[str]) -> str:
    start, end = _span(text, chance)
    return text[:start] + text[end:]


def _truncate(text: str, chance: random.Random, pages: list[str]) -> str:
    return text[: chance.randint(0, len(text))]


def _copy(text: str, chance: random.Random, pages: list[str]) -> str:
    start, end = _span(text, chance)
    at = chance.randint(0, len(text))
    return text[:at] + text[start:end] * chance.choice([1, 1, 2, 50]) + text[at:]


def _splice(text: str, chance: random.Random, pages: list[str]) -> str:
    other = chance.choice(pages)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _token(text: str, chance: random.Random, pages: list[str]) -> str:
    tokens = "".join(chance.choice(TOKENS) for _ in range(chance.randint(1, 6))) * chance.choice([1, 1, 1, 30])
    at = chance.randint(0, len(text))
    return text[:at] + tokens + text[at:]


def _tag(text: str, chance: random.Random, pages: list[str]) -> str:
    """Damage that starts at a tag, where parsers decide."""
    places = [at for at, char in enumerate(text) if char in "<>="]
    at = chance.choice(places) if places else 0
    return text[:at] + chance.choice(TOKENS) + text[at + chance.randint(0, 3) :]


def _json(text: str, chance: random.Random, pages: list[str]) -> str:
    start = text.find("ld+json")
    if start < 0:
        return text.replace("</head>", json_ld((("Why?", "Because."),)) + "</head>", 1)
    at = chance.randint(start, min(len(text), start + 800))
    return text[:at] + chance.choice(JSON_TOKENS) * chance.choice([1, 1, 200]) + text[at + chance.randint(0, 9) :]


DAMAGE: tuple[Damage, ...] = (_cut, _truncate, _copy, _splice, _token, _token, _tag, _tag, _json)


def _flip(body: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 20)):
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _times(unit: str, size: int, start: str = "", end: str = "") -> str:
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def _numbered(unit: str, size: int, start: str = "", end: str = "") -> str:
    """As many copies as fit, each with its own number in place of "#"."""
    width = len(unit) + 5
    return start + "".join(unit.replace("#", str(i)) for i in range(size // width)) + end


BOMBS: dict[str, Callable[[int], str]] = {
    # inside each other
    "nested div": lambda size: _times("<div>", size, end="<p>What?</p>"),
    "nested div, closed": lambda size: _times("<div>", size // 2) + "What?" + _times("</div>", size // 2),
    "nested table": lambda size: _times("<table><tr><td>", size),
    "nested font": lambda size: _times("<font color=red>", size, end="What?"),
    "nested b": lambda size: _times("<b>", size, end="What?"),
    "nested b and p": lambda size: _times("<b><p>", size, end="What?"),
    "nested ul": lambda size: _times("<ul><li>a", size),
    "nested dl": lambda size: _times("<dl><dt>What?<dd>So.", size),
    "nested details": lambda size: _times("<details><summary>What is it?</summary>So.", size),
    "nested accordion": lambda size: _times('<div class="accordion-item"><h3>What?</h3>', size),
    "nested blockquote": lambda size: _times("<blockquote>a", size),
    "nested a": lambda size: _times("<a href=/x>", size),
    "nested svg": lambda size: _times("<svg><g>", size),
    "nested form controls": lambda size: _times("<button aria-controls=a>What?", size),
    # attributes, entities, tokens
    "attributes": lambda size: _numbered("a#='x' ", size, "<div ", ">What?</div>"),
    "equal attributes": lambda size: _times("class=faq ", size, "<div ", ">What?</div>"),
    "one attribute": lambda size: _times("a", size, '<div class="', '">What?</div>'),
    "one class list": lambda size: _times("faq ", size, '<div class="', '">What?</div>'),
    "one style": lambda size: _times("display:none;", size, '<div style="', '">What?</div>'),
    "one id list": lambda size: _numbered("a# ", size, '<button aria-controls="', '">What?</button>'),
    "one url": lambda size: _times("a/../", size, '<a href="/', '">What?</a>'),
    "one query": lambda size: _numbered("a#=1&", size, '<a href="/?', '">What?</a>'),
    "one tag name": lambda size: _times("a", size, "<", ">What?"),
    "entities": lambda size: _times("&amp;", size, "<p>"),
    "broken entities": lambda size: _times("&#", size, "<p>"),
    "less-than signs": lambda size: _times("<", size),
    "end tags": lambda size: _times("</p>", size),
    "comments": lambda size: _times("<!---->", size),
    "open comment": lambda size: _times("a<b>", size, "<p>What?</p><!--"),
    "open comments": lambda size: _times("<!--", size),
    "open CDATA": lambda size: _times("<![CDATA[", size),
    "open script": lambda size: _times("<script>", size, "<p>What?</p>"),
    "open textarea": lambda size: _times("<textarea>", size),
    "open title": lambda size: _times("<title>", size),
    "open quote": lambda size: _times("a<b>", size, '<p>What?</p><div class="'),
    "NULs": lambda size: _times("\x00", size, "<p>What?"),
    "NULs in words": lambda size: _times("W\x00hat? ", size, "<p>"),
    # one after the other
    "siblings": lambda size: _times("<p>a</p>", size),
    "empty siblings": lambda size: _times("<i></i>", size),
    "questions": lambda size: _times("<p>What is it?", size),
    "other questions": lambda size: _numbered("<p>What is # for?", size),
    "equal pairs": lambda size: _times("<h3>What is it?</h3><p>This.</p>", size),
    "other pairs": lambda size: _numbered("<h3>What is #?</h3><p>This is #.</p>", size),
    "other details": lambda size: _numbered("<details><summary>What is #?</summary>It is #.</details>", size),
    "other controls": lambda size: _numbered("<button aria-controls=a#>What is #?</button><div id=a#>It.</div>", size),
    "equal ids": lambda size: _times("<button aria-controls=a>What?</button><div id=a>It.</div>", size),
    "one dl": lambda size: _numbered("<dt>What is #?<dd>It is #.", size, "<dl>"),
    "only dt": lambda size: _numbered("<dt>What is #?", size, "<dl>"),
    "headings": lambda size: _numbered("<h2>Part #</h2>", size),
    "bold runs": lambda size: _numbered("<b>What is #?</b><br>It is #.<br>", size, "<div class=faq>"),
    "bold only": lambda size: _numbered("<b>What is #?</b>", size, "<div class=faq>"),
    "line breaks": lambda size: _times("<br>", size, "<div class=faq><b>What?</b>"),
    "labels": lambda size: _numbered("<p>Q: What is #?</p><p>A: It.</p>", size),
    "labels in text": lambda size: _times("Q: What? A: It. ", size, "<p>"),
    "numbers": lambda size: _numbered("<p>#. What is it?</p>", size),
    "table rows": lambda size: _numbered("<tr><td>What is #?<td>It is #.", size, "<table>"),
    "table cells": lambda size: _times("<td>a", size, "<table><tr>"),
    "list items": lambda size: _times("<li>a", size, "<h3>What?</h3><ul>"),
    "links": lambda size: _numbered("<a href=/#?b=1>#</a>", size),
    "links and a long base": lambda size: _numbered("<a href=#>a</a>", size, f"<base href='/{'a' * 1900}/'>"),
    "canonical links": lambda size: _numbered("<link rel=canonical href=/#>", size),
    "hidden parts": lambda size: _numbered("<div hidden id=a#>It is #.</div>", size),
    "microdata": lambda size: _numbered("<p itemprop=name itemscope itemtype=https://schema.org/Question>#?", size),
    # text
    "one line": lambda size: _times("a", size, "<p>"),
    "one line of Chinese": lambda size: _times("问", size // 3, "<p>"),
    "words": lambda size: _times("a b ", size, "<h2>What?</h2><p>"),
    "spaces": lambda size: _times(" ", size, "<h2>What?</h2><p>a", "b"),
    "newlines": lambda size: _times("\n", size, "<h2>What?</h2><pre>a", "b"),
    "question marks": lambda size: _times("?", size, "<h2>"),
    "one question": lambda size: _times("what ", size, "<h2>", "?</h2><p>It."),
    "Markdown": lambda size: _times("*_`[](", size, "<h2>What?</h2><p>"),
    "a long number": lambda size: _times("1", size, "<p>", ". What?"),
    "dots": lambda size: _times("1.", size, "<p>", " What?"),
    # JSON-LD
    "deep JSON-LD": lambda size: _times('{"@graph":[', size, '<script type="application/ld+json">', "</script>"),
    "deep JSON list": lambda size: _times("[", size, '<script type="application/ld+json">', "</script>"),
    "wide JSON-LD": lambda size: json_ld((("Why?", "So."),) * (size // 105)),
    "JSON-LD blocks": lambda size: _times(json_ld((("Why?", "So."),)), size),
    "JSON-LD of markup": lambda size: json_ld((("Why?", "<div>" * (size // 5)),)),
    "a JSON number": lambda size: _times("9", size, '<script type="application/ld+json">{"a":', "}</script>"),
}


def bomb(name: str, size: int) -> Response:
    """The named bomb, of about so many bytes."""
    return Response(
        f"https://shop.example/{name.replace(' ', '-')}", 200, "text/html; charset=utf-8", BOMBS[name](size).encode()
    )


def documents(folder: Path) -> Iterator[tuple[str, Response]]:
    """Corpus and page of every document below a folder of corpora; what is not there is left out.

    Fuzzers' documents come as they are; payloads come alone, and in a FAQ as question, answer, attribute and JSON-LD.
    """
    for corpus in ("bs4-fuzz", "go-fuzz-corpus/stdhtml", "go-fuzz-corpus/url", "go-fuzz-corpus/httpresp"):
        for file in sorted(file for file in (folder / corpus).rglob("*") if file.is_file() and file.suffix != ".md"):
            yield corpus, Response(f"https://shop.example/{file.name}", 200, "text/html", file.read_bytes())
    for corpus, payloads in _payloads(folder):
        for number, payload in enumerate(payloads):
            pairs = ((payload, payload),)
            faq = f"<h1>FAQ</h1><h3 id='{payload}'>{payload}</h3><p title=\"{payload}\">{payload}</p>" + _details(pairs)
            for page in (payload, HEAD.format(lang=payload, head=json_ld(pairs)) + faq + FOOT):
                body = page.encode("utf-8", "replace")
                yield corpus, Response(f"https://shop.example/{corpus}/{number}", 200, "text/html; charset=utf-8", body)


def _payloads(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for file in sorted(folder.glob("xss-payloadbox/*.txt")):
        yield "xss-payloadbox", file.read_text("utf-8", "replace").splitlines()
    if (folder / "blns" / "blns.json").exists():
        yield "blns", json.loads((folder / "blns" / "blns.json").read_text("utf-8"))
