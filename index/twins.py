"""Which entries of a site say the same in two languages, told by their answers. Pure."""

import re
from collections.abc import Sequence

import numpy as np

from crawler.records import FaqEntry
from index.embed import Vectors
from index.words import plain

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
FEWEST = 3  # entries of a language: of fewer it cannot be told what is only language


def twins(entries: Sequence[FaqEntry], answers: Vectors, of: Sequence[int]) -> dict[int, list[int]]:
    """Of the rows `of`, those whose answer has translations, with their rows.

    Each is the other's nearest in its language, with what the language adds to a vector taken off, and both give the same
    numbers, some at least: a translation has them, a neighbour hardly. `answers` are vectors, shape (entries, dimension).
    """
    languages = np.array([entry.language for entry in entries], np.str_)
    rows = {str(language): np.flatnonzero(languages == language) for language in np.unique(languages)}
    rows = {language: members for language, members in rows.items() if len(members) >= FEWEST}
    bare = {language: _bare(answers[members]) for language, members in rows.items()}
    places = {int(row): (language, place) for language in rows for place, row in enumerate(rows[language])}

    def nearest(row: int, language: str) -> int:
        own, place = places[row]
        return int(rows[language][np.argmax(bare[language] @ bare[own][place])])

    found: dict[int, list[int]] = {}
    for row in of:
        if row not in places or not (numbers := _numbers(entries[row])):
            continue
        there = [nearest(row, language) for language in rows if language != places[row][0]]
        same = [n for n in there if _numbers(entries[n]) == numbers and nearest(n, places[row][0]) == row]
        if same:
            found[row] = same
    return found


def _bare(vectors: Vectors) -> Vectors:
    less = vectors - vectors.mean(0)
    return np.asarray(less / (np.linalg.norm(less, axis=1, keepdims=True) + 1e-9), np.float32)


def _numbers(entry: FaqEntry) -> set[str]:
    return set(NUMBER.findall(plain(entry.answer)))
