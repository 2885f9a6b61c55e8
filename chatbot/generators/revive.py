"""A generator in this process is opened again when it has died; meanwhile it fails at once, and the published answer is shown."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorRefused
from chatbot.generators import Generator
from chatbot.prompt import Prompt

log = logging.getLogger(__name__)

FAILURES = 2  # in a row: one may be the question's fault


@dataclass
class _Life:
    """The generator that serves now, and how often it failed in a row: at writing, and at judging, which may go well all the same."""

    open: Callable[[], Generator]
    now: Generator
    failures: Counter[str] = field(default_factory=Counter)
    opening: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serving(self) -> Generator:
        with self.lock:
            if self.opening:
                raise GeneratorFailed("it is being opened again")
            return self.now

    @contextmanager
    def watched(self, work: str) -> Iterator[Generator]:
        """The generator that serves now, at work: what becomes of it is noted. One that is only busy, refuses, or is left, is neither good nor bad."""
        serving = self.serving()
        try:
            yield serving
        except (GeneratorBusy, GeneratorRefused):
            raise
        except GeneratorFailed:
            self.note(work, serving, False)
            raise
        self.note(work, serving, True)

    def note(self, work: str, serving: Generator, good: bool) -> None:
        with self.lock:
            if serving is not self.now:  # what becomes of an old one says nothing of the new
                return
            self.failures[work] = 0 if good else self.failures[work] + 1
            dead = self.failures.total() >= FAILURES and not self.opening
            self.opening = self.opening or dead
        if dead:
            threading.Thread(target=self._open, args=(work,), name="kefu-revive", daemon=True).start()

    def _open(self, work: str) -> None:
        log.warning("the generator %s failed %d times in a row and is opened again", self.now.name, FAILURES)
        try:
            self.now = self.open()
        except Exception as error:  # noqa: BLE001 - whatever it is, the old one is tried once more, and this again after it
            log.error("the generator %s cannot be opened: %s", self.now.name, error)
        finally:
            with self.lock:
                self.failures, self.opening = Counter({work: FAILURES - 1}), False


def revived(open_: Callable[[], Generator]) -> Generator:
    """What `open_` opens, opened again in the background after it failed twice in a row.

    Raises:
        GeneratorUnavailable: it cannot be opened the first time.

    """
    first = open_()
    life = _Life(open_, first)

    def generate(prompt: Prompt) -> Iterator[str]:
        with life.watched("writing") as serving, closing(serving.generate(prompt)) as pieces:  # type: ignore[type-var]
            yield from pieces

    def weigh(prompt: Prompt) -> float:
        with life.watched("judging") as serving:
            assert serving.weigh  # noqa: S101 - as the first one did, which this stands for
            return serving.weigh(prompt)

    return replace(first, generate=generate, weigh=weigh if first.weigh else None)
