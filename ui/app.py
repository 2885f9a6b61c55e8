"""The web application: chat API, widget, health; Gradio's chat page is mounted at /. The only module with async in it."""

import logging
import re
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import suppress
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from chatbot.errors import VisitorLeft
from crawler.language import detect
from ui.chat import conversation_of, turn
from ui.desk import Desk
from ui.errors import UnknownSite
from ui.launch import texts_for
from ui.metrics import CONTENT_TYPE
from ui.settings import Site
from ui.wire import MAX_MESSAGE_CHARS, ChatRequest, Rating, sse, to_sse

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = frozenset(("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"))
LOCAL_ORIGIN = r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?"


def create_app(desk: Desk, *, gradio: bool = True) -> FastAPI:
    """The application of a desk; without `gradio` only the API, the widget and its demo page."""
    app = FastAPI(
        title="Kefu",
        max_body_size=MAX_BODY_BYTES,
        docs_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
    )
    origins = sorted({origin for name in desk.names for origin in desk.read_site(name).origins})
    # With a policy of our own, Gradio adds none; on its own it would answer any origin, with credentials.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_origin_regex=LOCAL_ORIGIN,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )
    app.add_middleware(GZipMiddleware, minimum_size=1024)  # leaves text/event-stream alone
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(UnknownSite, _unknown_site)
    app.add_exception_handler(StarletteHTTPException, _refused)
    _add_chat(app, desk)
    _add_pages(app, desk)
    if gradio:
        from ui.gradio_chat import mount_chat_page

        mount_chat_page(app, desk)
    return app


def _add_chat(app: FastAPI, desk: Desk) -> None:
    @app.post("/api/chat", response_class=StreamingResponse, summary="Ask; the answer comes as server-sent events")
    def chat(
        request: ChatRequest, origin: Annotated[str, Header()] = "", host: Annotated[str, Header()] = ""
    ) -> Response:
        site, _ = desk.site(request.site)
        _check_origin(site, origin, host)
        conversation = conversation_of(desk.memory, site.name, request.conversation)
        left = threading.Event()

        def events() -> Generator[bytes]:
            yield sse("start", {"conversation": conversation.token})
            try:
                for event, number in turn(desk, site.name, request.message, conversation, left.is_set):
                    yield to_sse(event, number)
            except VisitorLeft:
                log.info("a visitor left")
            except Exception:
                log.exception("a turn failed")
                yield sse("error", {"message": texts_for(site).say("failed", detect(request.message))})

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_until_left(events(), left), media_type="text/event-stream", headers=headers)

    @app.post("/api/feedback", summary="Rate an answer")
    def feedback(
        rating: Rating, origin: Annotated[str, Header()] = "", host: Annotated[str, Header()] = ""
    ) -> dict[str, bool]:
        site, _ = desk.site(rating.site)
        _check_origin(site, origin, host)
        if not desk.memory.rate(rating.conversation, rating.turn, rating.rating, rating.note):
            raise HTTPException(404, "no such answer in this conversation")
        return {"stored": True}


async def _until_left(events: Generator[bytes], left: threading.Event) -> AsyncIterator[bytes]:
    """The events; when the visitor leaves, `left` is set, what writes them is closed, and with it the model's work ends."""

    def one() -> bytes | None:
        event = next(events, None)
        if left.is_set():  # while this ran, so that nobody else could close it
            events.close()
        return event

    try:
        # Not waited for when the visitor leaves: the next event may be long in coming, and need not come then.
        while (event := await anyio.to_thread.run_sync(one, abandon_on_cancel=True)) is not None:
            yield event
    finally:
        left.set()
        # Shielded: this runs because the visitor's task is being cancelled, and must not be cancelled with it.
        with anyio.CancelScope(shield=True), suppress(ValueError):  # it runs, and is closed by who runs it
            await anyio.to_thread.run_sync(events.close)


def _add_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/healthz", summary="Whether the process answers")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        # For this machine alone; a proxy's visitors come from here too, but it says that they are not of here.
        here = request.client is not None and request.client.host in LOOPBACK
        if not here or FORWARDED & set(request.headers):
            raise HTTPException(404, "Not Found")
        return Response(desk.metrics.text(), media_type=CONTENT_TYPE)

    @app.get("/api/site/{name}", summary="What the widget shows before the first message")
    def about(name: str) -> dict[str, Any]:
        site, bot = desk.site(name)
        said = {key: {code: bot.texts.say(key, code) for code in ("zh", "en")} for key in ("greeting", "notice")}
        names = {code: bot.texts.name(code) for code in ("zh", "en")}
        return {"site": site.name, "name": names, "welcome": said["greeting"], "notice": said["notice"]}

    @app.get("/widget.js", summary="The widget: one script tag")
    def widget() -> Response:
        script = files("ui").joinpath("static/widget.js").read_bytes()
        headers = {
            "Cache-Control": "public, max-age=300",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)

    @app.get("/demo-shop", response_class=HTMLResponse, include_in_schema=False)
    def demo_shop() -> str:
        return files("ui").joinpath("static/demo-shop.html").read_text("utf-8").replace("{site}", desk.front)


def _check_origin(site: Site, origin: str, host: str) -> None:
    """Refuse a web page of an origin that the site does not allow; programs send none and are held by limits instead."""
    own = urlsplit(origin).netloc == host
    if origin and not own and origin not in site.origins and not re.fullmatch(LOCAL_ORIGIN, origin):
        raise HTTPException(403, "this web address may not use this chat; its owner can allow it")


def _bad_request(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    if any(problem["type"] == "string_too_long" and problem["loc"][-1] == "message" for problem in problems):
        message = (
            f"消息请控制在 {MAX_MESSAGE_CHARS} 字以内。Please keep the message under {MAX_MESSAGE_CHARS} characters."
        )
        return JSONResponse({"message": message}, 413)
    first = problems[0] if problems else {"loc": ("body",), "msg": "cannot be read"}
    return JSONResponse({"message": f"{'.'.join(map(str, first['loc'][1:])) or 'body'}: {first['msg']}"}, 422)


def _refused(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, StarletteHTTPException) else 500
    return JSONResponse({"message": getattr(error, "detail", "refused")}, status)


def _unknown_site(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"message": str(error)}, 404)
