"""A chat model by transformers, on CUDA, MPS or CPU: hub id, folder, or GGUF file."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chatbot.errors import GeneratorFailed, GeneratorUnavailable
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF
from index.embed import quiet_transformers

MAX_NEW_TOKENS = 200
TOKEN_TIMEOUT_S = 120.0


def open_local(name: str, device: str = "") -> Callable[[Prompt], Iterator[str]]:
    """Load a chat model; `device` "" means CUDA, else MPS, else CPU.

    Raises:
        GeneratorUnavailable: the name leads to no model.

    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    quiet_transformers()
    path = Path(name).expanduser()
    where, extra = (str(path.parent), {"gguf_file": path.name}) if path.suffix == ".gguf" else (name, {})
    target = device or _best_device(torch)
    dtype = torch.float32 if target == "cpu" else torch.bfloat16
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False, **extra)
        model = AutoModelForCausalLM.from_pretrained(where, dtype=dtype, trust_remote_code=False, **extra)
        model.to(target).eval()
    # torch says by assertion that it was built without the device that is asked for.
    except (OSError, ValueError, RuntimeError, ImportError, AssertionError) as error:
        first = (str(error).strip().splitlines() or [""])[0][:200]
        raise GeneratorUnavailable(
            f"the generator {name} cannot be loaded ({first}). Give a hub id, a folder or a .gguf file"
        ) from error
    # One answer at a time: a GPU shared by many visitors is the work of a server (vLLM), not of this module.
    turn = threading.Lock()
    return lambda prompt: _stream(model, tokenizer, prompt, turn)


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _stream(model: Any, tokenizer: Any, prompt: Prompt, turn: threading.Lock) -> Iterator[str]:
    from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

    stopped = threading.Event()

    class Stopped(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
            import torch

            return torch.full((input_ids.shape[0],), stopped.is_set(), device=input_ids.device)

    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(model.device)
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=TOKEN_TIMEOUT_S)
    failures: list[Exception] = []
    cut_off: list[bool] = []

    def work() -> None:
        try:
            made = model.generate(
                **inputs,
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                streamer=streamer,
                stopping_criteria=StoppingCriteriaList([Stopped()]),
            )
            cut_off.append(made.shape[1] - inputs["input_ids"].shape[1] >= MAX_NEW_TOKENS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader must not wait for more
            failures.append(error)
            streamer.end()

    with turn:
        thread = threading.Thread(target=work, name="kefu-local", daemon=True)
        thread.start()
        try:
            yield from streamer
        except queue.Empty as error:
            raise GeneratorFailed(f"no token within {TOKEN_TIMEOUT_S:.0f} s") from error
        finally:
            stopped.set()
            thread.join()
    if any(cut_off):
        yield CUT_OFF
    if failures:
        raise GeneratorFailed(str(failures[0])) from failures[0]
