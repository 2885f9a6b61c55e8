"""The judge of support: a sentence read together with its evidence -> of each word, whether the evidence holds it. `Judge` is the plug point.

Whether a sentence follows from a text is not seen by comparing words: "pricey" stands for "expensive" and "cheap" does not. The judge that
ships is made as the reader is (`index/adapter.py`) and marks words, as LettuceDetect does (Kovács & Recski 2025,
https://arxiv.org/abs/2502.17125); `docs/support.md` says what it was trained on and how well it does.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.verify import clean, sentences
from crawler.language import detect
from index import weights
from index.adapter import load_adapted
from index.catalogue import DEFAULT_EMBEDDER
from index.reader import meeting
from index.words import terms

ADAPTER, FIT = "support.safetensors", "support.json"
FEATURES = ("against", "silent", "share_silent")
TINY = 1e-4
MAX_TOKENS = 320
EVIDENCE_TOKENS = 230.0
AT_ONCE = 8  # pairs a batch


@dataclass(frozen=True)
class Marks:
    """The tokens of a sentence: `places` are where they stand, shape (tokens, 2).

    `probabilities`, shape (tokens, 3), say how likely the evidence holds each, is silent on it, or says otherwise.
    """

    places: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Fit:
    """Weights of the features, in their order, and what is added."""

    weights: tuple[float, ...]
    bias: float


# (sentences, the evidence of each) -> the marks of each
Judge = Callable[[Sequence[str], Sequence[str]], list[Marks]]


def evidence(sentence: str, sources: Sequence[str]) -> str:
    """The clauses of the sources that share most with a sentence, in their order; all of them where there is room."""
    text = "\n".join(sources)
    return meeting(text, detect(text), set(terms(sentence)), EVIDENCE_TOKENS)


@cache  # one for all sites of a process
def open_judge(models: Path, device: str = "") -> Judge | None:
    """The judge that ships; None while the default embedder, whose layers it uses, is not installed."""
    folder = weights.installed(DEFAULT_EMBEDDER, models)
    return _adapted(folder, device) if folder else None


def _adapted(folder: Path, device: str) -> Judge:
    import torch

    model = load_adapted("chatbot", ADAPTER, folder, device)
    head, bias = model.output["head.weight"], model.output["head.bias"]

    def judge(sentences: Sequence[str], evidence: Sequence[str]) -> list[Marks]:
        found: list[Marks] = []
        for start in range(0, len(sentences), AT_ONCE):
            with torch.inference_mode():
                batch, states = model.read(
                    sentences[start : start + AT_ONCE], evidence[start : start + AT_ONCE], MAX_TOKENS
                )
                likely = (states @ head.T + bias).softmax(-1).cpu().numpy()
            for row, encoding in enumerate(batch.encodings):
                own = np.array(
                    [
                        of == 0 and end > begin
                        for of, (begin, end) in zip(encoding.sequence_ids, encoding.offsets, strict=True)
                    ]
                )
                found.append(Marks(np.array(encoding.offsets)[own], likely[row][own]))
        return found

    return judge


@dataclass(frozen=True)
class Supported:
    """Whether an answer is supported, how surely (0 to 1), and the words of it that are not."""

    holds: bool
    score: float
    words: tuple[str, ...]


def supported(answer: str, sources: Sequence[str], judge: Judge) -> Supported:
    """Read every sentence of an answer together with what the sources say nearest to it."""
    said, marks = read_together(answer, sources, judge)
    logit = float(features(marks) @ np.array(_fitted().weights)) + _fitted().bias
    score = 1 / (1 + math.exp(-logit))
    return Supported(
        score >= 0.5,
        score,
        tuple(word for text, found in zip(said, marks, strict=True) for word in doubted(text, found)),
    )


def read_together(answer: str, sources: Sequence[str], judge: Judge) -> tuple[list[str], list[Marks]]:
    """The sentences of an answer, and the marks of each beside its evidence."""
    said = [text for sentence in sentences([answer]) if (text := clean(sentence))]
    return said, judge(said, [evidence(text, sources) for text in said])


def features(marks: Sequence[Marks]) -> NDArray[np.float64]:
    """What the fit weighs, in the order of `FEATURES`.

    Of the worst word of all sentences the logits that the evidence says otherwise and that it is silent, and the share of words on which
    it is silent.
    """
    likely = np.concatenate([found.probabilities for found in marks] or [np.array([[1.0, 0.0, 0.0]])]).astype(
        np.float64
    )
    silent, against = (np.log(likely[:, kind] + TINY) - np.log1p(TINY - likely[:, kind]) for kind in (1, 2))
    return np.array([against.max(), silent.max(), likely[:, 1].mean()])


def doubted(text: str, marks: Marks) -> list[str]:
    """The words of a sentence that are rather not held than held."""
    found: list[str] = []
    last = -1
    for (start, end), likely in zip(marks.places.tolist(), marks.probabilities, strict=True):
        if likely[0] < 0.5:
            found = (
                [*found[:-1], found[-1] + text[last:end]] if start - last <= 1 and found else [*found, text[start:end]]
            )
            last = end
    return found


@cache
def _fitted() -> Fit:
    return Fit(**json.loads(files("chatbot").joinpath(FIT).read_text("utf-8")))
