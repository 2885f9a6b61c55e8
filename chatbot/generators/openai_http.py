"""Any server that speaks the OpenAI protocol: vLLM, llama.cpp, Ollama, DeepSeek, Qwen … Streams, retries, and gives up soon."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3

from chatbot.errors import GeneratorFailed, GeneratorRefused
from chatbot.generators.yes_no import LIKELIEST, log_odds
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF

MAX_NEW_TOKENS = 200
FIRST_TOKENS = 2  # some models begin with a space
CONNECT_S, SILENCE_S, TOTAL_S = 5.0, 20.0, 60.0
RETRIES, BACKOFF_S, LONGEST_WAIT_S = 2, 0.5, 5.0
OF_THE_QUESTION = (400, 413, 422)  # a filter of contents, or too long a prompt
# After so many failures in a row nobody waits for the server for a while.
FAILURES, REST_S = 3, 30.0
READ_BYTES, MAX_EVENT_BYTES = 65_536, 1_000_000


@dataclass
class _Breaker:
    """Counts failures in a row; while it is open, no request is made. One try after the rest closes it or opens it again."""

    clock: Callable[[], float]
    failures: int = 0
    rests_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        with self.lock:
            left = self.rests_until - self.clock() if self.failures >= FAILURES else 0.0
            if left <= 0 and self.failures >= FAILURES:
                self.rests_until = self.clock() + REST_S  # for all but this one
        if left > 0:
            raise GeneratorFailed(f"the server failed {FAILURES} times in a row and is asked again in {left:.0f} s")

    def note(self, good: bool) -> None:
        with self.lock:
            self.failures = 0 if good else self.failures + 1
            self.rests_until = self.clock() + REST_S


def open_openai(
    model: str,
    base: str,
    key: str = "",
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Callable[[Prompt], Iterator[str]], Callable[[Prompt], float]]:
    """Ask `model` of the server whose API begins at `base` (".../v1"): what generates, and what weighs yes against no.

    `key` goes into the Authorization header and nowhere else.
    """
    writing, judging = _Breaker(clock), _Breaker(clock)  # a server that does the one well may not do the other

    def asked(prompt: Prompt, options: dict[str, Any]) -> requests.Response:
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        return _opened(base, key, {"model": model, "messages": messages, "temperature": 0, **options}, sleep)

    def generate(prompt: Prompt) -> Iterator[str]:
        with _watched(writing):
            yield from _stream(asked(prompt, {"max_tokens": MAX_NEW_TOKENS, "stream": True}), clock)

    def weigh(prompt: Prompt) -> float:
        with _watched(judging):
            try:
                answer = asked(prompt, {"max_tokens": FIRST_TOKENS, "logprobs": True, "top_logprobs": LIKELIEST})
            except GeneratorRefused:  # by a server that tells no likelihoods
                answer = asked(prompt, {"max_tokens": FIRST_TOKENS})
            choice = _whole(answer, clock)
        return log_odds(choice)

    return generate, weigh


@contextmanager
def _watched(breaker: _Breaker) -> Iterator[None]:
    """Whatever goes wrong with the server is counted and is a `GeneratorFailed`."""
    breaker.check()
    try:
        yield
    except GeneratorRefused:  # the question is at fault, not the server
        raise
    except (GeneratorFailed, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
        breaker.note(False)
        # A message of requests holds the address, which may hold a password.
        said = str(failure) if isinstance(failure, GeneratorFailed) else f"the server: {type(failure).__name__}"
        raise GeneratorFailed(said) from failure
    breaker.note(True)


def _opened(base: str, key: str, asked: dict[str, Any], sleep: Callable[[float], None]) -> requests.Response:
    """The open response; what may pass is tried again, as long as nothing was read."""
    for tried in range(RETRIES + 1):
        wait = BACKOFF_S * 2**tried
        try:
            response = requests.post(
                f"{base.rstrip('/')}/chat/completions",
                json=asked,
                auth=lambda request: _with_key(request, key),
                timeout=(CONNECT_S, SILENCE_S),
                stream=True,
                allow_redirects=False,
            )
        except requests.ConnectionError:
            if tried == RETRIES:
                raise
        else:
            if response.status_code == requests.codes.ok:
                return response
            response.close()
            said = f"the server answers {response.status_code}"
            if response.status_code in OF_THE_QUESTION:
                raise GeneratorRefused(said)
            if tried == RETRIES or (response.status_code != requests.codes.too_many and response.status_code < 500):
                raise GeneratorFailed(said)
            wait = _asked_to_wait(response, wait)
        sleep(wait)
    raise AssertionError("unreachable")


def _with_key(request: requests.PreparedRequest, key: str) -> requests.PreparedRequest:
    """Given as `auth`, so that requests looks up none of its own in .netrc."""
    if key:
        request.headers["Authorization"] = f"Bearer {key}"
    return request


def _asked_to_wait(response: requests.Response, otherwise: float) -> float:
    said = response.headers.get("Retry-After", "")
    return min(float(said), LONGEST_WAIT_S) if said.isdecimal() else otherwise


def _stream(response: requests.Response, clock: Callable[[], float]) -> Iterator[str]:
    """The pieces of text of a stream of server-sent events; closing this iterator closes the connection, and with it the server's work."""
    ends, finished = clock() + TOTAL_S, False
    with response:
        for line in _lines(response, lambda: clock() > ends):
            name, _, data = line.strip().partition(b":")
            if name != b"data" or not data.strip():
                continue
            if data.strip() == b"[DONE]":
                return
            event = _parsed(data)
            finished = finished or any(choice.get("finish_reason") for choice in _choices(event))
            yield from _pieces(event)
    if not finished:
        raise GeneratorFailed("the server broke off")


def _whole(response: requests.Response, clock: Callable[[], float]) -> dict[str, Any]:
    """The first choice of an answer that is not streamed."""
    ends = clock() + TOTAL_S
    with response:
        choices = _choices(_parsed(b"\n".join(_lines(response, lambda: clock() > ends))))
    if not choices:
        raise GeneratorFailed("the server sent no answer")
    return choices[0]


def _lines(response: requests.Response, too_late: Callable[[], bool]) -> Iterator[bytes]:
    """Lines as they come; `Response.iter_lines` waits for the end of a body that is not sent in chunks."""
    rest = b""
    while piece := response.raw.read1(READ_BYTES, decode_content=True):
        if too_late():
            raise GeneratorFailed(f"no end within {TOTAL_S:.0f} s")
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > MAX_EVENT_BYTES:
            raise GeneratorFailed("the server sent too long a line")
    yield rest


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise GeneratorFailed("the server sent something else than JSON") from error
    if not isinstance(found, dict) or found.get("error"):
        raise GeneratorFailed("the server sent an error")
    return found


def _choices(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = event.get("choices") or []
    if not isinstance(found, list) or not all(isinstance(choice, dict) for choice in found):
        raise GeneratorFailed("the server sent something else than an answer")
    return found


def _pieces(event: dict[str, Any]) -> Iterator[str]:
    for choice in _choices(event):
        delta = choice.get("delta") or {}
        text = delta.get("content") if isinstance(delta, dict) else delta
        if text and not isinstance(text, str):
            raise GeneratorFailed("the server sent something else than an answer")
        if text:
            yield text
        if choice.get("finish_reason") == "length":
            yield CUT_OFF
