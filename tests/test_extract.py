"""Questions and answers out of pages: the demo shop, one small example of each markup, and garbage."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.charset import decode
from crawler.extract import extract, passages
from crawler.records import FaqEntry, Page, entry_id

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
SHOP = "https://pinecone-stationery.example"
URL = "https://shop.example/help/faq.html"
ABOUT = "https://shop.example/help/about.html"


def demo(name: str) -> Page:
    return Page(f"{SHOP}/{name}.html", decode((DEMO / f"{name}.html").read_bytes()))


def entries(html: str, url: str = URL) -> list[FaqEntry]:
    return extract(Page(url, html), "shop")


def pairs(html: str, url: str = URL) -> list[tuple[str, str]]:
    return [(entry.question, entry.answer) for entry in entries(html, url)]


def rules(found: list[FaqEntry]) -> set[str]:
    return {entry.source for entry in found}


COUNTS = [
    ("zh/orders", 7, "details"),
    ("zh/returns", 7, "control"),
    ("zh/refunds", 6, "dl"),
    ("zh/delivery", 7, "label"),
    ("zh/payment", 7, "heading"),
    ("zh/invoices", 6, "microdata"),
    ("zh/membership", 7, "heading"),
    ("zh/privacy", 7, "bold"),
    ("zh/contact", 6, "classes"),
    ("en/orders", 7, "classes"),
    ("en/returns", 7, "details"),
    ("en/refunds", 6, "microdata"),
    ("en/delivery", 7, "heading"),
    ("en/payment", 6, "heading"),
    ("en/invoices", 6, "dl"),
    ("en/membership", 7, "label"),
    ("en/privacy", 6, "bold"),
    ("en/contact", 6, "control"),
]


@pytest.mark.parametrize(("name", "count", "rule"), COUNTS)
def test_each_demo_page_gives_its_entries(name: str, count: int, rule: str) -> None:
    found = extract(demo(name), "demo")

    assert count == len(found)
    assert {rule} == rules(found)
    assert {name[:2]} == {entry.language for entry in found}
    assert count == len({entry.id for entry in found}) == len({entry.anchor for entry in found})


@pytest.mark.parametrize("name", ["zh/about", "en/about", "index", "404", "staff/handbook"])
def test_a_demo_page_without_questions_gives_no_entries(name: str) -> None:
    assert [] == extract(demo(name))


@pytest.mark.parametrize(("name", "count", "rule"), COUNTS)
def test_no_answer_holds_menu_footer_or_help_box(name: str, count: int, rule: str) -> None:
    text = "\n".join(entry.answer for entry in extract(demo(name)))

    for furniture in (
        "关于松果",
        "About us",
        "© 2014",
        "仅供演示",
        "Breadcrumb",
        "当前位置",
        "这里没写到的",
        "isn't covered",
    ):
        assert furniture not in text


@pytest.mark.parametrize(("name", "count", "rule"), COUNTS)
def test_every_demo_entry_has_an_anchor_of_the_page_and_a_section(name: str, count: int, rule: str) -> None:
    page = demo(name)

    for entry in extract(page):
        assert f'id="{entry.anchor}"' in page.html
        assert entry.section
        assert f"{page.url}#{entry.anchor}" == entry.link


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        (  # the page in GB18030
            "zh/payment",
            "婚礼用的「囍」字礼盒要订很多，能先付定金吗？",
            "同款定制满 50 件就可以：先付 50% 定金，设计稿确认后 15 个工作日内做好，发货前付清尾款。"
            f"详情请看[团购与企业定制]({SHOP}/zh/contact.html#bulk)。",
        ),
        (
            "zh/payment",
            "支持哪些付款方式？",
            "目前可以使用：\n\n- 微信支付\n- 支付宝\n- 银联借记卡和信用卡\n- Visa、Mastercard\n- PayPal（仅限寄往中国大陆以外的订单）",
        ),
        (
            "zh/invoices",
            "电子发票怎么开？",
            "1. 签收之后进入“我的订单”，点“申请发票”。\n2. 选个人或公司抬头，公司要填名称和税号。\n3. 填写接收邮箱，提交。\n\n"
            "1 个工作日内会发到邮箱，订单页也能随时下载 PDF。",
        ),
        (
            "zh/membership",
            "会员有几个等级，分别有什么好处？",
            "一共三级，按最近 12 个月的实付金额划分：\n\n"
            "| 等级 | 12 个月消费 | 积分倍数 | 其他权益 |\n| --- | --- | --- | --- |\n"
            "| 普通会员 | 不限 | 1 倍 | 生日积分 |\n"
            "| 银卡会员 | 满 500 元（70 美元） | 1.2 倍 | 生日礼物、新品提前一天购买 |\n"
            "| 金卡会员 | 满 2000 元（280 美元） | 1.5 倍 | 银卡权益，另加礼品包装免费、每年免费刻字一支、"
            f"每年 4 张[退货运费卡]({SHOP}/zh/delivery.html#return-freight) |",
        ),
        (
            "en/contact",
            "How can I reach you?",
            "- E-mail: [service@pinecone-stationery.example](mailto:service@pinecone-stationery.example)\n"
            "- From abroad: [+86 512 5550 0199](tel:+8651255500199)\n"
            "- Within China: [400-000-0199](tel:4000000199)\n"
            "- Post: Pinecone Stationery, No. 0 Pingjiang Road, Suzhou, Jiangsu, China",
        ),
        (
            "en/refunds",
            "My refund hasn't arrived",
            "Check the order status first.\n\n"
            "- *Awaiting inspection*: the parcel is with us and we're still within the 5 working days.\n"
            "- *Refunded*: the money has left us, so please check with your bank.\n\n"
            f"If it is later than that, [ask us]({SHOP}/en/contact.html) for the refund reference; "
            "your bank can trace the payment with it.",
        ),
    ],
)
def test_exact_pairs(name: str, question: str, answer: str) -> None:
    assert answer == dict(pairs(demo(name).html, demo(name).url))[question]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zh/membership", ["会员等级"] * 3 + ["积分"] * 2 + ["生日与账户"] * 2),
        ("en/delivery", ["Mainland China"] * 2 + ["International"] * 2 + ["Tracking and return freight"] * 3),
        ("zh/invoices", ["发票"] * 6),
        ("zh/refunds", ["退款"] * 6),
    ],
)
def test_sections(name: str, expected: list[str]) -> None:
    assert expected == [entry.section for entry in extract(demo(name))]


def test_an_entry_of_a_page() -> None:
    html = """<html lang="zh-CN"><h1>退换货</h1>
        <details id="d"><summary>怎么退？</summary><p>请看<a href="../returns">这里</a>。</p></details>"""

    assert [
        FaqEntry(
            id=entry_id("shop", URL, "怎么退？"),
            question="怎么退？",
            answer="请看[这里](https://shop.example/returns)。",
            url=URL,
            anchor="d",
            section="退换货",
            language="zh",
            source="details",
        )
    ] == entries(html)


# Every markup, the smallest page of it that gives exactly these two pairs.

TWO = [("How do I pay?", "By card."), ("Do you ship abroad?", "Yes, we do.")]


def question(name: str, text: str) -> dict[str, object]:
    return {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": text}}


def json_ld(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


FAQ_PAGE = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [question(*pair) for pair in TWO]}
CLASSES = [
    ("faq-question", "faq-answer"),
    ("faq__question", "faq__answer"),
    ("question", "answer"),
    ("accordion-header", "accordion-body"),
    ("accordion-title", "accordion-content"),
    ("accordion", "panel"),
    ("faq-q", "faq-a"),
    ("q-title", "q-content"),
    ("toggle-title", "toggle-content"),
]
MARKUPS = {
    "json-ld page": ("jsonld", json_ld(FAQ_PAGE)),
    "json-ld graph": ("jsonld", json_ld({"@graph": [{"@type": "WebSite"}, FAQ_PAGE]})),
    "json-ld list": ("jsonld", json_ld([{"@type": "Organization"}, FAQ_PAGE])),
    "json-ld types": ("jsonld", json_ld({**FAQ_PAGE, "@type": ["WebPage", "FAQPage"]})),
    "json-ld beside a broken block": (
        "jsonld",
        '<script type="application/ld+json">{"@type": "FAQPage", }</script>' + json_ld(FAQ_PAGE) + json_ld("x"),
    ),
    "json-ld beside a bottomless block": (
        "jsonld",
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>" + json_ld(FAQ_PAGE),
    ),
    "json-ld with a charset and a comment": (
        "jsonld",
        f'<script type="application/ld+json; charset=utf-8"><!-- {json.dumps(FAQ_PAGE)} --></script>',
    ),
    "json-ld with html in the answer": (
        "jsonld",
        json_ld(
            [question("How do I <b>pay</b>?", "<p>By card.</p>"), question("Do you ship abroad?", "Yes, <i></i>we do.")]
        ),
    ),
    "json-ld suggested answers": (
        "jsonld",
        json_ld([{"@type": "Question", "name": q, "suggestedAnswer": [{"text": a}]} for q, a in TWO]),
    ),
    "microdata": (
        "microdata",
        "".join(
            f'<div itemscope itemtype="https://schema.org/Question"><h2 itemprop="name">{q}</h2>'
            f'<div itemprop="acceptedAnswer" itemscope><p itemprop="text">{a}</p></div></div>'
            for q, a in TWO
        ),
    ),
    "details": ("details", "".join(f"<details><summary><h3>{q}</h3></summary>{a}</details>" for q, a in TWO)),
    "dl": ("dl", "<dl>" + "".join(f"<dt>{q}</dt><dd>{a}</dd>" for q, a in TWO) + "</dl>"),
    "dl with wrappers": (
        "dl",
        "<dl>" + "".join(f"<div><dt>{q}</dt><dd><p>{a}</p></dd></div>" for q, a in TWO) + "</dl>",
    ),
    "aria-controls": (
        "control",
        "".join(
            f'<h3><button aria-expanded="false" aria-controls="p{n}">{q}</button></h3><div id="p{n}" hidden>{a}</div>'
            for n, (q, a) in enumerate(TWO)
        ),
    ),
    "data-bs-target": (
        "control",
        "".join(
            f'<span data-bs-toggle="collapse" data-bs-target="#p{n}">{q}</span><div id="p{n}" class="x">{a}</div>'
            for n, (q, a) in enumerate(TWO)
        ),
    ),
    "href of a toggle": (
        "control",
        "".join(
            f'<h4><a data-toggle="collapse" href="#p{n}">{q}</a></h4><div id="p{n}">{a}</div>'
            for n, (q, a) in enumerate(TWO)
        ),
    ),
    **{
        f"classes {one}": (
            "classes",
            "".join(f'<div class="x"><div class="{one}">{q}</div><div class="{two}">{a}</div></div>' for q, a in TWO),
        )
        for one, two in CLASSES
    },
    "button and panel": ("trigger", "".join(f"<button>{q}</button><div>{a}</div>" for q, a in TWO)),
    "Q: A:": ("label", "".join(f"<p>Q: {q}</p><p>A: {a}</p>" for q, a in TWO)),
    "Q1. A1.": ("label", "".join(f"<p><b>Q{n}. {q}</b></p><p>A{n}. {a}</p>" for n, (q, a) in enumerate(TWO, 1))),
    "Q: and A: in one paragraph": ("label", "".join(f"<p>Q: {q}<br>A: {a}</p>" for q, a in TWO)),
    "bold Q: and A: in one paragraph": ("label", "".join(f"<p><strong>Q: {q}</strong><br>A: {a}</p>" for q, a in TWO)),
    "问：答：": ("label", "".join(f"<p>问：{q}</p><p>答：{a}</p>" for q, a in TWO)),
    "heading": ("heading", "<h1>FAQ</h1>" + "".join(f"<h3>{q}</h3><p>{a}</p>" for q, a in TWO)),
    "headings in cards": (
        "heading",
        "<title>Help | Frequently asked questions</title>"
        + "".join(f"<div><div><h2>{q}</h2></div><div><p>{a}</p></div></div>" for q, a in TWO),
    ),
    "bold lines": ("bold", "<h1>FAQ</h1>" + "".join(f"<p><b>{q}</b></p><p>{a}</p>" for q, a in TWO)),
    "bold first lines": ("bold", "<h1>FAQ</h1>" + "".join(f"<p><strong>{q}</strong><br>{a}</p>" for q, a in TWO)),
}


@pytest.mark.parametrize(("rule", "html"), MARKUPS.values(), ids=list(MARKUPS))
def test_each_markup(rule: str, html: str) -> None:
    found = entries(html)

    assert TWO == [(entry.question, entry.answer) for entry in found]
    assert {rule} == rules(found)


def test_bold_numbered_lines() -> None:
    html = "<h1>常见问题</h1><p id=p1><strong>1. 能退吗？</strong></p><p>能。</p><p><strong>2. 关于 Cookie</strong></p><p>两种。</p><p><b>3. 多久？</b></p><p>三天。</p>"

    assert ["能。", "两种。", "三天。"] == [answer for _, answer in pairs(html)]
    assert entry_id("shop", URL, "能退吗？") == entries(html)[0].id


def test_a_panel_that_is_hidden_counts() -> None:
    html = '<button aria-controls="p">Refunds</button><div id="p" hidden style="display:none"><p>In 5 days.</p></div>'

    assert [("Refunds", "In 5 days.")] == pairs(html)


def test_an_answer_lasts_to_the_next_question_or_heading() -> None:
    html = """<h1>FAQ</h1><h2>Paying</h2><h3>How?</h3><p>By card.</p><h4>Which</h4><p>All.</p>
        <h3>When?</h3><p>Now.</p><h2>Shipping</h2><p>Intro.</p><h3>Where?</h3><p>Here.</p>"""

    assert [("How?", "By card.\n\n#### Which\n\nAll."), ("When?", "Now."), ("Where?", "Here.")] == pairs(html)
    assert ["Paying", "Paying", "Shipping"] == [entry.section for entry in entries(html)]


def test_a_labelled_answer_keeps_its_further_paragraphs() -> None:
    html = "<p>问：能退吗？</p><p>答：能。</p><p>30 天内。</p><ul><li>原包装</li></ul><p>问：多久？</p><p>答：三天。</p><h2>其他</h2><p>完</p>"

    assert [("能退吗？", "能。\n\n30 天内。\n\n- 原包装"), ("多久？", "三天。")] == pairs(html)


def test_what_is_shown_wins_over_structured_data() -> None:
    html = json_ld(FAQ_PAGE) + "<details><summary>How do I pay?</summary><p>By card or PayPal.</p></details>"

    assert [("How do I pay?", "By card or PayPal."), TWO[1]] == pairs(html)


def test_a_question_asked_twice_is_kept_once() -> None:
    html = "<dl><dt>1. How do I pay?</dt><dd>By card.</dd><dt>how do I pay</dt><dd>Cash.</dd></dl><h1>FAQ</h1>"

    assert [("How do I pay?", "By card.")] == pairs(html)


def test_a_section_that_holds_questions_is_no_answer() -> None:
    inner = "".join(f"<details><summary>{q}</summary><p>{a}</p></details>" for q, a in TWO)

    assert TWO == pairs(f"<details><summary>Orders</summary>{inner}</details>")


def test_the_order_is_that_of_the_page() -> None:
    html = "<h1>FAQ</h1><details><summary>First?</summary>1</details><dl><dt>Second?<dd>2</dl><h3>Third?</h3>3<h3>Last?</h3>4"

    assert ["First?", "Second?", "Third?", "Last?"] == [entry.question for entry in entries(html)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<details id="a"><summary>Q one?</summary>A</details>', "a"),
        ('<details id="a"><summary id="b">Q one?</summary>A</details>', "b"),
        ('<details><summary><a name="c"></a>Q one?</summary>A</details>', "c"),
        ('<section id="d"><details><summary>Q one?</summary>A</details></section>', "d"),
        ('<section id="e"><p>Intro</p><details><summary>Q one?</summary>A</details></section>', ""),
    ],
)
def test_anchors(html: str, expected: str) -> None:
    assert [expected] == [entry.anchor for entry in entries(html)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "- one\n- two\n  - deep"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        (
            "<table><tr><th>To</th><th>Days</th></tr><tr><td>Asia</td><td>4–7</td></tr></table>",
            "| To | Days |\n| --- | --- |\n| Asia | 4–7 |",
        ),
        ('<p>See <a href="../x?a=1#b">this</a>.</p>', "See [this](https://shop.example/x?a=1#b)."),
        (
            '<p><a href="mailto:a@b.example">Mail</a> or <a href="tel:123">call</a></p>',
            "[Mail](mailto:a@b.example) or [call](tel:123)",
        ),
        ('<p><a href="#top">Top</a> <a href="javascript:x()">Open</a> <a>None</a></p>', "Top Open None"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<p><strong>Never</strong> 2 * 3 _x_ <code>a*b</code></p>", "**Never** 2 * 3 _x_ `a*b`"),
        ('<p>Yes<img src="x.png" alt="pen"><button>Copy</button></p>', "Yes"),
        ("<p>Yes.</p><script>alert(1)</script><style>p{}</style><form><input>Was this helpful?</form>", "Yes."),
    ],
)
def test_answers_are_markdown(html: str, expected: str) -> None:
    assert [("How?", expected)] == pairs(f"<details><summary>How?</summary>{html}</details>")


LIST_OF_LINKS = "<h1>FAQ</h1>" + "".join(
    f"<h2>{topic}?</h2><ul><li><a href='/1'>How to begin</a></li><li><a href='/2'>How to end</a></li></ul>"
    for topic in ("How to pay", "How to return", "How to ship")
)
TERMS = "".join(
    f"<h2>{number}. {title}</h2><p>We follow the law in every respect.</p>"
    for number, title in enumerate(
        ["Information we collect", "Use of cookies", "Governing law", "Contact", "Changes"], 1
    )
)


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (LIST_OF_LINKS, "https://shop.example/help"),
        (f"<title>Privacy policy</title><h1>Privacy policy</h1>{TERMS}", "https://shop.example/privacy"),
        (f"<title>Terms</title><h1>Terms and conditions</h1>{TERMS}", "https://shop.example/terms"),
        (
            "<h1>隐私政策</h1><h2>信息收集</h2><p>依法收集。</p><h2>信息使用</h2><p>依法使用。</p><h2>联系</h2><p>来信。</p>",
            "https://shop.example/p",
        ),
        ("<nav><details><summary>How to?</summary><a href=/1>1</a></details></nav>", URL),
        ("<footer><details><summary>How to?</summary><p>So.</p></details></footer>", URL),
        ("<div role=navigation><dl><dt>How?</dt><dd>So.</dd><dt>Who?</dt><dd>We.</dd></dl></div>", URL),
        ("<dl><dt>Weight</dt><dd>80 g</dd><dt>Size</dt><dd>A5</dd></dl>", "https://shop.example/pen"),
        ("<details><summary>How?</summary><p>TBC</p></details>", URL),
        ("<details><summary>How?</summary><p>How?</p></details>", URL),
        ("<details><summary>How?</summary></details>", URL),
        ("<details><summary>?!</summary><p>Yes.</p></details>", URL),
        (f"<details><summary>{'How ' * 100}?</summary><p>Yes.</p></details>", URL),
        (json_ld({"@type": "FAQPage", "mainEntity": {"@type": "Question", "name": 7, "acceptedAnswer": []}}), URL),
        (json_ld({"@type": "Article", "name": "How do I pay?", "text": "By card."}), URL),
    ],
)
def test_what_gives_no_entries(html: str, url: str) -> None:
    assert [] == pairs(html, url)


# Pages that are no FAQ.


def test_passages_of_a_page() -> None:
    html = """<html lang="en"><h1>About us</h1><p>A small shop by a canal.</p>
        <h2 id="make">What we make</h2><ul><li>Notebooks with <a href="paper">ivory paper</a></li><li>Ink</li></ul>
        <h2>Soon</h2><p>Too short.</p><footer><p>Copyright of a small shop by a canal</p></footer>"""

    assert [
        ("About us", "", "A small shop by a canal."),
        ("What we make", "make", "- Notebooks with [ivory paper](https://shop.example/help/paper)\n- Ink"),
    ] == [(entry.section, entry.anchor, entry.answer) for entry in passages(Page(ABOUT, html), "shop")]


def test_passages_are_entries_without_a_question() -> None:
    found = passages(demo("zh/about"), "demo")

    assert ["关于松果", "从一张旧裁纸台开始", "我们做些什么", "对纸的一点固执", "如今的松果"] == [
        entry.section for entry in found
    ]
    assert {("", "zh", "passage")} == {(entry.question, entry.language, entry.source) for entry in found}
    assert 5 == len({entry.id for entry in found})
    assert found == passages(demo("zh/about"), "demo")


def test_a_long_section_is_cut_between_paragraphs() -> None:
    found = passages(Page(URL, "<h1>Story</h1>" + f"<p>{'word ' * 100}</p>" * 5))

    assert [1000, 1000, 499] == [len(entry.answer) for entry in found]
    assert {"Story"} == {entry.section for entry in found}
    assert 3 == len({entry.id for entry in found})


# Garbage.


@pytest.mark.parametrize(
    "html",
    [
        "",
        "\x00",
        "faq.html",
        "https://shop.example/",
        "<",
        "<p><b></b> </p>",
        "<details><summary>",
        "<dl><dd>x<dt>y</dl>",
        "<table><td colspan=x rowspan=-1>Q: a?<td>A: b",
        '<?xml version="1.0"?><rss><item>How?</item></rss>',
        '<button aria-controls="">x</button><button aria-controls="#">y</button>',
        "<h1>FAQ</h1><h2>How?</h2>" + "<div>" * 3000 + "deep",
        "<h1>FAQ</h1><h2>How?</h2>" + "<ul><li>" * 3000 + "deep",
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">' + '{"a":' * 900 + "1" + "}" * 900 + "</script>",
        json_ld([question("faq.html", "https://shop.example/"), question("\ud800 How?", "\udfff So.")]),
    ],
)
def test_garbage_never_raises(html: str) -> None:
    for entry in [*entries(html), *passages(Page(URL, html))]:
        assert entry.answer.encode("utf-8")


PAGES = [demo(name).html for name, _, _ in COUNTS[:6]]
SCRAPS = [
    "<",
    ">",
    "</div>",
    "<dl>",
    "<details>",
    "<summary>",
    "<b>",
    '"',
    "&#xD800;",
    "&",
    "\x00",
    "<!--",
    "Q:",
    "<script>",
]


@settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    html=st.sampled_from(PAGES),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 400), st.sampled_from(SCRAPS)), max_size=8),
)
def test_a_damaged_page_never_raises(html: str, cuts: list[tuple[float, int, str]]) -> None:
    for place, length, scrap in cuts:
        at = int(place * len(html))
        html = html[:at] + scrap + html[at + length :]

    for entry in [*entries(html), *passages(Page(URL, html))]:
        assert entry.answer.strip()


def test_lists_of_links_are_no_passages() -> None:
    html = "<h1>Help</h1><ul><li><a href='/a'>First topic of ours</a></li><li><a href='/b'>Second topic of ours</a></li></ul>"

    assert passages(Page("https://shop.example/", html)) == []


def test_an_answer_that_begins_with_an_article_keeps_it() -> None:
    assert [("How?", "A letter will do."), ("怎么做？", "先写信。")] == pairs(
        "<details><summary>How?</summary><p>A letter will do.</p></details>"
        "<details><summary>问 怎么做？</summary><p>答 先写信。</p></details>"
    )


def test_what_labels_an_answer_or_a_block_of_code_is_not_shown() -> None:
    code = '<div class="language-sh"><button title="Copy"></button><span class="lang">sh</span><pre>run it</pre></div>'

    assert [("How?", "A letter will do."), ("怎么做？", "先写信。"), ("And then?", "```\nrun it\n```")] == pairs(
        "<details><summary>How?</summary><p>A.</p><p>A letter will do.</p></details>"
        "<details><summary>怎么做？</summary><p><b>A</b></p><p>先写信。</p></details>"
        f"<details><summary>And then?</summary>{code}</details>"
    )


@pytest.mark.parametrize(
    "question", ["9:30前下单当天发货吗？", "3:00 delivery possible?", "1.5L bottle?", "2026年春节放假吗？"]
)
def test_a_number_that_is_part_of_the_question_stays(question: str) -> None:
    assert [(question, "Yes.")] == pairs(f"<details><summary>{question}</summary>Yes.</details>")


def test_sizes_and_times_tell_questions_apart() -> None:
    html = "".join(
        f"<details><summary>{q}</summary>{n}</details>" for n, q in enumerate(("1.5L bottle?", "2.5L bottle?"), 7)
    )

    assert 2 == len({entry.id for entry in entries(html)})


def test_a_question_under_two_headings_has_two_answers() -> None:
    html = "".join(
        f"<h2>{land}</h2><details><summary>How long does it take?</summary>{answer}</details>"
        for land, answer in (("Germany", "Two days."), ("France", "Nearly a week."))
    )

    found = entries(html)
    assert [("Germany", "Two days."), ("France", "Nearly a week.")] == [(e.section, e.answer) for e in found]
    assert 2 == len({entry.id for entry in found})


def test_a_question_told_twice_is_found_once() -> None:
    html = "".join(
        f"<h2>{part}</h2><details><summary>Can I return it?</summary>Yes, within thirty days of delivery{more}.</details>"
        for part, more in (("Popular", ""), ("Returns", ", unopened"))
    )

    assert [("Popular", "Yes, within thirty days of delivery.")] == [(e.section, e.answer) for e in entries(html)]


@pytest.mark.parametrize(
    "end",
    [
        "Last updated: 3 May 2026",
        "本页最后更新于 2026 年 5 月",
        "<a href=/a>One</a> <a href=/b>Two</a>",
        "Any other questions?",
    ],
)
def test_what_closes_a_page_is_no_part_of_its_last_answer(end: str) -> None:
    html = f"<title>FAQ</title><h3>How?</h3><p>So.</p><h3>When?</h3><p>At noon.</p><p>Or later.</p><p>{end}</p>"

    assert [("How?", "So."), ("When?", "At noon.\n\nOr later.")] == pairs(html)


@pytest.mark.parametrize(
    "block",
    [
        "<div class=cta><p>Call us, we like to talk.</p></div>",
        "<p style='text-align: right'>The Pen Shop</p>",
        "<address>1 High Street</address>",
    ],
)
def test_a_block_that_no_other_answer_has_ends_the_last_one(block: str) -> None:
    html = "<title>FAQ</title>" + "".join(f"<h3>{q}?</h3><p>In {q}.</p><p>Or so.</p>" for q in ("How", "When", "Where"))

    assert ("Where?", "In Where.\n\nOr so.") == pairs(html + block)[-1]


def test_the_frame_of_a_page_is_no_passage() -> None:
    menu = "".join(
        f"<li>\n                <a href=/{n}>\n                  Part {n}\n                </a>" for n in range(9)
    )
    script = f"<script>{'let palette = 1;' * 200}</script>"
    html = (
        "<body><div><a href='#main'>Skip to content</a></div>"
        f"<header><nav>{script}<div>\n      The handbook</div><ul>{menu}</ul></nav></header>"
        f"<div><nav>\n      The handbook <ul>{menu}</ul></nav></div>"
        "<main id=main><h1>Pens</h1><p>Each pen is made by hand.</p></main>"
    )

    assert [("Pens", "Each pen is made by hand.")] == [(p.section, p.answer) for p in passages(Page(URL, html))]


def test_sections_of_a_privacy_policy_are_no_questions() -> None:
    sections = "".join(f"<h3>What do we {verb}?</h3><p>Your name.</p>" for verb in ("collect", "store", "share"))

    assert [] == pairs(f"<title>Help</title><h2>Privacy policy</h2>{sections}")
    assert 3 == len(pairs(f"<title>Help</title><h2>Questions and answers</h2>{sections}"))


def test_two_rules_that_see_one_question_find_it_once() -> None:
    html = "".join(
        f"<div class=faq-question><button aria-controls=a{n}>{q}</button><b>Show answer</b></div>"
        f"<div class=faq-answer id=a{n}>{q} So.</div>"
        for n, q in enumerate(("How?", "When?", "Where?"))
    )

    assert ["How?", "When?", "Where?"] == [question for question, _ in pairs(html)]


def test_what_would_move_a_terminal_is_not_kept() -> None:
    assert [("Really?", "Yes[2J.")] == pairs("<details><summary>Real&#27;ly?</summary>Yes&#27;[2J.&#x202e;</details>")
