"""How often one host is asked, and when again after it was busy. Knows seconds, not pages; time comes in as a `Clock`."""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawler.errors import FetchFailed
from crawler.response import Fetch, Response, Validators

BUSY = (429, 502, 503, 504)
TRIES = 3
MAX_RETRY_AFTER_S = 120.0
MAX_DELAY_S = 60.0


@dataclass(frozen=True)
class Clock:
    """Seconds that only go up, and a way to let some pass."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


REAL_TIME = Clock()


@dataclass
class Pace:
    """When the next request to one host may go out, whichever thread makes it. `least_s` is the delay asked for."""

    clock: Clock
    least_s: float = 0.0
    connections: int = 1
    _delay_s: float = 0.0
    _last_at: float = -math.inf
    _not_before: float = -math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = self.clock.now()
            self._last_at = max(now, self._last_at + max(self.least_s, self._delay_s), self._not_before)
            wait_s = self._last_at - now
        if wait_s > 0:
            self.clock.wait(wait_s)

    def rest(self, seconds: float) -> None:
        """Let nobody have a turn for so long."""
        with self._lock:
            self._not_before = max(self._not_before, self.clock.now() + seconds)

    def heard(self, latency_s: float, well: bool) -> None:
        """Adapt to how long an answer took, and whether it was a good one."""
        with self._lock:
            delay_s = max(self.least_s, self._delay_s)
            self._delay_s = adapted(delay_s, self.least_s, latency_s / self.connections, well)


def adapted(delay_s: float, least_s: float, target_s: float, well: bool) -> float:
    """The next delay: half way to what keeps the server as busy as now, doubled when it answers badly.

    A delay of 0 was asked for where nobody is to be spared, and stays.
    """
    if not least_s:
        return 0.0
    wanted = max(target_s, (delay_s + target_s) / 2) if well else max(target_s, 2 * delay_s)
    return min(max(least_s, wanted), MAX_DELAY_S)


def ask(
    fetch: Fetch, url: str, validators: Validators, pace: Pace, jitter: Callable[[], float] = random.random
) -> Response:
    """Fetch in turn, up to `TRIES` times while the server is busy; the last answer is returned as it is.

    Raises:
        FetchFailed, UrlRefused: as `fetch` does.

    """
    for tried in range(1, TRIES + 1):
        pace.turn()
        began = pace.clock.now()
        try:
            response = fetch(url, validators)
        except FetchFailed:
            pace.heard(pace.clock.now() - began, well=False)
            raise
        busy = response.status in BUSY
        pace.heard(pace.clock.now() - began, well=not busy)
        if not busy or tried == TRIES:
            break
        backoff_s = pace.least_s * 2**tried * (0.5 + jitter())
        pace.rest(max(backoff_s, retry_after_s(response.headers.get("retry-after", ""), datetime.now(UTC))))
    return response


def retry_after_s(header: str, now: datetime) -> float:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), at most `MAX_RETRY_AFTER_S`; 0 without one."""
    header = header.strip()
    try:
        seconds = float(header) if header.isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)
