"""`Desk`: what a running server holds: its sites with their bots, made when first asked for, and the memory. No HTTP."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chatbot.bot import Bot
from chatbot.memory import Memory
from ui.errors import UnknownSite
from ui.metrics import Metrics, new_metrics
from ui.settings import Site


@dataclass
class Desk:
    """`front` is the site that the chat page shows and that a request without a site means."""

    names: Sequence[str]
    front: str
    memory: Memory
    read_site: Callable[[str], Site]
    make_bot: Callable[[Site], Bot]
    metrics: Metrics = field(default_factory=new_metrics)
    _bots: dict[str, tuple[Site, Bot]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def site(self, name: str | None) -> tuple[Site, Bot]:
        """A site and its bot.

        Raises:
            UnknownSite: this server does not have it.

        """
        chosen = name or self.front
        if chosen not in self.names:
            raise UnknownSite(f"this server has no site '{chosen}'")
        with self._lock:
            if chosen not in self._bots:
                site = self.read_site(chosen)
                bot = replace(self.make_bot(site), count=self.metrics.counter(site.name))
                self._bots[chosen] = (site, bot)
            return self._bots[chosen]

    def bots(self) -> list[Bot]:
        """The bots that were made so far."""
        with self._lock:
            return [bot for _, bot in self._bots.values()]
