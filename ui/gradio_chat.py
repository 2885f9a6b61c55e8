"""The chat page, by Gradio, over the same turn as the API. Its words follow the browser's language."""

import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr
from fastapi import FastAPI

from chatbot.errors import VisitorLeft
from chatbot.messages import Answer, Citation, Delta, Sources
from crawler.language import detect
from ui.chat import conversation_of, turn
from ui.desk import Desk
from ui.launch import texts_for
from ui.wire import MAX_MESSAGE_CHARS

CHIPS = 5
VISITORS_AT_ONCE = 16
log = logging.getLogger(__name__)
WORDS = {
    "zh": {
        "ask": "请输入您的问题…",
        "send": "发送",
        "sources": "来源",
        "looking": "正在查找…",
        "title": "{name} · 智能客服",
    },
    "en": {
        "ask": "Type your question…",
        "send": "Send",
        "sources": "Sources",
        "looking": "Looking it up…",
        "title": "{name} · Assistant",
    },
}
CSS = """
footer {display: none !important}
.gradio-container {max-width: 820px !important; margin: 0 auto !important}
#notice {opacity: .75; font-size: .85rem}
#chips button {min-height: 44px; justify-content: flex-start; text-align: left; font-weight: 400}
#send {min-height: 44px}
@media (max-width: 600px) {.gradio-container {padding: 8px !important} #chat {height: 46vh !important}}
"""
History = list[dict[str, Any]]
# By Gradio's session, what is set when a visitor who waits for an answer leaves.
Waiting = dict[str, set[threading.Event]]


def mount_chat_page(app: FastAPI, desk: Desk) -> None:
    """Mount the page at /; everything of Gradio that a text chat does not need is off."""
    gr.mount_gradio_app(
        app,
        chat_page(desk),
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        allowed_paths=[],
        max_file_size=1,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        css=CSS,
        theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    )


def chat_page(desk: Desk) -> gr.Blocks:
    """The page of the desk's front site."""
    _site, bot = desk.site(None)
    name = " / ".join(dict.fromkeys(bot.texts.name(code) for code in WORDS))
    with gr.Blocks(title=name, analytics_enabled=False, fill_height=True) as page:
        heading = gr.Markdown(f"## {name}", elem_id="heading")
        notice = gr.Markdown(elem_id="notice")
        # Held by the server: the visitor's token and which turn each message belongs to.
        held = gr.State({"token": "", "turns": {}, "history": []})
        chat = gr.Chatbot(
            elem_id="chat",
            show_label=False,
            height="62vh",
            buttons=["copy"],
            feedback_options=("Like", "Dislike"),
            layout="bubble",
            allow_tags=False,
        )
        with gr.Column(elem_id="chips"):
            chips = [gr.Button(visible=False, size="sm") for _ in range(CHIPS)]
        with gr.Row():
            box = gr.Textbox(
                show_label=False,
                container=False,
                scale=8,
                max_length=MAX_MESSAGE_CHARS,
                elem_id="box",
                autofocus=True,
                lines=1,
            )
            send = gr.Button("发送 / Send", variant="primary", scale=1, min_width=88, elem_id="send")
        shown = [chat, held, box, *chips]
        waiting: Waiting = {}
        ask = _asker(desk, waiting)
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "concurrency_limit": VISITORS_AT_ONCE,
        }
        for trigger in (box.submit, send.click):
            trigger(ask, [box, held], shown, **private)
        for chip in chips:
            chip.click(ask, [chip, held], shown, **private)
        chat.like(_rater(desk), [held], None, **private)
        opened = [heading, notice, chat, held, box, send]
        page.load(_opener(desk), None, opened, **private)
        page.unload(_leaver(waiting))
        chat.clear(_opener(desk), None, opened, **private)
    assert isinstance(page, gr.Blocks)  # noqa: S101 - Gradio gives no types
    return page


def _opener(desk: Desk) -> Any:
    def opened(request: gr.Request) -> tuple[Any, ...]:
        code = _language_of(request)
        site, bot = desk.site(None)
        words, texts = WORDS[code], texts_for(site)
        history: History = [{"role": "assistant", "content": texts.say("greeting", code)}]
        return (
            gr.update(value="## " + words["title"].replace("{name}", bot.texts.name(code))),
            gr.update(value=texts.say("notice", code)),
            history,
            {"token": "", "turns": {}, "history": history},
            gr.update(placeholder=words["ask"], label=words["ask"]),
            gr.update(value=words["send"]),
        )

    return opened


def _leaver(waiting: Waiting) -> Any:
    def leave(request: gr.Request) -> None:
        for left in list(waiting.get(request.session_hash or "", ())):
            left.set()

    return leave


def _asker(desk: Desk, waiting: Waiting) -> Any:
    def ask(message: str, held: dict[str, Any], request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Stream one turn into the page."""
        message = (message or "").strip()[:MAX_MESSAGE_CHARS]
        if not message:
            yield held["history"], held, gr.skip(), *_chips(())
            return
        site, _ = desk.site(None)
        code = "zh" if detect(message) == "zh" else "en"
        conversation = conversation_of(desk.memory, site.name, held["token"] or None)
        history: History = [*held["history"], {"role": "user", "content": message}]
        held = {**held, "token": conversation.token}
        yield [*history, {"role": "assistant", "content": WORDS[code]["looking"]}], held, "", *_chips(())
        text, citations, suggestions = "", tuple[Citation, ...](), tuple[str, ...]()
        session, left = request.session_hash or "", threading.Event()
        waiting.setdefault(session, set()).add(left)
        try:
            for event, number in turn(desk, site.name, message, conversation, left.is_set):
                if isinstance(event, Sources):
                    citations = event.citations
                elif isinstance(event, Delta):
                    text += event.text
                elif isinstance(event, Answer):
                    text, citations, suggestions = event.text, event.citations, event.suggestions
                    held = {**held, "turns": {**held["turns"], len(history): number}}
                said = {
                    "role": "assistant",
                    "content": _markdown(text or WORDS[code]["looking"], citations, code),
                }
                # Not the box: the visitor may be typing the next question there.
                yield [*history, said], held, gr.skip(), *_chips(suggestions)
        except VisitorLeft:
            log.info("a visitor left")
            return
        except Exception:
            log.exception("a turn failed")
            said = {"role": "assistant", "content": texts_for(site).say("failed", code)}
        finally:
            waiting[session].discard(left)
            if not waiting[session]:
                del waiting[session]
        yield [*history, said], {**held, "history": [*history, said]}, gr.skip(), *_chips(suggestions)

    return ask


def _rater(desk: Desk) -> Any:
    def rate(held: dict[str, Any], thumb: gr.LikeData) -> None:
        place = thumb.index[0] if isinstance(thumb.index, tuple | list) else thumb.index
        if number := held["turns"].get(place):
            desk.memory.rate(held["token"], number, 1 if thumb.liked is True or thumb.liked == "Like" else -1)

    return rate


def _markdown(text: str, citations: tuple[Citation, ...], code: str) -> str:
    """An answer with its [1] as links, and its sources below it."""
    for citation in citations:
        if citation.url:
            text = re.sub(rf"\[{citation.number}\](?!\()", f"[[{citation.number}]]({_target(citation.url)})", text)
    links = [
        f"{c.number}. [{_escaped(c.question)}]({_target(c.url)})" if c.url else f"{c.number}. {_escaped(c.question)}"
        for c in citations
    ]
    return f"{text}\n\n**{WORDS[code]['sources']}**\n\n" + "\n".join(links) if links else text


def _target(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace("\\", "%5C")


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\[]<>*_`" else char for char in text)


def _chips(suggestions: tuple[str, ...]) -> list[Any]:
    return [
        gr.update(value=suggestions[i], visible=True) if i < len(suggestions) else gr.update(visible=False)
        for i in range(CHIPS)
    ]


def _language_of(request: gr.Request | None) -> str:
    accepted = str(request.headers.get("accept-language", "")) if request else ""
    return "zh" if accepted.lower().startswith("zh") else "en"
