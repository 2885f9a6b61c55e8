"""Runs the application: a desk from settings, uvicorn, and a browser window where one is wanted."""

import os
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from chatbot.generators import Generator
from index.embed import Embedder
from index.errors import IndexFailure
from ui.desk import Desk
from ui.errors import BadCall
from ui.launch import bot_for, memory_for
from ui.settings import Settings, read_site

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 5
LOOK_EVERY_S = 1.0


def desk_for(settings: Settings, names: Sequence[str], front: str, embedder: Embedder, generator: Generator) -> Desk:
    """The desk of some sites; the front site's index is opened at once, so that what is wrong with it is said now."""
    desk = Desk(
        names=names,
        front=front,
        memory=memory_for(settings),
        read_site=lambda name: read_site(settings, name),
        make_bot=lambda site: bot_for(settings, site, embedder, generator),
    )
    _, bot = desk.site(front)
    threading.Thread(target=bot.warm_up, name="kefu-warm-up", daemon=True).start()
    return desk


def listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        BadCall: the port is in use or not ours to take.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let a second server take the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen()
    except OSError as error:
        bound.close()
        raise BadCall(f"{host}:{port} cannot be listened on ({error.strerror}). Choose another with --port") from error
    return bound


def address_of(bound: socket.socket) -> str:
    """The http:// address of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    desk: Desk,
    bound: socket.socket,
    *,
    browser: bool,
    ready: Callable[[str], None],
    beside: Callable[[threading.Event], None] | None = None,
) -> None:
    """Serve until stopped; `ready` is told the address when it answers.

    `beside` runs in a thread of its own, and returns soon after the event that it is given is set: the server has ended.
    """
    import uvicorn

    from ui.app import create_app

    config = uvicorn.Config(create_app(desk), log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S)
    server = uvicorn.Server(config)
    threading.Thread(target=_announce, args=(server, address_of(bound), browser, ready), daemon=True).start()
    ended = threading.Event()
    helper = threading.Thread(target=beside or (lambda ended: None), args=(ended,), name="kefu-beside", daemon=True)
    helper.start()
    threading.Thread(target=keep_current, args=(desk, ended), name="kefu-keep-current", daemon=True).start()
    try:
        server.run(sockets=[bound])
    finally:
        ended.set()
        helper.join(GRACE_S)
        desk.memory.close()


def keep_current(desk: Desk, ended: threading.Event) -> None:
    """Open what is published for the sites in use, though nobody asks: the next visitor then finds it open."""
    while not ended.wait(LOOK_EVERY_S):
        for bot in desk.bots():
            with suppress(IndexFailure):  # whoever asks is told
                bot.index()


def _announce(server: "uvicorn.Server", address: str, browser: bool, ready: Callable[[str], None]) -> None:
    pause = threading.Event()
    while not server.started and not server.should_exit:
        pause.wait(0.05)
    if server.started:
        ready(address)
        if browser:
            webbrowser.open(address)
