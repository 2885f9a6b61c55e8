"""What of a similarity is only language: questions of one language stand together, and texts of one language too.

Between a question and a text in different languages a part of the cosine says which languages they are, and nothing of what
they say. It is estimated with an average question of the language. (Yang et al. 2021, "A Simple and Effective Method To
Eliminate the Self Language Bias in Multilingual Representations", https://arxiv.org/abs/2109.04727, takes such a part from
the vectors; here it is taken from the score, which keeps its scale.)
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from index.embed import Embedder, Vectors
from index.stores import Rows

FILE = "centres.npz"
QUESTIONS = "questions.json"
SHARE = 0.7


@dataclass(frozen=True)
class Centres:
    """By the language of a question: the mean vector of such questions, and what to take from each passage's similarity, or to add.

    `averages` have shape (dimension,), `parts` (passages,); a passage in the language of the question keeps its similarity.
    """

    averages: Mapping[str, Vectors]
    parts: Mapping[str, Vectors]

    def part(self, asked_in: str, rows: Rows) -> Vectors | float:
        """What to take from the similarities of these passages; nothing when little is known of the language."""
        return self.parts[asked_in][rows] if asked_in in self.parts else 0.0

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays = {f"average {language}": vector for language, vector in self.averages.items()}
        arrays |= {f"part {language}": part for language, part in self.parts.items()}
        np.savez(folder / FILE, **arrays)  # type: ignore[arg-type]  # any of them might be allow_pickle, says the stub


@cache
def questions_digest() -> str:
    """Which everyday questions the averages are of."""
    return hashlib.sha256(files("index").joinpath(QUESTIONS).read_bytes()).hexdigest()


def question_averages(embedder: Embedder) -> dict[str, Vectors]:
    """The mean vector of everyday questions, by language."""
    listed: dict[str, list[str]] = json.loads(files("index").joinpath(QUESTIONS).read_text("utf-8"))
    vectors = embedder.embed([text for texts in listed.values() for text in texts], "query", lambda done: None)
    languages = np.array([language for language, texts in listed.items() for _ in texts])
    return {language: vectors[languages == language].mean(0) for language in listed}


def build(averages: Mapping[str, Vectors], vectors: Vectors, languages: Sequence[str]) -> Centres:
    """Compare all passages, vectors of shape (n, dimension) in the given languages, with the average questions.

    Where the site has passages in the language of a question, those in another one are raised by as much as they are further
    from the average question: or what a site says in one of its languages alone would not be found from the other.
    """
    spoken, parts = np.array(languages), {}
    for asked_in, average in averages.items():
        likeness = vectors @ average
        part = np.zeros(len(vectors), np.float32)
        levels = {language: likeness[spoken == language].mean() for language in {*languages} - {""}}
        for language, level in levels.items():
            here, raised = spoken == language, levels.get(asked_in, level) - level
            if language != asked_in:
                part[here] = SHARE * (likeness[here] - level) - raised
        parts[asked_in] = part
    return Centres(averages, parts)


def load(folder: Path) -> Centres:
    """Read what `Centres.save` wrote."""
    found: dict[str, dict[str, Vectors]] = {"average": {}, "part": {}}
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        for name in arrays.files:
            kind, _, language = name.partition(" ")
            found[kind][language] = arrays[name]
    return Centres(found["average"], found["part"])
