"""Nothing that an answer shows loads anything or leads away from the site."""

import re

import pytest

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
        ("[x](https:\\\\evil.example)", "x"),
        ("[x](javascript:alert(1))", "x)"),
        ("[x](data:text/html;base64,AAAA)", "x"),
        ("[x](mailto:other@evil.example)", "x"),
        ("[x](/relative)", "x"),
        ("[x][ref]\n\n[ref]: https://evil.example", "x\n\n"),
        ("(https://evil.example)", "(evil.example)"),
        ("see:https://evil.example", "see:evil.example"),
        ("![pixel](https://shop.example/p.png?q=secret)", "pixel"),
        ("![pixel][1]", "pixel"),
        ("[![a](https://evil.example/b.png)](https://evil.example)", "a"),
        ("go to https://evil.example/x?q=1。", "go to evil.example/x?q=1。"),
        ("www.evil.example", "evil.example"),
        ("<https://evil.example>", "evil.example"),
        ('<img src="https://evil.example/p">a<script>b</script>', "ab"),
        ("<!-- hidden -->a", "a"),
        ("<img src=x onerror=alert(1)", "img src=x onerror=alert(1)"),
        ('[x](https://evil.example "title")', "x"),
        ("[x]( <https://evil.example> )", "x"),
    ],
)
def test_what_leads_away_is_text(text: str, expected: str) -> None:
    assert only_own_links(text, HOSTS, CONTACTS) == expected


def test_what_is_taken_out_leaves_nothing_to_take_out() -> None:
    nested = "<<b>img src=x> [[x](https://evil.example)](https://evil.example) !![a](b)[c](d)"

    found = only_own_links(nested, HOSTS, CONTACTS)

    assert not re.search(r"<[a-zA-Z/!]|\]\(|!\[|://", only_own_links(found, HOSTS, CONTACTS))
