"""A chat model by transformers, on CUDA, MPS or CPU: hub id, folder, or GGUF file.

On CUDA it writes many answers at once, by continuous batching; elsewhere, and where transformers refuses that, one after another.
"""

import inspect
import logging
import math
import queue
import threading
import traceback
import weakref
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorUnavailable
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF
from index.embed import first_line, quiet_transformers

log = logging.getLogger(__name__)

MAX_NEW_TOKENS = 200
# For one's turn, and then for a piece of text. Who waits for longer is better served by what is published.
LINE_S, WAIT_S = 60.0, 60.0
POLL_S, STOP_S = 0.5, 5.0
# What a batch holds. The memory for it is taken when the first visitor asks, and does not grow.
VISITORS, VISITOR_TOKENS, PAGE_TOKENS, STEP_TOKENS = 32, 1024, 256, 2048
YES = ("yes", "Yes", " yes", " Yes", "YES")
NO = ("no", "No", " no", " No", "NO")

# The same text on every call; and repeating costs nothing, for an answer repeats what its passages say.
GREEDY = {
    "max_new_tokens": MAX_NEW_TOKENS,
    "do_sample": False,
    "temperature": None,
    "top_p": None,
    "top_k": None,
    "repetition_penalty": 1.0,
}

# Of text, the first one empty when one's turn has come; or what went wrong; None is the end.
Piece = str | Exception | None
Put = Callable[[Piece], None]
Stop = Callable[[], object]
NOBODY = "nobody waits for it any more"
# Whether anybody waits for it still.
Wanted = Callable[[], bool]


@dataclass(frozen=True)
class _Chat:
    """A model that is loaded, and its tokenizer."""

    model: Any
    tokenizer: Any


def open_local(
    name: str, device: str = "", *, batched: bool | None = None
) -> tuple[Callable[[Prompt], Iterator[str]], Callable[[Prompt], float]]:
    """Load a chat model. `generate` writes; `weigh` gives the log odds that an answer begins with yes rather than no.

    `device` "" means CUDA, else MPS, else CPU; `batched` None means on CUDA.

    Raises:
        GeneratorUnavailable: the name leads to no model.

    """
    chat = _load(name, device)
    line = _Line(chat)
    at_once = chat.model.device.type == "cuda" if batched is None else batched
    shared = _Batch(chat, line) if at_once else line

    def generate(prompt: Prompt) -> Iterator[str]:
        return _Answer(lambda put: shared.write(_encode(chat, prompt), put, prompt.wanted))

    def weigh(prompt: Prompt) -> float:
        with _failing():
            return shared.alone(partial(_odds, chat, _encode(chat, prompt), prompt.wanted))

    return generate, weigh


def _load(name: str, device: str) -> _Chat:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    quiet_transformers()
    path = Path(name).expanduser()
    where, file = (str(path.parent), {"gguf_file": path.name}) if path.suffix == ".gguf" else (name, {})
    target = device or _best_device(torch)
    how = {"dtype": torch.float32 if target == "cpu" else torch.bfloat16, **(_unpacked() if file else {})}
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False, **file)
        model = AutoModelForCausalLM.from_pretrained(where, trust_remote_code=False, **file, **how)
        model.to(target).eval()
    # torch says by assertion that it was built without the device that is asked for.
    except (OSError, ValueError, RuntimeError, ImportError, AssertionError) as error:
        raise GeneratorUnavailable(
            f"the generator {name} cannot be loaded ({first_line(error).rstrip('.')}). Give a hub id, a folder or a .gguf file"
        ) from error
    _quicken(torch, model)
    return _Chat(model, tokenizer)


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _unpacked() -> dict[str, Any]:
    # Packed weights are multiplied in float32, by kernels fetched from the hub; unpacked into bf16 they need neither.
    with suppress(ImportError):  # of a transformers that unpacks every file
        from transformers import GgufConfig

        return {"quantization_config": GgufConfig(dequantize=True)}
    return {}


def _quicken(torch: Any, model: Any) -> None:
    """Flash attention where its package and a GPU for it are there; else what transformers chose: sdpa if the model has it."""
    from transformers.utils import is_flash_attn_2_available

    if model.device.type == "cuda" and is_flash_attn_2_available() and torch.cuda.get_device_capability() >= (8, 0):
        with suppress(ValueError, ImportError):  # not every model has it
            model.set_attn_implementation("flash_attention_2")


def _encode(chat: _Chat, prompt: Prompt) -> list[int]:
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return list(chat.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"])


def _odds(chat: _Chat, ids: list[int], wanted: Wanted) -> float:
    import torch

    if not wanted():
        raise GeneratorBusy(NOBODY)
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(chat.model.forward).parameters else {}
    with torch.no_grad():
        made = chat.model(torch.tensor([ids], device=chat.model.device), use_cache=False, **last)
    logits = made.logits[0, -1].float()  # (vocabulary,)
    yes, no = (torch.logsumexp(logits[_spelt(chat, words)], 0) for words in (YES, NO))
    odds = float(yes - no)
    if not math.isfinite(odds):
        raise GeneratorFailed("the model is broken, or has no token for yes or no")
    return odds


def _spelt(chat: _Chat, words: tuple[str, ...]) -> list[int]:
    """The tokens that are one of the words alone."""
    spelt = (chat.tokenizer.encode(word, add_special_tokens=False) for word in words)
    return sorted({ids[0] for ids in spelt if len(ids) == 1})


@contextmanager
def _failing(put: Put | None = None) -> Iterator[None]:
    """Whatever goes wrong within is a GeneratorFailed: raised, or put where another thread raises it."""
    try:
        yield
    except GeneratorBusy:
        raise
    except Exception as error:
        failure = GeneratorFailed(first_line(error))
        if put is None:
            raise failure from error
        put(failure)


class _Answer:
    """The pieces of an answer as they come. Unlike a generator it may be closed while another thread waits for a piece."""

    def __init__(self, begin: Callable[[Put], Stop]) -> None:
        self._pieces: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        self._left = threading.Event()
        self._reading = _read(begin, self._pieces, self._left)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._reading)

    def close(self) -> None:
        self._left.set()
        self._pieces.put(None)
        with suppress(ValueError):  # it runs in another thread, and ends there by that None
            self._reading.close()


def _read(
    begin: Callable[[Put], Stop], pieces: "queue.SimpleQueue[Piece]", left: threading.Event
) -> Generator[str, None, None]:
    with _failing():
        stop = begin(pieces.put)
    late: GeneratorFailed = GeneratorBusy(f"its turn did not come within {LINE_S:.0f} s")
    wait_s = LINE_S
    try:
        while (piece := pieces.get(timeout=wait_s)) is not None and not left.is_set():
            if isinstance(piece, Exception):
                raise piece
            if piece:
                yield piece
            wait_s, late = WAIT_S, GeneratorFailed(f"no text within {WAIT_S:.0f} s")
    except queue.Empty as error:
        raise late from error
    finally:
        stop()


def _teller(chat: _Chat, put: Put) -> Callable[[list[int], bool], None]:
    """Is told all tokens so far, and whether they are all, and puts what is new of their text."""
    ends, shown = chat.model.generation_config.eos_token_id, 0

    def tell(made: list[int], whole: bool) -> None:
        nonlocal shown
        text = chat.tokenizer.decode(made, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if len(text) > shown and (whole or not text.endswith("\ufffd")):  # which may be half a character
            put(text[shown:])
            shown = len(text)
        if whole and len(made) >= MAX_NEW_TOKENS and made[-1] not in (ends if isinstance(ends, list) else [ends]):
            put(CUT_OFF)
        if whole:
            put(None)

    return tell


class _Line:
    """One after another, first come, first served. Who leaves while waiting is passed over."""

    def __init__(self, chat: _Chat) -> None:
        self._chat, self._turns = chat, ThreadPoolExecutor(1, "kefu-local")

    def write(self, ids: list[int], put: Put, wanted: Wanted) -> Stop:
        left = threading.Event()
        turn = self._turns.submit(_write, self._chat, ids, put, lambda: wanted() and not left.is_set())

        def stop() -> None:
            left.set()
            turn.cancel()

        return stop

    def alone(self, task: Callable[[], float]) -> float:
        turn = self._turns.submit(task)
        try:
            return turn.result(timeout=LINE_S)
        except TimeoutError as error:
            if turn.cancel():
                raise GeneratorBusy(f"its turn did not come within {LINE_S:.0f} s") from error
            raise GeneratorFailed(f"no answer within {LINE_S:.0f} s") from error


def _write(chat: _Chat, ids: list[int], put: Put, wanted: Wanted) -> None:
    import torch
    from transformers import StoppingCriteriaList

    if not wanted():
        put(GeneratorBusy(NOBODY))
        return
    tell, asked = _teller(chat, put), torch.tensor([ids], device=chat.model.device)  # (1, tokens)

    def stop(made: Any, scores: Any, **_: Any) -> Any:
        tell(made[0, len(ids) :].tolist(), False)
        return torch.full((1,), not wanted(), device=made.device)

    put("")
    with _failing(put):
        criteria = StoppingCriteriaList([stop])
        made = chat.model.generate(asked, attention_mask=torch.ones_like(asked), stopping_criteria=criteria, **GREEDY)
        tell(made[0, len(ids) :].tolist(), True)


@dataclass(frozen=True)
class _Run:
    """A manager of transformers at work, who takes its outputs, by request, and whether there were any."""

    manager: Any
    takers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    spoke: threading.Event = field(default_factory=threading.Event)


class _Batch:
    """Many at once. A manager is started when first asked, and anew when it died; where that is refused, a line serves."""

    def __init__(self, chat: _Chat, line: _Line) -> None:
        self._chat, self._line, self._refused = chat, line, False
        self._lock, self._weighing = threading.Lock(), threading.Lock()
        self._run: _Run | None = None

    def write(self, ids: list[int], put: Put, wanted: Wanted) -> Stop:
        with self._lock:
            if run := self._current():
                name = run.manager.add_request(ids, max_new_tokens=MAX_NEW_TOKENS, streaming=True)
                run.takers[name] = _taker(self._chat, put)
                put("")
                return lambda: run.takers.pop(name, None) and run.manager.cancel_request(name)
        return self._line.write(ids, put, wanted)

    def alone(self, task: Callable[[], float]) -> float:
        with self._lock:
            run = self._current()
        if run is None:
            return self._line.alone(task)
        with self._weighing, run.manager.pause():  # a pause lets several in
            return task()

    def _current(self) -> _Run | None:
        if self._run and self._run.manager.background_thread_status.can_accept_new_requests() is not None:
            self._drop(self._run)
        if self._run is None and not self._refused:
            try:
                self._run = _Run(_managed(self._chat))
            except Exception as error:  # noqa: BLE001 - whatever it is, there is the line
                self._refuse(error)
                return None
            # When this is let go, and when the process ends: a thread in the midst of torch's work would abort it.
            self._end = weakref.finalize(self, self._run.manager.stop, timeout=STOP_S, hard_stop=True)
            threading.Thread(target=_deliver, args=(self._run, self._lock), name="kefu-local", daemon=True).start()
        return self._run

    def _drop(self, run: _Run) -> None:
        """Let a manager go that died. One that never said a word would always die."""
        self._run = None
        self._end()
        error = run.manager.background_thread_status.fatal_error or RuntimeError("it stopped")
        traceback.clear_frames(error.__traceback__)  # they hold the memory of its cache
        if not run.spoke.is_set():
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self._refused = True
        log.warning("no continuous batching (%s): answers are written one after another", first_line(error))


def _deliver(run: _Run, lock: threading.Lock) -> None:
    while (output := run.manager.get_result(timeout=POLL_S)) or run.manager.is_running():
        with lock:
            take = run.takers.get(output.request_id) if output else None
        if output and take:
            take(output)
            if output.error is None:
                run.spoke.set()
    with lock:
        for take in list(run.takers.values()):
            take(None)


def _managed(chat: _Chat) -> Any:
    from transformers import ContinuousBatchingConfig

    # Eager attention would be replaced by one that works for nothing but a batch.
    if not chat.model.is_backend_compatible() or chat.model.config._attn_implementation == "eager":
        raise ValueError("the attention of this model is not made for it")
    config = ContinuousBatchingConfig(
        page_size=PAGE_TOKENS,
        num_blocks=VISITORS * VISITOR_TOKENS // PAGE_TOKENS,
        max_batch_tokens=STEP_TOKENS,
        max_requests_per_batch=VISITORS,
        auto_switch_to_flash=False,  # `_quicken` has chosen
    )
    how = deepcopy(chat.model.generation_config)
    how.update(**GREEDY)
    manager = chat.model.init_continuous_batching(generation_config=how, continuous_batching_config=config)
    if not hasattr(manager, "pause"):
        raise ValueError("this transformers cannot pause it")
    manager.warmup()
    # Its thread is a daemon if the one that starts it is, and else the process would not end.
    starter = threading.Thread(target=manager.start, name="kefu-local", daemon=True)
    starter.start()
    starter.join()
    return manager


def _taker(chat: _Chat, put: Put) -> Callable[[Any], None]:
    """Takes what is made for a request, each time all of it; None when the manager makes no more."""
    tell = _teller(chat, put)

    def take(output: Any) -> None:
        with _failing(put):
            if output is None or output.error is not None:
                raise GeneratorFailed(output.error if output else "continuous batching stopped")
            tell(output.generated_tokens, output.is_finished())

    return take
