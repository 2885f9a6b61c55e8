"""The child of `sandbox`: `python -m crawler.reader` reads page after page within its limits, and answers in JSON.

It knows of no network, keeps nothing from page to page, and ends when its parent does. Both sides of the pipe are here:
a message is its length in four bytes, then its bytes.
"""

import contextlib
import json
import math
import os
import signal
import struct
import sys
from dataclasses import dataclass, fields
from typing import IO, Any

from crawler.response import Response
from crawler.survey import Survey, survey

if sys.platform != "win32":
    import resource

MIB = 1024 * 1024
LENGTH = struct.Struct(">I")
MAX_MESSAGE_BYTES = 2**32 - 1
READY = b"ready"
# Codecs are loaded when a page asks for them.
MAX_OPEN_FILES = 64
# Short of memory, the parser stops without a word and gives half a page, and the other half would count as deleted. So
# a page may not come near the limit; a single piece of memory is far smaller than the rest.
NEARLY_ALL = 0.75


@dataclass(frozen=True)
class SandboxLimits:
    """What reading one page may cost: address space of the child, wall time, size of what was read.

    Three quarters of `memory_mib` are for use. A child that has had more than `spent_mib` resident is replaced: it
    would not give the memory back. On Windows only `page_s` and `answer_mib` hold, on macOS the address space is not
    limited.
    """

    memory_mib: int = 512
    page_s: float = 10.0
    answer_mib: int = 8
    spent_mib: int = 192


@dataclass(frozen=True)
class Answer:
    """What the child says of a page: a survey, or in `trouble` the name of what went wrong. `spent`: replace me."""

    survey: Survey
    trouble: str = ""
    spent: bool = False


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message. Raises OSError when nobody reads any more."""
    stream.write(LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes], max_bytes: int = MAX_MESSAGE_BYTES) -> bytes:
    """Read one message. Raises EOFError when the other side has ended, ValueError for a message that is too long."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (size,) = LENGTH.unpack(head)
    if size > max_bytes:
        raise ValueError(f"{size} bytes are too many")
    message = stream.read(size)
    if len(message) < size:
        raise EOFError
    return message


def main() -> None:
    """Read pages from standard input until it ends; the only argument is JSON, {"site": …, "limits": {…}}."""
    settings = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    site, limits = settings.get("site", ""), SandboxLimits(**settings.get("limits", {}))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_process(limits)
    with contextlib.suppress(EOFError, BrokenPipeError):
        send(answers, READY)
        while True:
            header, body = receive(sys.stdin.buffer), receive(sys.stdin.buffer)
            _limit_page(limits)
            send(answers, _read(header, body, site, limits))


def _limit_process(limits: SandboxLimits) -> None:
    if sys.platform == "win32":
        return
    wanted = {
        resource.RLIMIT_AS: limits.memory_mib * MIB,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS does not know them all
            resource.setrlimit(kind, (value, value))


def _limit_page(limits: SandboxLimits) -> None:
    """Bound the processor time too: that ends a child whose parent was killed in the middle of a page."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    ends_at_s = math.ceil(used.ru_utime + used.ru_stime + limits.page_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (ends_at_s, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _read(header: bytes, body: bytes, site: str, limits: SandboxLimits) -> bytes:
    try:
        read = survey(Response(**json.loads(header), body=body), site)
        if _mapped_mib() > limits.memory_mib * NEARLY_ALL:
            raise MemoryError
        answer = _to_json(Answer(read, spent=_resident_mib() > limits.spent_mib))
        if len(answer) > limits.answer_mib * MIB:
            raise OverflowError
        return answer
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent reports it
        trouble = type(error).__name__
    # Here and not above: with the exception goes the memory that the page has filled.
    return _to_json(Answer(Survey(""), trouble=trouble))


def _to_json(answer: Answer) -> bytes:
    # Half a surrogate pair is no text: it becomes "?".
    return json.dumps(answer, ensure_ascii=False, default=_to_dict).encode("utf-8", "replace")


def _to_dict(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _mapped_mib() -> float:
    """The most address space that this process has had so far; 0 where the system does not limit it."""
    return _peak_mib("VmPeak")


def _resident_mib() -> float:
    """The most that this process has had resident so far; 0 where the system does not say."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    # Not ru_maxrss on Linux: there a new process begins with what its parent had, and a server has far more.
    return _peak_mib("VmHWM")


def _peak_mib(name: str) -> float:
    if sys.platform != "linux":
        return 0.0
    with open("/proc/self/status", "rb") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name.encode()))


if __name__ == "__main__":
    main()
