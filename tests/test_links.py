"""Nothing that an answer shows loads anything or leads away from the site."""

import re
import time

import pytest
from markdown_it import MarkdownIt

from chatbot.links import only_own_links

HOSTS, CONTACTS = {"shop.example"}, {"help@shop.example", "400-820-8820", "https://wa.example/shop"}


@pytest.mark.parametrize(
    "text",
    [
        "See [returns](https://shop.example/returns).",
        "See [returns](https://www.shop.example/returns#a).",
        "见 [帮助](https://help.shop.example/zh)。",
        "见 https://shop.example/returns。",
        "Write to [us](mailto:help@shop.example) or [call](tel:400-820-8820).",
        "[WhatsApp](https://wa.example/shop)",
        "**30 days**[1][2], [1], 1 < 2, a > b, C:\\files, 5<10",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ],
)
def test_what_is_the_sites_own_stays(text: str) -> None:
    assert only_own_links(text, HOSTS, CONTACTS) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[carrier](https://carrier.example/track)", "carrier"),
        ("[x](https://shop.example.evil.example/)", "x"),
        ("[x](https://evilshop.example/)", "x"),
        ("[x](https://shop.example@evil.example/)", "x"),
        ("[x](//evil.example)", "x"),
        ("[x](data:text/html;base64,AAAA)", "x"),
        ("[x](mailto:other@evil.example)", "x"),
        ("[x](/relative)", "x"),
        ("![pixel](https://shop.example/p.png?q=secret)", "pixel"),
        ("(https://evil.example)", "(evil.example)"),
        ("see:https://evil.example", "see:evil.example"),
        ("go to https://evil.example/x?q=1。", "go to evil.example/x?q=1。"),
        ("www.evil.example", "evil.example"),
        ("<https://evil.example>", "evil.example"),
        ("write to <help@shop.example>", "write to help@shop.example"),
        ('<img src="https://evil.example/p">a<script>b</script>', "ab"),
        ("<!-- hidden -->a", "a"),
        ('[x](https://evil.example "title")', "x"),
        ("[x]( <https://evil.example> )", "x"),
        # text that only looks like HTML or a definition stays
        ("price <a.\n\nmore\n\n> Note: free", "price < a.\n\nmore\n\n> Note: free"),
        ("size <S, M, L>, 型号<X100的不支持", "size < S, M, L>, 型号< X100的不支持"),
        ("[Note]: Returns are free.", "[Note] : Returns are free."),
    ],
)
def test_what_leads_away_is_text(text: str, expected: str) -> None:
    assert only_own_links(text, HOSTS, CONTACTS) == expected


# What a page or a model might try; judged as a renderer reads it.
TRICKS = (
    "[a](https://shop.example x [click](https://evil.example)",
    '[a](https://shop.example "t" [x](https://evil.example))',
    "[a](https://shop.example https://evil.example)",
    "![a [b]](http:/evil.example/p.png)",
    "[a[b]](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[a[b]](https:\\evil.example)",
    "[x](https:\\\\evil.example)",
    "[a[b]](mailto:x@evil.example)",
    "> [1]: http:/evil.example\n\nsee [x][1]",
    "- [1]: https://evil.example\n\nsee [x][1]",
    "[x][ref]\n\n[ref]: https://evil.example",
    "![x][ref]\n\n[ref]: https://evil.example/p.png",
    "[x][(javascript:alert(1))](https://evil.example)",
    "![![a](b)](https://evil.example/p.png)",
    "!![a](b)(https://evil.example/p.png)",
    "[![a](https://evil.example/b.png)](https://evil.example)",
    "<<b>img src=https://evil.example/p>",
    "<img src=https://evil.example/p onerror=alert(1)",
    "<svg/onload=alert(1)>",
    "<a href='https://evil.example'>x</a>",
    "<custom-element onclick=alert(1)>",
    "[[x](https://evil.example)](https://evil.example)",
    "<https://evil.example>",
    "!<b></b>[a](https://shop.example/p.png)",
    "h<b></b>ttps://evil.example",
    "https:<b></b>//evil.example",
    "\ue0000\ue001 [a](https://shop.example)",
    "[a](<https://evil.example>)",
    "[a](https://evil.example\n'title')",
    "[a\n](https://evil.example)",
)


@pytest.mark.parametrize("text", TRICKS)
def test_no_renderer_finds_a_way_out(text: str) -> None:
    shown = only_own_links(text, HOSTS, CONTACTS)
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown)

    assert "<img" not in rendered
    led = re.findall(r'<[^>]*?(?:href|src)="?([^"> ]*)', rendered)
    assert all(url.startswith("https://shop.example") for url in led), rendered
    assert not re.search(r"<(?!/?(?:p|a|em|strong|code|pre|ul|ol|li|blockquote|br|h\d|hr)\b)", rendered), rendered


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example，@evil.example/x",
        "https://shop.example。evil.example/x",
        "https://shop.example(@evil.example/x",
    ],
)
def test_an_address_that_goes_on_is_none(text: str) -> None:
    assert "//" not in only_own_links(text, HOSTS, CONTACTS)


@pytest.mark.parametrize("unit", ["[", "//", "<!", "<!--", "[x](", "![", "a]", "<a ", "https://", "www."])
def test_no_text_takes_long(unit: str) -> None:
    begun = time.perf_counter()

    only_own_links(unit * (20_000 // len(unit)), HOSTS, CONTACTS)

    assert time.perf_counter() - begun < 2
