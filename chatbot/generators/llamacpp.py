"""A GGUF model in this process, by xllamacpp (llama.cpp). Its prompt cache keeps the fixed opening of our prompts."""

import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorRefused, GeneratorUnavailable
from chatbot.generators.yes_no import LIKELIEST, log_odds
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF

SLOTS = 2
SLOT_TOKENS = 2048
MAX_NEW_TOKENS = 200
# For a slot, and then for a piece of text. Who waits for longer is better served by what is published.
SLOT_S, PIECE_S = 45.0, 60.0

BAD_REQUEST = 400  # too long a prompt, say

Take = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class _Engine:
    """A server of llama.cpp, and its slots."""

    server: Any
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(SLOTS))

    def run(self, prompt: Prompt, options: dict[str, Any], take: Take) -> None:
        """Raises GeneratorBusy, and whatever the server raises."""
        if not self.slots.acquire(timeout=SLOT_S):
            raise GeneratorBusy(f"no slot was free within {SLOT_S:.0f} s")
        try:
            if not prompt.wanted():  # who left while waiting is passed over
                raise GeneratorBusy("nobody waits for it any more")
            self.server.handle_chat_completions(_request(prompt) | options, take)
        finally:
            self.slots.release()


def open_llamacpp(path: Path, threads: int = 0) -> tuple[Callable[[Prompt], Iterator[str]], Callable[[Prompt], float]]:
    """Load a GGUF file: what generates, and what weighs yes against no. `threads` 0 means one for each processor.

    Raises:
        GeneratorUnavailable: xllamacpp is not installed or cannot read the file.

    """
    try:
        import xllamacpp
    except ImportError as error:
        raise GeneratorUnavailable(
            "xllamacpp is not installed. Run 'pip install xllamacpp', or name the generator local:… instead"
        ) from error
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise GeneratorUnavailable(f"{path} is no GGUF file. Give a .gguf file, or name the generator local:… instead")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * SLOT_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or os.cpu_count() or 2
    params.verbosity, params.warmup = 0, False
    # Its HTTP listener on loopback cannot be turned off; with a secret that nobody holds, nobody else can use it.
    params.api_keys = [secrets.token_urlsafe(32)]
    params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise GeneratorUnavailable(f"{path} cannot be loaded ({error}). Pull the model again") from error
    engine = _Engine(server)
    return lambda prompt: _stream(engine, prompt), lambda prompt: _weigh(engine, prompt)


def _weigh(engine: _Engine, prompt: Prompt) -> float:
    answers: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()
    options = {"max_tokens": 1, "logprobs": True, "top_logprobs": LIKELIEST}
    ended = GeneratorFailed("the engine ended without an answer")
    _in_background(engine, prompt, options, answers.put, answers.put, lambda: answers.put(ended))
    try:
        answer = answers.get(timeout=SLOT_S + PIECE_S)
    except queue.Empty as error:
        raise GeneratorFailed(f"no answer within {SLOT_S + PIECE_S:.0f} s") from error
    if isinstance(answer, Exception):
        raise answer
    if "choices" not in answer:
        raise _failure(answer)
    return log_odds(answer["choices"][0])


def _request(prompt: Prompt) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return {"messages": messages, "temperature": 0.0, "cache_prompt": True}


def _in_background(
    engine: _Engine,
    prompt: Prompt,
    options: dict[str, Any],
    take: Take,
    fail: Callable[[Exception], object],
    end: Callable[[], object],
) -> None:
    """Run a request in a thread of its own: whatever goes wrong with it, whoever reads must not wait for more."""

    def work() -> None:
        try:
            engine.run(prompt, options, take)
        except GeneratorFailed as failure:
            fail(failure)
        except Exception as error:  # noqa: BLE001
            fail(GeneratorFailed(str(error)))
        end()

    threading.Thread(target=work, name="kefu-llamacpp", daemon=True).start()


def _stream(engine: _Engine, prompt: Prompt) -> Iterator[str]:
    """Pieces of text as they come; the work ends when this iterator is closed."""
    pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def take(chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            pieces.put(_failure(chunk))
            return True
        for choice in chunk.get("choices", []):
            if text := choice.get("delta", {}).get("content"):
                pieces.put(text)
            if choice.get("finish_reason") == "length":
                pieces.put(CUT_OFF)
        return stopped.is_set() or not prompt.wanted()

    _in_background(
        engine,
        prompt,
        {"max_tokens": MAX_NEW_TOKENS, "stream": True},
        take,
        pieces.put,
        lambda: pieces.put(None),
    )
    try:
        yield from _until_end(pieces)
    finally:
        stopped.set()


def _until_end(pieces: "queue.SimpleQueue[str | Exception | None]") -> Iterator[str]:
    wait_s = SLOT_S + PIECE_S
    while True:
        try:
            piece = pieces.get(timeout=wait_s)
        except queue.Empty as error:
            raise GeneratorFailed(f"no token within {wait_s:.0f} s") from error
        if piece is None:
            return
        if isinstance(piece, Exception):
            raise piece
        yield piece
        wait_s = PIECE_S


def _failure(chunk: dict[str, Any]) -> GeneratorFailed:
    error = chunk.get("error")
    if not isinstance(error, dict):
        return GeneratorFailed(str(chunk))
    kind = GeneratorRefused if error.get("code") == BAD_REQUEST else GeneratorFailed
    return kind(str(error.get("message", error)))
