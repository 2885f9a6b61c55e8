"""The pages in a real Chromium: Gradio's chat page, and the widget on the demonstration shop's page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from chatbot.generators import QUOTE, Generator
from chatbot.prompt import Prompt
from index.embed import Embedder
from ui import server
from ui.app import create_app
from ui.settings import Settings

pytestmark = [pytest.mark.real_embedder, pytest.mark.real_browser]
WAIT_MS = 30_000


@contextmanager
def serving(demo: Settings, embedder: Embedder, generator: Generator) -> Iterator[str]:
    """A running server of the demo site."""
    desk = server.desk_for(demo, ["demo"], "demo", embedder, generator)
    bound = server.listen("127.0.0.1", 0)
    running = uvicorn.Server(
        uvicorn.Config(create_app(desk), log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not running.started:
        threading.Event().wait(0.05)
    yield server.address_of(bound)
    running.should_exit = True
    thread.join(20)
    desk.memory.close()


@pytest.fixture(scope="module")
def address(demo: Settings, real_embedder: Embedder) -> Iterator[str]:
    with serving(demo, real_embedder, QUOTE) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def foreign() -> list[str]:
    """Requests to any host but ours; must stay empty."""
    return []


def open_page(browser: Browser, url: str, language: str, foreign: list[str]) -> Page:
    page = browser.new_context(locale=language).new_page()
    page.on(
        "request",
        lambda r: foreign.append(r.url) if not r.url.startswith(("http://127.0.0.1:", "data:", "blob:")) else None,
    )
    page.goto(url)
    return page


@pytest.mark.parametrize(
    ("language", "notice", "question", "words", "source"),
    [
        ("zh-CN", "并非真人", "如何退货？", "点“申请退货”", "/zh/returns.html#how-to-return"),
        ("en-US", "not a person", "How do I return an item?", "Request a return", "/en/returns.html#how-to-return"),
    ],
)
def test_the_chat_page_answers_with_its_source(
    browser: Browser,
    address: str,
    foreign: list[str],
    language: str,
    notice: str,
    question: str,
    words: str,
    source: str,
) -> None:
    page = open_page(browser, address, language, foreign)
    expect(page.locator("#notice")).to_contain_text(notice, timeout=WAIT_MS)

    page.locator("#box textarea").fill(question)
    page.locator("#box textarea").press("Enter")

    expect(page.locator("#chat")).to_contain_text(words, timeout=WAIT_MS)
    expect(page.locator(f"#chat a[href*='{source}']").first).to_be_visible(timeout=WAIT_MS)
    assert foreign == []
    page.context.close()


def test_when_the_page_is_left_the_generator_stops(
    browser: Browser, demo: Settings, real_embedder: Embedder, foreign: list[str]
) -> None:
    begun, closed = threading.Event(), threading.Event()

    def endless(prompt: Prompt) -> Iterator[str]:
        if "运费谁出" not in prompt.messages[-1].content:  # the warming up
            return
        begun.set()
        try:
            while True:
                yield "Wrong. "
                threading.Event().wait(0.02)
        finally:
            closed.set()

    with serving(demo, real_embedder, Generator("endless", endless)) as address:
        page = open_page(browser, address, "zh-CN", foreign)
        box = page.locator("#box textarea, #box input")
        box.fill("退货要几天，运费谁出？")
        box.press("Enter")
        assert begun.wait(30)
        assert not closed.is_set()
        page.context.close()

        assert closed.wait(20)


def test_a_suggestion_is_a_button_that_answers(browser: Browser, address: str, foreign: list[str]) -> None:
    page = open_page(browser, address, "zh-CN", foreign)
    expect(page.locator("#notice")).to_contain_text("并非真人", timeout=WAIT_MS)
    page.locator("#box textarea").fill("发票多久给")
    page.locator("#box textarea").press("Enter")
    chip = page.locator("#chips button", has_text="电子发票怎么开？")
    expect(chip).to_be_visible(timeout=WAIT_MS)

    chip.click()

    expect(page.locator("#chat")).to_contain_text("点“申请发票”", timeout=WAIT_MS)
    page.context.close()


def test_what_is_being_typed_is_not_lost_while_an_answer_comes(
    browser: Browser, address: str, foreign: list[str]
) -> None:
    page = open_page(browser, address, "en-US", foreign)
    expect(page.locator("#notice")).to_contain_text("not a person", timeout=WAIT_MS)
    box = page.locator("#box textarea")
    box.fill("How do I return an item?")
    box.press("Enter")
    expect(box).to_have_value("", timeout=WAIT_MS)

    box.fill("my next question")
    expect(page.locator("#chat")).to_contain_text("Request a return", timeout=WAIT_MS)

    expect(box).to_have_value("my next question")
    page.context.close()


@pytest.mark.parametrize(
    ("language", "question", "words"),
    [("zh-CN", "如何退货？", "申请退货"), ("en-US", "How do I return an item?", "Request a return")],
)
def test_the_widget_opens_and_answers(
    browser: Browser, address: str, foreign: list[str], language: str, question: str, words: str
) -> None:
    page = open_page(browser, f"{address}/demo-shop", language, foreign)
    page.evaluate("language => document.documentElement.lang = language", language)

    page.locator("kefu-chat button").first.click()
    box = page.locator("kefu-chat textarea")
    expect(box).to_be_focused(timeout=WAIT_MS)
    box.fill(question)
    box.press("Enter")

    expect(page.locator("kefu-chat [role=log]")).to_contain_text(words, timeout=WAIT_MS)
    expect(page.locator("kefu-chat [role=log] a[href*='/returns.html#how-to-return']").first).to_be_visible(
        timeout=WAIT_MS
    )
    box.press("Escape")
    expect(box).to_be_hidden()
    assert foreign == []
    page.context.close()
