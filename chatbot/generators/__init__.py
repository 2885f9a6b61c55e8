"""What writes an answer. `Generate` is the plug point; `open_generator` chooses one by name, imported when chosen.

quote                  the published answer, no model
llamacpp:NAME|FILE     a GGUF file in this process, on the CPU
local:NAME|FOLDER|FILE transformers on CUDA, MPS or CPU; a GGUF file works too
openai:MODEL@URL       a server that speaks the OpenAI protocol; URL ends in /v1
NAME                   a catalogue name or a .gguf file means llamacpp, anything else local
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chatbot.errors import GeneratorBusy, GeneratorUnavailable, VisitorLeft
from chatbot.generators.quote import quote
from chatbot.prompt import Prompt
from index import catalogue, weights

# Yields pieces of text. Closing the iterator stops the work. Raises GeneratorFailed when it breaks off.
Generate = Callable[[Prompt], Iterator[str]]
# How much rather the answer to a prompt begins with yes than with no, in log odds. Raises GeneratorFailed.
Weigh = Callable[[Prompt], float]


@dataclass(frozen=True)
class Generator:
    """A `Generate` and the name that answers carry; one that can `weigh` judges too.

    What goes to a `remote` one leaves the machine, and is masked first.
    """

    name: str
    generate: Generate
    weigh: Weigh | None = None
    remote: bool = False


QUOTE = Generator("quote", quote)
# For one answer in all, with its judgements. Who waits for longer is better served by what is published.
ANSWER_S = 90.0


def while_here(generator: Generator, left: Callable[[], bool]) -> Generator:
    """A generator for one answer, that stops with VisitorLeft as soon as nobody waits for it, and with GeneratorBusy when it takes too long."""
    if generator is QUOTE:
        return QUOTE
    ends = time.monotonic() + ANSWER_S

    def check() -> None:
        if left():
            raise VisitorLeft("the visitor left")
        if time.monotonic() > ends:
            raise GeneratorBusy(f"no whole answer within {ANSWER_S:.0f} s")

    def asked(prompt: Prompt) -> Prompt:
        check()
        return replace(prompt, wanted=lambda: not left())

    @contextmanager
    def waiting() -> Iterator[None]:
        try:
            yield
        except GeneratorBusy:
            check()  # it had come to this one, but nobody was there
            raise

    def generate(prompt: Prompt) -> Iterator[str]:
        with waiting(), closing(generator.generate(asked(prompt))) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                check()
                yield piece

    def weigh(prompt: Prompt) -> float:
        assert generator.weigh  # noqa: S101 - given for those that have one
        with waiting():
            return generator.weigh(asked(prompt))

    return replace(generator, generate=generate, weigh=weigh if generator.weigh else None)


def open_generator(spec: str, models: Path, *, device: str = "", threads: int = 0, key: str = "") -> Generator:
    """A generator by its specification; catalogue models must be installed. `key` is a server's.

    Raises:
        GeneratorUnavailable: it cannot be loaded.

    """
    if spec == "quote":
        return QUOTE
    if spec.startswith("openai:"):
        return _openai(spec.removeprefix("openai:"), key)
    scheme, _, name = spec.partition(":") if spec.partition(":")[0] in SCHEMES else ("", "", spec)
    if not scheme:
        scheme = "llamacpp" if name.endswith(".gguf") or catalogue.find(name) else "local"
    from chatbot.generators.revive import revived

    return revived(lambda: SCHEMES[scheme](name, models, device, threads))


def _openai(name: str, key: str) -> Generator:
    from chatbot.generators.openai_http import open_openai

    found = re.fullmatch(r"(.+?)@(https?://\S+)", name)
    if found is None:
        raise GeneratorUnavailable(
            "the generator openai:… names no model and server. Write openai:MODEL@https://HOST/v1"
        )
    model, base = found.groups()
    if "@" in base:
        raise GeneratorUnavailable("the address of the generator holds a password. Put the key into KEFU_GENERATOR_KEY")
    return Generator(model, *open_openai(model, base, key), remote=True)


def _llamacpp(name: str, models: Path, device: str, threads: int) -> Generator:
    from chatbot.generators.llamacpp import open_llamacpp

    return Generator(name, *open_llamacpp(_gguf(name, models), threads))


def _local(name: str, models: Path, device: str, threads: int) -> Generator:
    from chatbot.generators.local import open_local

    where = str(_gguf(name, models)) if catalogue.find(name) else name
    return Generator(name, *open_local(where, device))


def _gguf(name: str, models: Path) -> Path:
    """The file behind a catalogue name or a path."""
    if catalogue.find(name) is None:
        path = Path(name).expanduser()
        if not path.is_file():
            raise GeneratorUnavailable(
                f"there is no generator {name}. Give a name from 'kefu models', a hub id, a folder or a .gguf file"
            )
        return path
    found = weights.model_file(name, models)
    if found is None:
        raise GeneratorUnavailable(f"the generator {name} is not installed. Run 'kefu models pull {name}'")
    return found


SCHEMES: dict[str, Callable[[str, Path, str, int], Generator]] = {"llamacpp": _llamacpp, "local": _local}
