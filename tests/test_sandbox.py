"""Pages are read in a child process: the same answers, and a page that breaks its reader costs only itself."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crawler.errors import PageBroken, SandboxFailed
from crawler.reader import Answer
from crawler.response import Response
from crawler.sandbox import SandboxLimits, open_survey
from crawler.survey import Survey, survey
from tests.faq_texts import PAIRS

pytestmark = pytest.mark.slow_process

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def page(body: bytes | str, path: str = "faq") -> Response:
    body = body.encode() if isinstance(body, str) else body
    return Response(f"https://shop.example/{path}", 200, "text/html; charset=utf-8", body, {"etag": '"é"'})


def faq(language: str) -> Response:
    items = "".join(f"<dt>{q}</dt><dd>{a} <a href='/{i}'>…</a></dd>" for i, (q, a) in enumerate(PAIRS[language]))
    return page(f"<html lang={language}><h1>FAQ</h1><dl>{items}</dl>", language)


GOOD = faq("en")
# A second of work or more.
SLOW = page("".join(f"<a href=/{i}?b=1>{i}</a>\n" for i in range(15_000)), "slow")


def children() -> list[int]:
    """The readers that this process has started; other tests leave other children."""
    pids = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    return sorted(int(pid) for pid in pids if _parent(pid) == os.getpid() and b"crawler.reader" in _command(pid))


def _parent(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended meanwhile
        return 0


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes true within a second: what a new process is called can be read a moment after it has begun."""
    ends_at = time.monotonic() + 1
    while not holds() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return holds()


def test_a_page_reads_the_same_in_the_child() -> None:
    with open_survey("shop") as read:
        for language in PAIRS:
            response = faq(language)

            assert survey(response, "shop") == read(response)
            assert len(read(response).entries) == len(PAIRS[language])


@linux_only
def test_one_child_reads_all_pages_of_a_thread_and_ends_with_the_block() -> None:
    others = set(children())
    with open_survey("shop") as read:
        read(GOOD)
        (first,) = set(children()) - others
        read(GOOD)

        assert {first} == set(children()) - others
    assert eventually(lambda: first not in children())


def test_two_threads_read_at_once() -> None:
    with open_survey("shop") as read, ThreadPoolExecutor(2) as threads:
        pages = [faq(language) for language in PAIRS] * 3

        assert [survey(response, "shop") for response in pages] == list(threads.map(read, pages))


def test_a_page_that_takes_too_long_is_left_out() -> None:
    with open_survey("shop", limits=SandboxLimits(page_s=0.3)) as read:
        read(GOOD)
        started = time.monotonic()
        with pytest.raises(
            PageBroken, match=r"^https://shop.example/slow takes more than 0.3 s to read and was left out$"
        ):
            read(SLOW)

        assert time.monotonic() - started < 2
        assert read(GOOD).entries


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the address space is not limited")
def test_a_page_that_takes_too_much_memory_is_left_out() -> None:
    with open_survey("shop", limits=SandboxLimits(memory_mib=96)) as read:
        with pytest.raises(PageBroken, match=r"takes more than 96 MiB to read and was left out$"):
            read(page(b"<p>" + b"a \xe4\xb8\x80" * 2**20))

        assert read(GOOD).entries


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the address space is not limited")
@pytest.mark.parametrize("memory_mib", [54, 60, 66, 72, 96])
def test_half_a_page_is_never_taken_for_the_whole(memory_mib: int) -> None:
    response = page("<h2>What?</h2><p>" + "a b " * 2**19)
    with open_survey("shop", limits=SandboxLimits(memory_mib=memory_mib)) as read, contextlib.suppress(PageBroken):
        assert survey(response, "shop") == read(response)


def test_a_page_that_says_too_much_is_left_out() -> None:
    with open_survey("shop", limits=SandboxLimits(answer_mib=1)) as read:
        with pytest.raises(PageBroken, match=r"comes out longer than 1 MiB and was left out$"):
            read(page("<h2>What?</h2><p>" + "word " * 2**18))

        assert read(GOOD).entries


@linux_only
def test_a_child_that_died_between_two_pages_is_replaced_unseen() -> None:
    others = set(children())
    with open_survey("shop") as read:
        read(GOOD)
        (child,) = set(children()) - others
        os.kill(child, signal.SIGKILL)
        time.sleep(0.1)

        assert read(GOOD).entries


@linux_only
def test_a_child_that_has_grown_is_replaced() -> None:
    others = set(children())
    with open_survey("shop", limits=SandboxLimits(spent_mib=1)) as read:
        read(GOOD)
        assert eventually(lambda: len(set(children()) - others) == 1)
        (first,) = set(children()) - others
        read(GOOD)

        assert eventually(lambda: first not in children() and len(set(children()) - others) == 1)


@linux_only
def test_a_child_of_a_large_process_is_no_larger_for_it() -> None:
    others = set(children())
    ballast = bytearray(os.urandom(2**20)) * 300  # MiB, as a server has that has loaded its models
    with open_survey("shop", limits=SandboxLimits(spent_mib=192)) as read:
        read(GOOD)
        first = set(children()) - others
        read(GOOD)

        assert len(first) == 1
        assert first == set(children()) - others
    del ballast


@linux_only
def test_a_child_is_limited_and_knows_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_ADMIN_PASSWORD", "hunter2")
    others = set(children())
    with open_survey("shop") as read:
        read(GOOD)
        (pid,) = set(children()) - others
        limits = {
            line[:25].strip(): line[25:].split()[1] for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
        }

        assert str(512 * 2**20) == limits["Max address space"]
        assert ("0", "0") == (limits["Max core file size"], limits["Max file size"])
        assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert os.getsid(pid) != os.getsid(0)  # Ctrl-C is not for it


# Tests that run in the background have SIGINT ignored, and their children inherit that.
PARENT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from crawler.sandbox import open_survey
from tests.test_sandbox import GOOD, SLOW, children
with open_survey("shop") as read:
    read(GOOD)
    print(children()[-1], flush=True)
    read({page})
    input()
"""


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@linux_only
@pytest.mark.parametrize("page_read", ["GOOD", "SLOW"])
def test_children_end_with_a_parent_that_is_killed(page_read: str) -> None:
    root = Path(__file__).parents[1]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(page=page_read)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.2)

        assert alive(child)
        parent.kill()
    ends_at = time.monotonic() + 15
    while alive(child) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert not alive(child)


@linux_only
def test_ctrl_c_ends_both_without_a_word_from_the_child() -> None:
    root = Path(__file__).parents[1]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(page="SLOW")],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        child = int(parent.stdout.readline())
        time.sleep(0.2)
        os.killpg(parent.pid, signal.SIGINT)

        assert parent.stderr.read().count(b"Traceback") == 1  # the parent's own
    assert not alive(child)


# What a child that somebody has taken over might answer.
def say(payload: bytes) -> str:
    return f"answer = {payload!r}; out.write(len(answer).to_bytes(4, 'big') + answer)"


def dumped(answer: Answer) -> dict[str, object]:
    return json.loads(json.dumps(dataclasses.asdict(answer)))


TRUE = Answer(Survey("https://shop.example/", links=("https://shop.example/a",), language="d"))


def changed(**values: object) -> bytes:
    """The true answer with some values in its survey, or else in itself, replaced."""
    answer = dataclasses.asdict(TRUE)
    for name, value in values.items():
        (answer["survey"] if name in answer["survey"] else answer)[name] = value
    return json.dumps(answer).encode()


LIES = {
    "no JSON": b"\x80\x04cos\nsystem\n",
    "no object": b"[]",
    "another object": b'{"survey": {}}',
    "deep": b"[" * 90_000,
    "a long number": b'{"survey": ' + b"9" * 90_000,
    "a field more": changed(more=1),
    "no text": changed(trouble=5),
    "a number for a truth value": changed(spent=0),
    "a truth value for a number": changed(hidden_chars=True),
    "text for a list": changed(links="abc"),
    "an object for text": changed(links=[{}]),
    "half an entry": changed(entries=[{"id": "1"}]),
    "half a surrogate pair": changed(url="\ud800"),
    "no UTF-8": changed().replace(b"shop", b"\xff"),
}


def lying(code: str) -> tuple[str, ...]:
    program = f"""
    import os, signal, sys, time
    out = os.fdopen(1, "wb")
    {say(b"ready")}
    out.flush()
    sys.stdin.buffer.read(4)
    {code}
    out.flush()
    time.sleep(60)
    """
    return (sys.executable, "-c", textwrap.dedent(program))


@pytest.mark.parametrize("payload", LIES.values(), ids=LIES)
def test_what_a_child_says_is_checked(payload: bytes) -> None:
    with (
        open_survey("shop", reader=lying(say(payload))) as read,
        pytest.raises(PageBroken, match="comes out as nonsense"),
    ):
        read(GOOD)


def test_a_true_answer_passes_the_check() -> None:
    with open_survey("shop", reader=lying(say(changed()))) as read:
        assert TRUE.survey == read(GOOD)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("out.write(bytes([255] * 4))", "comes out as nonsense"),  # four gibibytes announced
        ("out.write(bytes([0, 0, 0, 9])); out.close()", "crashes its reader"),
        ("os.close(1)", "crashes its reader"),
        ("os._exit(3)", r"crashes its reader \(exit code 3\)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"crashes its reader \(SIGSEGV\)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", r"crashes its reader \(SIGKILL\)"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "takes more than 0.5 s"),
        ("pass", "takes more than 0.5 s"),
        (
            say(changed(trouble="\x1b[2J\nKeyError: " + "x" * 999)),
            r"cannot be read \([\w ]+\)",
        ),
    ],
)
def test_a_child_that_misbehaves_is_ended(code: str, why: str) -> None:
    with open_survey("shop", limits=SandboxLimits(page_s=0.5), reader=lying(code)) as read:
        with pytest.raises(PageBroken, match=why) as broken:
            read(GOOD)

        assert "\n" not in str(broken.value)
        assert "\x1b" not in str(broken.value)


@pytest.mark.parametrize("reader", [("/nonexistent/python",), (sys.executable, "-c", "raise SystemExit(1)")])
def test_a_reader_that_does_not_start_is_said(reader: tuple[str, ...]) -> None:
    with pytest.raises(SandboxFailed, match="the process that reads pages"), open_survey("shop", reader=reader) as read:
        read(GOOD)
