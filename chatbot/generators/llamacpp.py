"""A GGUF model in this process, by xllamacpp (llama.cpp). Its prompt cache keeps the fixed opening of our prompts."""

import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chatbot.errors import GeneratorFailed, GeneratorUnavailable
from chatbot.generators.yes_no import LIKELIEST, log_odds
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF

SLOTS = 2
SLOT_TOKENS = 2048
MAX_NEW_TOKENS = 200
FIRST_TOKEN_S = 60.0


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
    return lambda prompt: _stream(server, prompt), lambda prompt: _weigh(server, prompt)


def _weigh(server: Any, prompt: Prompt) -> float:
    answers: list[dict[str, Any]] = []
    request = _request(prompt) | {"max_tokens": 1, "logprobs": True, "top_logprobs": LIKELIEST}
    try:
        server.handle_chat_completions(request, answers.append)
        return log_odds(answers[0]["choices"][0])
    except GeneratorFailed:
        raise
    except Exception as error:  # an error of the server has no choices
        raise GeneratorFailed(str(answers[:1] or error)) from error


def _request(prompt: Prompt) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return {"messages": messages, "temperature": 0.0, "cache_prompt": True}


def _stream(server: Any, prompt: Prompt) -> Iterator[str]:
    """Pieces of text as they come; the work itself runs in a thread, and ends when this iterator is closed."""
    pieces: queue.Queue[str | Exception | None] = queue.Queue()
    stopped = threading.Event()

    def take(chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            pieces.put(GeneratorFailed(str(chunk["error"].get("message", chunk["error"]))))
            return True
        for choice in chunk.get("choices", []):
            if text := choice.get("delta", {}).get("content"):
                pieces.put(text)
            if choice.get("finish_reason") == "length":
                pieces.put(CUT_OFF)
        return stopped.is_set()

    def work() -> None:
        request = _request(prompt) | {"max_tokens": MAX_NEW_TOKENS, "stream": True}
        try:
            server.handle_chat_completions(request, take)
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader must not wait for more
            pieces.put(GeneratorFailed(str(error)))
        pieces.put(None)

    threading.Thread(target=work, name="kefu-llamacpp", daemon=True).start()
    try:
        yield from _until_end(pieces)
    finally:
        stopped.set()


def _until_end(pieces: "queue.Queue[str | Exception | None]") -> Iterator[str]:
    while True:
        try:
            piece = pieces.get(timeout=FIRST_TOKEN_S)
        except queue.Empty as error:
            raise GeneratorFailed(f"no token within {FIRST_TOKEN_S:.0f} s") from error
        if piece is None:
            return
        if isinstance(piece, Exception):
            raise piece
        yield piece
