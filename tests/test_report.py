"""The report of `kefu eval`: one page that loads nothing, in two languages, and safe whatever stands on the site."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from chatbot.marks import figures
from crawler.records import FaqEntry
from tests.test_eval import OUTCOMES, PAY, SEND, answer, outcome
from ui.cli.run import run
from ui.exam import Compared, Run
from ui.golden import Golden, Held
from ui.report import page, ready, write_report
from ui.report_texts import EN, TEXTS, ZH
from ui.settings import Settings, Site

EVIL = FaqEntry("x", '<script>alert(1)</script>"', "…", 'https://shop.example/?"><b>', language="en")
JS = FaqEntry("j", "Scripted?", "…", "javascript:alert(1)", language="en")
HAN = re.compile("[\u4e00-\u9fff]")


class Tags(HTMLParser):
    """Every tag with its attributes, and the text outside of pictures and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        self.words += "" if self._style else data

    def places(self) -> list[str]:
        """All that the page leads to, or would load."""
        return [
            value or ""
            for _, attributes in self.tags
            for name, value in attributes.items()
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster", "content")
            and (name != "content" or "url" in (value or "").lower())
        ]


def finished(compared: bool = False) -> Run:
    outcomes = (
        *OUTCOMES,
        outcome("given", answer("answered", 0.97, "quote", EVIL), PAY),
        outcome("given", answer("answered", 0.97, "quote", JS)),
    )
    broken = outcome("golden", answer("answered", 0.9, "quote", SEND))
    broken = replace(broken, question=replace(broken.question, text="<i>golden</i>"))
    held = (Held(Golden("<i>golden</i>", None, "2026-01-01"), broken, "answered"),)
    models = {"embedder": "e5", "reader": "default", "generator": "<u>model</u>"}
    pairs = tuple(zip(reversed(OUTCOMES[:2]), OUTCOMES[:2], strict=True))
    beside = Compared("000001", pairs, figures(OUTCOMES), 1) if compared else None
    site = Site(name="shop", names={"zh": "松果<b>", "en": "Pinecone<b>"})
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    return Run(site, "zh", "000002", models, at, outcomes, figures(outcomes), held, beside)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_of_the_site_is_markup_and_nothing_is_loaded(language: str) -> None:
    html = page(finished(compared=True), language)

    tags = Tags(html)
    assert not {"script", "iframe", "img", "object", "u"} & {tag for tag, _ in tags.tags}
    for shown in ("&lt;script&gt;alert(1)", "&lt;i&gt;golden", "&lt;u&gt;model", "&lt;b&gt;"):
        assert shown in html
    assert not re.search(r"<b>(?!\d+%</b>)", html)
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]
    assert 'href="https://shop.example/?&quot;&gt;&lt;b&gt;"' in html
    assert "javascript:" not in html
    assert "Scripted?" in html
    allowed = ("https://shop.example/", "data:,", "#")
    assert [place for place in tags.places() if not place.startswith(allowed)] == []
    assert "url(" not in html.replace("url(#", "")
    assert "default-src 'none'" in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_word_is_in_its_language(language: str) -> None:
    made = finished(compared=True)
    plain = Site(name="shop", names={"zh": "松果", "en": "Pinecone"})
    tags = Tags(page(replace(made, site=plain), language))

    assert bool(HAN.search(tags.words)) == (language == "zh")
    assert not re.search(r"[{}]", tags.words)
    assert tags.tags[0] == ("html", {"lang": "zh-CN" if language == "zh" else "en"})


def test_both_languages_say_the_same() -> None:
    assert list(ZH) == list(EN)
    for key in ZH:
        assert set(re.findall(r"{\w+}", ZH[key])) == set(re.findall(r"{\w+}", EN[key])), key
        assert not HAN.search(EN[key])


def test_the_first_sentence_is_the_rate_with_its_interval() -> None:
    hidden = [
        outcome("hidden", answer("answered" if n < 4 else "refused", 0.7, "quote", PAY), without=("p",))
        for n in range(100)
    ]
    made = replace(finished(), outcomes=tuple(hidden), figures=figures(hidden))

    assert "Of 100 questions that nothing on your site answers, Kefu answers 4 (2 to 10)." in page(made, "en")
    assert "每 100 个里 Kefu 会回答 4 个（2～10 个）" in page(made, "zh")
    assert "does answer" not in page(made, "en")
    assert "Of 100 that only the other language answers, Kefu gets 0 right." in page(finished(), "en")


def test_what_to_do_stands_with_the_cases_and_their_links() -> None:
    words = Tags(page(finished(), "en")).words

    for key in ("worst_false_answers", "do_false_answers_hidden", "do_wrong_answers", "do_false_refusals", "do_across"):
        assert TEXTS["en"][key].partition("{")[0] in words
    assert "1 of 1 broke" in words
    assert "Compared with" not in words


def test_two_snapshots_stand_side_by_side() -> None:
    words = Tags(page(finished(compared=True), "en")).words

    assert "Snapshot 000001Snapshot 000002" in words
    assert "Of the same 2 questions 2 ended differently. 1 more" in words
    assert "wrong entry → right" in words
    assert "right → wrong entry" in words


def test_pictures_take_the_colours_of_the_page() -> None:
    html = page(finished(), "zh")

    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) == 6
    assert all("var(--" in picture and "Kefu 给出" in pictures[2] for picture in pictures)
    assert not re.search(r"#00000[1-5]", html)
    assert "<metadata" not in html
    assert not re.search(r"<\?xml|<!DOCTYPE svg", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert all(f"#{id_}" in html for id_ in ids)


def test_a_run_of_one_question_has_a_report() -> None:
    for one in OUTCOMES:
        made = replace(finished(), outcomes=(one,), figures=figures([one]), held=())
        assert page(made, "en").count("<svg") >= 2


def test_the_page_is_written_in_the_language_of_most_entries(tmp_path: Path) -> None:
    path = write_report(finished(), tmp_path / "a" / "b")

    assert path == tmp_path / "a" / "b" / "index.html"
    assert 'lang="zh-CN"' in path.read_text("utf-8")
    assert 'lang="en"' in write_report(finished(), tmp_path, "en").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Exception, match="Give another folder"):
        write_report(finished(), tmp_path / "file")
    with pytest.raises(Exception, match="Give another folder"):
        ready(tmp_path / "file")
    ready(tmp_path / "new" / "one")
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "one"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder here that even root cannot write")
def test_a_folder_without_leave_to_write_is_said_before_all_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--data", str(tmp_path), "eval", "--site", "nobody", "--report", "/proc"]) == 1
    assert "/proc cannot be written" in capsys.readouterr().err


@pytest.mark.real_embedder
@pytest.mark.real_browser
@pytest.mark.parametrize(("language", "words"), [("zh", "每 100 个里"), ("en", "Of 100 questions")])
def test_the_report_of_the_demo_shop(
    demo: Settings,
    tmp_path: Path,
    chromium: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
) -> None:
    monkeypatch.setenv("KEFU_GENERATOR", "quote")
    monkeypatch.setenv("KEFU_DEVICE", "cpu")
    argv = ["eval", "--site", "demo", "--cases", "4", "--report", str(tmp_path / "out"), "--language", language]

    assert run(["--data", str(demo.data), *argv]) == 0

    seen: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 375, "height": 700})
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("console", lambda message: seen.append(message.text))
        shown.goto((tmp_path / "out/index.html").as_uri())
        text, wide = shown.inner_text("main"), shown.evaluate("document.documentElement.scrollWidth")
        leading = shown.eval_on_selector_all("a", "all => all.map(a => a.href)")
        browser.close()
    assert words in text
    assert wide <= 375
    assert seen == [(tmp_path / "out/index.html").as_uri()]
    assert leading
    assert all(link.startswith("http://127.0.0.1:") for link in leading)
    assert f"report: {tmp_path / 'out/index.html'}" in capsys.readouterr().out
