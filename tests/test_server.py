"""A running server opens what is published, though nobody asks."""

import threading
import time
from pathlib import Path

from chatbot.bands import Bands
from chatbot.bot import Bot
from chatbot.generators import QUOTE
from chatbot.memory import open_memory
from chatbot.texts import Texts
from crawler.records import FaqEntry
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import Embedder
from index.hybrid import Index, latest
from ui.desk import Desk
from ui.server import keep_current
from ui.settings import Site

ENTRY = FaqEntry("x", "Where are you?", "In Bern.", language="en")


def test_what_is_published_is_open_within_two_seconds_without_a_question(tmp_path: Path, embedder: Embedder) -> None:
    sync(tmp_path / "s", [ENTRY], embedder)
    opened: list[str] = []
    index = latest(tmp_path / "s", lambda: Index.open(tmp_path / "s", embedder, Calibration(Logistic({}, 0.0))))

    def watched() -> object:
        found = index()
        opened.append(found.name)
        return found

    bot = Bot(watched, QUOTE, Bands(), Texts({"en": "shop"}))  # type: ignore[arg-type]
    memory = open_memory(f"sqlite:///{tmp_path / 'kefu.db'}")
    desk = Desk(("s",), "s", memory, lambda name: Site(name=name), lambda site: bot)
    desk.site("s")
    ended = threading.Event()
    keeper = threading.Thread(target=keep_current, args=(desk, ended))
    keeper.start()

    sync(tmp_path / "s", [ENTRY, FaqEntry("y", "Who are you?", "We.", language="en")], embedder)
    published = time.monotonic()
    while "000002" not in opened and time.monotonic() - published < 2.5:
        time.sleep(0.01)

    took = time.monotonic() - published
    ended.set()
    keeper.join()
    memory.close()
    assert took < 2
