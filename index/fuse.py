"""Fusion: what dense and lexical search say of each entry -> one order, and the features that calibration reads. Pure.

A convex sum of scores, not of ranks: equal rank fusion lost on two of four measured sets (Bruch et al. 2023,
"An Analysis of Fusion Functions for Hybrid Retrieval", https://arxiv.org/abs/2210.11934, finds the same).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from crawler.records import FaqEntry, normalised
from index.embed import Vectors
from index.lexical import Lexical, Scores
from index.passage import Hit, Passage
from index.words import tokens

FULL_WEIGHT = 0.10
ASKED_WEIGHT = 0.05
# Of two entries that say the same in two languages, the visitor's comes first.
SAME_LANGUAGE = 0.02
# Similarity given to a field that an entry has no passage for among the candidates.
FLOOR = 0.70


def best_by_entry(
    similarities: Vectors, passages: Sequence[Passage], rows: Mapping[int, int]
) -> dict[int, dict[str, tuple[float, Passage]]]:
    """Per entry (by its row) and field ("asked" or "told"), the best similarity and the passage that has it."""
    best: dict[int, dict[str, tuple[float, Passage]]] = {}
    for similarity, passage in zip(similarities.tolist(), passages, strict=True):
        fields = best.setdefault(rows[id(passage.entry)], {})
        fields.setdefault("asked" if passage.kind == "query" else "told", (similarity, passage))
    return best


class Scored(NamedTuple):
    """One entry's place in a ranking: fused score, best cosine, row of the entry, and the passage that has it."""

    score: float
    similarity: float
    row: int
    passage: Passage


def rank(
    dense: Mapping[int, Mapping[str, tuple[float, Passage]]],
    full: Scores,
    asked: Scores,
    entries: Sequence[FaqEntry],
    language: str,
) -> list[Scored]:
    """All candidates, best first. `full` and `asked` are BM25 over its ceiling, shape (entries,)."""
    by_words = [row for row in np.argsort(-full, kind="stable")[:20].tolist() if full[row] > 0]
    scored = []
    for row in {*dense, *by_words}:
        unseen = (FLOOR, Passage(entries[row], "pair", entries[row].answer))
        similarity, passage = max(dense.get(row, {}).values(), default=unseen, key=lambda pair: pair[0])
        score = similarity + FULL_WEIGHT * float(full[row]) + ASKED_WEIGHT * float(asked[row])
        score += SAME_LANGUAGE * (entries[row].language == language)
        scored.append(Scored(score, similarity, row, passage))
    return sorted(scored, key=lambda item: (-item.score, item.row))


def features(scored: Sequence[Scored], together: Collection[str]) -> dict[str, float]:
    """What calibration reads of a ranking: how near the first is, and how far it stands out from all but `together`."""
    best = scored[0]
    rivals = (other for other in scored[1:20] if _rival(other, best) and other.passage.entry.id not in together)
    return {
        "similarity": best.similarity,
        "margin": best.score - next((other.score for other in rivals), FLOOR),
        "spread": best.score - scored[min(9, len(scored) - 1)].score,
        "question": float(bool(best.passage.entry.question)),
    }


def _rival(other: Scored, best: Scored) -> bool:
    """Whether an entry says something else: not the same question answered twice, nor its twin in another language."""
    one, two = other.passage.entry, best.passage.entry
    same = bool(two.question) and normalised(one.question) == normalised(two.question)
    return not same and one.language == two.language


def coverage(words: Sequence[str], hits: Sequence[Hit], full: Lexical) -> dict[str, float]:
    """How much of the question's content, by weight, stands in the first hit's entry: 0 to 1."""
    if not hits or not words:
        return {"coverage": 0.0}
    entry = hits[0].entry
    held = set(tokens(f"{entry.question} {' '.join(entry.similar)} {entry.section} {entry.answer}"))
    weights = {word: full.weight(word) for word in words}
    return {"coverage": sum(w for word, w in weights.items() if word in held) / (sum(weights.values()) or 1.0)}
