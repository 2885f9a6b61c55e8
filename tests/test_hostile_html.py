"""Pages that nobody wrote in good faith are read without an exception, or left out in time. benchmarks/hostile_html.py has all."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from crawler.errors import PageBroken
from crawler.records import from_json, to_json
from crawler.response import Response
from crawler.sandbox import SandboxLimits, open_survey
from crawler.survey import Survey, survey
from tests.hostile_pages import BOMBS, bomb, documents, good_page, mutants

# One for each part of a reader: the parser's tree, its attributes, the links, the pairs, the text, the JSON.
HARD_BOMBS = ("nested div", "nested b and p", "attributes", "links", "other pairs", "words", "deep JSON-LD")
SECURITY = Path(__file__).parents[2] / "shared" / "security"


def read_soundly(response: Response) -> None:
    """Read a page in this process; every entry of it can be stored and read again, and every text shown."""
    read = survey(response, "shop")
    for entry in read.entries:
        assert entry == from_json(json.loads(to_json(entry)), where="here")
        assert entry.answer.strip()
    for text in (read.url, read.language, *read.links):
        text.encode()


def test_damaged_pages_are_read() -> None:
    for response in mutants(300, seed=7):
        read_soundly(response)


def test_fuzzers_documents_and_payloads_are_read() -> None:
    if not SECURITY.exists():
        pytest.skip("the corpora are not here")
    for _, response in islice(documents(SECURITY), 0, None, 29):
        read_soundly(response)


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_bomb_is_read(name: str) -> None:
    read_soundly(bomb(name, 3000))


def held(read: Callable[[Response], Survey], response: Response) -> bool:
    """Whether a bomb is read, or left out for its size; not because of an exception."""
    try:
        read(response)
    except PageBroken as broken:
        return "cannot be read" not in str(broken)
    return True


@pytest.mark.slow_process
@pytest.mark.parametrize("size", [30_000, 2_000_000])
def test_bombs_are_held_and_the_next_page_is_read(size: int) -> None:
    good = survey(good_page(), "shop")
    with open_survey("shop", limits=SandboxLimits(page_s=0.5)) as read:
        for name in BOMBS if size < 100_000 else HARD_BOMBS:
            assert held(read, bomb(name, size)), name
            assert good == read(good_page()), name
