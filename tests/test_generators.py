"""What writes an answer: chosen by name, stopped by closing."""

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorRefused, GeneratorUnavailable, VisitorLeft
from chatbot.generators import QUOTE, Generator, open_generator, while_here
from chatbot.generators.llamacpp import SLOTS, _Engine, _weigh
from chatbot.messages import Message
from chatbot.prompt import Prompt, build_prompt
from crawler.records import FaqEntry
from index.catalogue import DEFAULT_GENERATOR
from index.passage import Hit, Passage

ENTRY = FaqEntry("e", "When do you open?", "We open at **nine**.")
HIT = Hit(Passage(ENTRY, "question", ENTRY.question), 1.0, 1.0)


def saying(text: str) -> Prompt:
    return Prompt((Message("user", text),), (HIT,), "en")


def test_quote_says_the_published_answer(tmp_path: Path) -> None:
    generator = open_generator("quote", tmp_path)

    assert generator is QUOTE
    assert "".join(generator.generate(build_prompt(["?"], [HIT], "en", "Acme"))) == ENTRY.answer


@pytest.mark.parametrize(
    ("spec", "next_step"),
    [
        ("llamacpp:no-such-model", "there is no generator no-such-model. Give a name from 'kefu models'"),
        ("/no/such/file.gguf", "there is no generator /no/such/file.gguf. Give a name from 'kefu models'"),
        (DEFAULT_GENERATOR, f"is not installed. Run 'kefu models pull {DEFAULT_GENERATOR}'"),
        (f"llamacpp:{DEFAULT_GENERATOR}", f"Run 'kefu models pull {DEFAULT_GENERATOR}'"),
        (f"local:{DEFAULT_GENERATOR}", f"Run 'kefu models pull {DEFAULT_GENERATOR}'"),
    ],
)
def test_a_generator_that_is_not_there_says_what_to_do(tmp_path: Path, spec: str, next_step: str) -> None:
    with pytest.raises(GeneratorUnavailable) as error:
        open_generator(spec, tmp_path)

    assert next_step in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"GG", b"this is a text"])
def test_a_file_that_is_no_gguf_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)

    with pytest.raises(GeneratorUnavailable, match="is no GGUF file"):
        open_generator(str(path), tmp_path)


@pytest.fixture(scope="module")
def llamacpp(real_generator_models: Path) -> Generator:
    return open_generator(DEFAULT_GENERATOR, real_generator_models)


@pytest.mark.real_generator
def test_a_real_model_streams_its_answer_in_pieces(llamacpp: Generator) -> None:
    pieces = list(llamacpp.generate(saying("Answer with one word: what is the capital of France?")))

    assert "Paris" in "".join(pieces)
    assert len(pieces) > 1 or pieces == ["Paris"]
    assert llamacpp.name == DEFAULT_GENERATOR


@pytest.mark.real_generator
def test_closing_ends_the_work_and_the_next_prompt_is_answered(llamacpp: Generator) -> None:
    long: Iterator[str] = llamacpp.generate(saying("Count from 1 to 100."))
    assert len(list(islice(long, 3))) == 3
    long.close()  # type: ignore[attr-defined]

    begun = time.monotonic()
    answer = "".join(llamacpp.generate(saying("Answer with one word: what is the capital of Italy?")))

    assert "Rome" in answer
    assert time.monotonic() - begun < 30


@pytest.mark.real_generator
def test_the_same_prompt_is_answered_alike(llamacpp: Generator) -> None:
    prompt = saying("Answer with one word: what is the capital of Japan?")

    one, two = ("".join(llamacpp.generate(prompt)) for _ in range(2))

    assert one == two
    assert "Tokyo" in one


@pytest.mark.real_generator
def test_for_whom_nobody_waits_any_more_nothing_is_read(llamacpp: Generator) -> None:
    left = replace(saying("Count from 1 to 100. " * 60), wanted=lambda: False)
    begun = time.monotonic()

    assert llamacpp.weigh
    for act in (lambda: list(llamacpp.generate(left)), lambda: llamacpp.weigh and llamacpp.weigh(left)):
        with pytest.raises(GeneratorBusy, match="nobody waits"):  # which is no failure of the generator
            act()
    assert time.monotonic() - begun < 2


@pytest.mark.real_generator
def test_too_long_a_prompt_is_refused_and_breaks_nothing(llamacpp: Generator) -> None:
    for _ in range(3):
        with pytest.raises(GeneratorRefused, match="context"):
            list(llamacpp.generate(saying("Count from 1 to 100. " * 600)))

    assert "Paris" in "".join(llamacpp.generate(saying("Answer with one word: what is the capital of France?")))


def test_an_engine_that_ends_without_an_answer_is_not_waited_for() -> None:
    class Silent:
        def handle_chat_completions(self, request: object, take: object) -> None:
            return

    with pytest.raises(GeneratorFailed, match="without an answer"):
        _weigh(_Engine(Silent()), saying("?"))


def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.generators.ANSWER_S", 0.0)
    asked = while_here(Generator("g", lambda prompt: iter("abc"), lambda prompt: 1.0), lambda: False)

    with pytest.raises(GeneratorBusy, match="no whole answer"):
        list(asked.generate(saying("?")))
    assert asked.weigh
    with pytest.raises(GeneratorBusy, match="no whole answer"):
        asked.weigh(saying("?"))


@pytest.mark.parametrize(("left", "refuses"), [(True, False), (True, True), (False, False)])
def test_an_engine_is_told_whether_anybody_waits(left: bool, refuses: bool) -> None:
    heard: list[bool] = []
    gone = threading.Event()

    def generate(prompt: Prompt) -> Iterator[str]:
        if left:
            gone.set()
        heard.append(prompt.wanted())
        if left and refuses:
            raise GeneratorBusy("nobody waits")
        yield "a"

    asked = while_here(Generator("g", generate), gone.is_set)

    with pytest.raises(VisitorLeft) if left else nullcontext():
        list(asked.generate(saying("?")))
    assert heard == [not left]


@pytest.mark.real_generator
def test_who_would_wait_too_long_is_told_so_and_the_others_are_served(
    llamacpp: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.generators.llamacpp.SLOT_S", 0.2)
    long = [llamacpp.generate(saying(f"Count from {n} to 100.")) for n in range(SLOTS)]
    for one in long:
        assert next(one)

    with pytest.raises(GeneratorBusy, match="no slot"):
        next(llamacpp.generate(saying("Hello")))
    assert llamacpp.weigh
    with pytest.raises(GeneratorBusy, match="no slot"):
        llamacpp.weigh(saying("Is it day? Answer only yes or no."))

    assert all(next(one) for one in long)
    for one in long:
        one.close()  # type: ignore[attr-defined]


@pytest.mark.real_generator
def test_a_gguf_that_is_cut_short_says_so(real_generator_models: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.gguf"
    with next((real_generator_models / DEFAULT_GENERATOR).glob("*.gguf")).open("rb") as whole:
        path.write_bytes(whole.read(1 << 20))

    with pytest.raises(GeneratorUnavailable, match="cannot be loaded"):
        open_generator(str(path), tmp_path)


@pytest.mark.parametrize("name", ["local:/no/such/folder", "/no/such/folder"])
def test_a_folder_that_holds_no_model_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(GeneratorUnavailable, match=r"cannot be loaded .* Give a hub id, a folder or a \.gguf file"):
        open_generator(name, tmp_path)
