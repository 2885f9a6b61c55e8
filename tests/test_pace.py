"""How often a host is asked: with a clock that only goes on when somebody waits, and once with real threads."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crawler.errors import FetchFailed
from crawler.pace import MAX_DELAY_S, MAX_RETRY_AFTER_S, REAL_TIME, Pace, adapted, ask, retry_after_s
from crawler.response import Response, Validators
from tests.walks import Fake

NOW = datetime(2026, 10, 9, 12, 0, tzinfo=UTC)
URL = "https://shop.example/"


def answers(*statuses: int, retry_after: str = "") -> list[Response]:
    return [Response(URL, status, "", b"", {"retry-after": retry_after} if retry_after else {}) for status in statuses]


def asked(time: Fake, *responses: Response, least_s: float = 1.0) -> tuple[int, float]:
    """Final status, and seconds that went by."""
    left = iter(responses)
    found = ask(lambda url, validators=None: next(left), URL, Validators(), Pace(time.clock, least_s), lambda: 0.5)
    return found.status, time.seconds


def test_turns_are_a_delay_apart_and_the_first_comes_at_once() -> None:
    time, at = Fake(), []
    pace = Pace(time.clock, 2.0)

    for _ in range(3):
        pace.turn()
        at.append(time.seconds)

    assert [0.0, 2.0, 4.0] == at


def test_time_that_has_passed_counts() -> None:
    time = Fake()
    pace = Pace(time.clock, 2.0)
    pace.turn()
    time.wait(1.5)

    pace.turn()

    assert 2.0 == time.seconds


def test_threads_share_the_turns() -> None:
    pace, at = Pace(REAL_TIME, 0.05), []

    def work() -> None:
        for _ in range(4):
            pace.turn()
            at.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    gaps = [later - earlier for earlier, later in zip(sorted(at), sorted(at)[1:], strict=False)]
    assert min(gaps) > 0.03
    assert sum(gaps) > 0.05 * 7 - 0.02


@pytest.mark.parametrize(
    ("delay", "least", "target", "well", "expected"),
    [
        (1.0, 1.0, 0.1, True, 1.0),
        (1.0, 1.0, 4.0, True, 4.0),
        (8.0, 1.0, 2.0, True, 5.0),
        (1.0, 1.0, 0.1, False, 2.0),
        (50.0, 1.0, 0.1, False, MAX_DELAY_S),
        (0.0, 0.0, 9.0, True, 0.0),
        (0.0, 0.0, 9.0, False, 0.0),
    ],
)
def test_the_delay_follows_the_server(delay: float, least: float, target: float, well: bool, expected: float) -> None:
    assert expected == adapted(delay, least, target, well)


def test_the_delay_falls_back_when_all_is_well_again() -> None:
    delay = 16.0
    for _ in range(8):
        delay = adapted(delay, 1.0, 0.2, well=True)

    assert 1.0 == delay


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("100000", MAX_RETRY_AFTER_S),
        ("9" * 400, MAX_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("²", 0.0),
    ],
)
def test_retry_after(header: str, expected: float) -> None:
    assert expected == retry_after_s(header, NOW)


def test_a_busy_server_is_asked_again_later_each_time() -> None:
    assert (200, 2.0 + 4.0) == asked(Fake(), *answers(429, 503, 200))


def test_retry_after_is_waited_for() -> None:
    assert (200, 30.0) == asked(Fake(), *answers(503, retry_after="30"), *answers(200))


def test_three_tries_and_no_more() -> None:
    status, seconds = asked(Fake(), *answers(503, 503, 503))

    assert 503 == status
    assert 6.0 == seconds


def test_other_errors_are_not_tried_again() -> None:
    assert (500, 0.0) == asked(Fake(), *answers(500))
    assert (404, 0.0) == asked(Fake(), *answers(404))


def test_without_a_delay_only_what_the_server_asks_for_is_waited() -> None:
    assert (200, 0.0) == asked(Fake(), *answers(503, 200), least_s=0.0)
    assert (200, 3.0) == asked(Fake(), *answers(503, retry_after="3"), *answers(200), least_s=0.0)


def test_everyone_waits_while_a_host_is_busy() -> None:
    time = Fake()
    pace = Pace(time.clock, 1.0)
    left = iter([*answers(503, retry_after="50"), *answers(200)])
    ask(lambda url, validators=None: next(left), URL, Validators(), pace)

    pace.turn()

    assert time.seconds >= 51.0


def test_a_fetch_that_fails_slows_down_what_follows() -> None:
    def broken(url: str, validators: Validators | None = None, /) -> Response:
        raise FetchFailed("broke off")

    time = Fake()
    pace = Pace(time.clock, 1.0)
    with pytest.raises(FetchFailed):
        ask(broken, URL, Validators(), pace)
    pace.turn()

    assert 2.0 == time.seconds
