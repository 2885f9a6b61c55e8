"""`open_survey`: the same as `survey`, in child processes (`reader`), because pages come from a hostile web.

A page that takes too much time or memory, or that crashes its reader, costs itself and no other. What a child answers
is not trusted: JSON of a bounded size, each value checked against the fields of `Survey`. A child gets neither the
operator's keys nor the terminal; but a program that took it over would not be kept from the network.
"""

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from typing import IO, Any, cast, get_args, get_origin, get_type_hints

from crawler.errors import PageBroken, SandboxFailed
from crawler.reader import MIB, READY, Answer, SandboxLimits, receive, send
from crawler.response import Response
from crawler.survey import Survey

__all__ = ["SandboxLimits", "open_survey"]

DEFAULT_LIMITS = SandboxLimits()
READER = (sys.executable, "-P", "-m", "crawler.reader")
# What the interpreter needs to start and to find its libraries; the operator's keys are in the rest.
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
START_S = 60.0
WATCH_EVERY_S = 0.1
LAST_WORDS_S = 1.0


@dataclass(eq=False)
class _Child:
    """A reader of pages. `greeted` once it has said that it is ready, `late` once it was killed at `ends_at`."""

    process: subprocess.Popen[bytes]
    greeted: bool = False
    late: bool = False
    ends_at: float = math.inf

    @property
    def requests(self) -> IO[bytes]:
        return cast(IO[bytes], self.process.stdin)

    @property
    def answers(self) -> IO[bytes]:
        return cast(IO[bytes], self.process.stdout)


@contextlib.contextmanager
def open_survey(
    site: str, *, limits: SandboxLimits = DEFAULT_LIMITS, reader: Sequence[str] = READER
) -> Iterator[Callable[[Response], Survey]]:
    """Give `survey` for pages of `site`, run in child processes; threads may share the callable, each gets its child.

    The callable raises PageBroken when a page takes too much, crashes its reader, or comes out as nonsense; the next
    page is read as if nothing had happened. It raises SandboxFailed when no child can be started, which it tries with
    the first page: where none has changed, none is.
    """
    children: set[_Child] = set()
    idle: deque[_Child] = deque()

    def started() -> _Child:
        child = _start(reader, site, limits)
        children.add(child)
        return child

    def read(response: Response) -> Survey:
        child = _take(idle) or started()
        usable = False
        try:
            answer, usable = _ask(child, response, limits)
        finally:  # whatever went wrong, half an answer must not meet the next page
            if not usable:
                children.discard(child)
                _end(child)
            if not closed.is_set():
                idle.append(child if usable else started())
        return answer

    closed = threading.Event()
    threading.Thread(target=_watch, args=(children, closed), daemon=True).start()
    try:
        yield read
    finally:
        closed.set()
        for child in tuple(children):
            _end(child)


def _start(reader: Sequence[str], site: str, limits: SandboxLimits) -> _Child:
    """Start a child without waiting for it."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    try:
        process = subprocess.Popen(
            [*reader, json.dumps({"site": site, "limits": asdict(limits)})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C is for the parent
        )
    except OSError as error:
        raise SandboxFailed(f"the process that reads pages cannot be started ({error.strerror})") from error
    return _Child(process)


def _take(idle: deque[_Child]) -> _Child | None:
    """A child that waits for a page, if there is one."""
    with contextlib.suppress(IndexError):
        while True:
            child = idle.pop()
            if child.process.poll() is None:
                return child
            _end(child)  # it died between two pages; the next one is not to blame
    return None


def _end(child: _Child) -> None:
    child.process.kill()
    with contextlib.suppress(OSError):  # part of a page may still be waiting to be written
        child.requests.close()
    child.answers.close()
    child.process.wait()


def _watch(children: set[_Child], closed: threading.Event) -> None:
    """Kill each child that is past its time, until `closed`."""
    # A thread and no select(), because Windows cannot wait on a pipe; one for all pages, because to start one takes
    # longer than a page takes through the pipe.
    while not closed.wait(WATCH_EVERY_S):
        for child in tuple(children):
            if time.monotonic() > child.ends_at:
                child.late = True
                child.process.kill()


def _ask(child: _Child, response: Response, limits: SandboxLimits) -> tuple[Survey, bool]:
    """One page to the child -> what it read, and whether the child can read another."""
    if not child.greeted:
        _greet(child)
    header = {field.name: getattr(response, field.name) for field in fields(response) if field.name != "body"}
    child.ends_at = time.monotonic() + limits.page_s
    try:
        send(child.requests, json.dumps(header, default=dict).encode())
        send(child.requests, response.body)
        answer = _checked(Answer, json.loads(receive(child.answers, limits.answer_mib * MIB)))
        trouble = answer.trouble and _trouble(answer.trouble, limits)
    except (EOFError, OSError):
        trouble = _cause_of_death(child, limits)
    except (ValueError, RecursionError):
        trouble = "comes out as nonsense"
    child.ends_at = math.inf
    if trouble:
        raise PageBroken(f"{response.url} {trouble} and was left out")
    return answer.survey, not answer.spent


def _greet(child: _Child) -> None:
    child.ends_at = time.monotonic() + START_S
    with contextlib.suppress(EOFError, OSError, ValueError):
        child.greeted = receive(child.answers, len(READY)) == READY
    if not child.greeted:
        raise SandboxFailed("the process that reads pages does not start. Run 'python -m crawler.reader' to see why")


def _trouble(name: str, limits: SandboxLimits) -> str:
    known = {
        MemoryError.__name__: f"takes more than {limits.memory_mib} MiB to read",
        OverflowError.__name__: f"comes out longer than {limits.answer_mib} MiB",
    }
    return known.get(name) or f"cannot be read ({re.sub(r'[^A-Za-z0-9_]+', ' ', name)[:60]})"


def _cause_of_death(child: _Child, limits: SandboxLimits) -> str:
    child.ends_at = math.inf
    with contextlib.suppress(subprocess.TimeoutExpired):  # it may have closed the pipe and live on
        child.process.wait(LAST_WORDS_S)
    code = child.process.returncode
    name = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
    if child.late or name == "SIGXCPU":
        return f"takes more than {limits.page_s:g} s to read"
    return f"crashes its reader ({name})"


def _checked(kind: Any, value: Any) -> Any:
    """The JSON value as the annotated type: dataclasses, tuples of one type, text, truth values, numbers.

    Raises:
        ValueError: for anything else, and for text with half a surrogate pair.

    """
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if type(value) is not dict or value.keys() != hints.keys():
            raise ValueError(f"no {kind}")
        return kind(**{name: _checked(hint, value[name]) for name, hint in hints.items()})
    if get_origin(kind) is tuple and type(value) is list:
        return tuple(_checked(get_args(kind)[0], item) for item in value)
    if kind not in (str, bool, int, float) or type(value) is not kind:
        raise ValueError(f"no {kind}")
    if kind is str:
        value.encode()
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
