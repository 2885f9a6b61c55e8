"""A generator that died is opened again, and nobody waits for it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorRefused, GeneratorUnavailable
from chatbot.generators import Generator
from chatbot.generators.revive import revived
from chatbot.messages import Message
from chatbot.prompt import Prompt

PROMPT = Prompt((Message("user", "hello"),), (), "en")


class Opened:
    """Opens generators that say their number; the numbers in `dead` fail, and those in `lost` cannot be opened."""

    def __init__(self, dead: tuple[int, ...] = (), lost: tuple[int, ...] = ()) -> None:
        self.count, self.dead, self.lost = 0, dead, lost
        self.may_open, self.done = threading.Event(), threading.Event()
        self.may_open.set()

    def __call__(self) -> Generator:
        self.count += 1
        number = self.count
        if number > 1:
            self.may_open.wait(10)
        self.done.set()
        if number in self.lost:
            raise GeneratorUnavailable("no memory")

        def generate(prompt: Prompt) -> Iterator[str]:
            yield f"{number}"
            if number in self.dead:
                raise GeneratorFailed("dead")

        def weigh(prompt: Prompt) -> float:
            if number in self.dead:
                raise GeneratorFailed("dead")
            return float(number)

        return Generator("g", generate, weigh)


def fail(act: Callable[[], object]) -> str:
    with pytest.raises(GeneratorFailed) as failure:
        act()
    return str(failure.value)


def wait_until_opened(generator: Generator) -> str:
    for _ in range(500):
        try:
            return "".join(generator.generate(PROMPT))
        except GeneratorFailed:
            threading.Event().wait(0.01)
    raise AssertionError("it is never opened again")


def test_what_works_is_left_alone() -> None:
    opened = Opened()
    generator = revived(opened)

    assert ["".join(generator.generate(PROMPT)) for _ in range(5)] == ["1"] * 5
    assert generator.weigh
    assert generator.weigh(PROMPT) == 1
    assert (opened.count, generator.name) == (1, "g")


def test_after_two_failures_in_a_row_it_is_opened_again_and_fails_at_once_meanwhile() -> None:
    opened = Opened(dead=(1,))
    opened.may_open.clear()
    generator = revived(opened)
    assert generator.weigh

    assert fail(lambda: list(generator.generate(PROMPT))) == "dead"
    assert opened.count == 1
    assert fail(lambda: generator.weigh and generator.weigh(PROMPT)) == "dead"
    assert fail(lambda: list(generator.generate(PROMPT))) == "it is being opened again"
    assert fail(lambda: generator.weigh and generator.weigh(PROMPT)) == "it is being opened again"
    opened.may_open.set()

    assert wait_until_opened(generator) == "2"
    assert generator.weigh(PROMPT) == 2


def test_one_that_judges_well_and_never_writes_is_opened_again() -> None:
    opened = Opened(dead=(1,))
    generator = revived(lambda: replace(opened(), weigh=lambda prompt: 1.0))
    assert generator.weigh

    for _ in range(2):
        generator.weigh(PROMPT)
        fail(lambda: list(generator.generate(PROMPT)))

    assert wait_until_opened(generator) == "2"


def test_what_becomes_of_an_old_one_says_nothing_of_the_new() -> None:
    opened = Opened(dead=(1,))
    generator = revived(opened)
    late = [generator.generate(PROMPT) for _ in range(3)]
    for one in late:
        assert next(one) == "1"
    for _ in range(2):
        fail(lambda: list(generator.generate(PROMPT)))
    assert wait_until_opened(generator) == "2"

    for one in late:
        fail(lambda one=one: list(one))  # type: ignore[misc]

    assert list(generator.generate(PROMPT)) == ["2"]
    assert opened.count == 2


def test_one_failure_between_good_answers_is_none() -> None:
    opened = Opened()
    generator = revived(opened)
    for _ in range(3):
        opened.dead = (1,)
        fail(lambda: list(generator.generate(PROMPT)))
        opened.dead = ()
        list(generator.generate(PROMPT))

    assert opened.count == 1


def test_what_cannot_be_opened_again_is_tried_again_later() -> None:
    opened = Opened(dead=(1,), lost=(2,))
    generator = revived(opened)
    for _ in range(2):
        fail(lambda: list(generator.generate(PROMPT)))

    assert wait_until_opened(generator) == "3"


def test_whatever_goes_wrong_while_opening_it_is_tried_again_later() -> None:
    opened = Opened(dead=(1,))

    def open_() -> Generator:
        generator = opened()
        if opened.count == 2:
            raise PermissionError("not now")
        return generator

    generator = revived(open_)
    for _ in range(2):
        fail(lambda: list(generator.generate(PROMPT)))

    assert wait_until_opened(generator) == "3"


@pytest.mark.parametrize("kind", [GeneratorBusy, GeneratorRefused])
def test_one_that_is_only_busy_or_refuses_a_prompt_is_not_opened_again(kind: type[GeneratorFailed]) -> None:
    opened = Opened()

    def busy(prompt: Prompt) -> Iterator[str]:
        raise kind("others first")
        yield ""

    def weigh(prompt: Prompt) -> float:
        raise kind("others first")

    generator = revived(lambda: replace(opened(), generate=busy, weigh=weigh))
    for _ in range(3):
        assert fail(lambda: list(generator.generate(PROMPT))) == "others first"
        assert fail(lambda: generator.weigh and generator.weigh(PROMPT)) == "others first"

    assert opened.count == 1


def test_who_leaves_is_no_failure_and_ends_the_work() -> None:
    ended = threading.Event()

    def generate(prompt: Prompt) -> Iterator[str]:
        try:
            yield from ("a", "b")
        finally:
            ended.set()

    generator = revived(lambda: Generator("g", generate))
    pieces = generator.generate(PROMPT)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]

    assert ended.is_set()
    assert generator.weigh is None


def test_what_cannot_be_opened_at_first_says_so() -> None:
    with pytest.raises(GeneratorUnavailable):
        revived(Opened(lost=(1,)))
