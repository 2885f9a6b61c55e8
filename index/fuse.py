"""Fusion: what dense and lexical search say of each entry -> one order, and the features that calibration reads. Pure.

A convex sum of scores, not of ranks: equal rank fusion lost on two of four measured sets (Bruch et al. 2023,
"An Analysis of Fusion Functions for Hybrid Retrieval", https://arxiv.org/abs/2210.11934, finds the same).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from crawler.records import FaqEntry, normalised
from index.embed import Vectors
from index.lexical import Lexical, Scores
from index.passage import Hit, Passage
from index.words import tokens

FULL_WEIGHT = 0.10
ASKED_WEIGHT = 0.05
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


def rank(
    dense: Mapping[int, Mapping[str, tuple[float, Passage]]],
    full: Scores,
    asked: Scores,
    entries: Sequence[FaqEntry],
    k: int,
) -> tuple[list[Hit], dict[str, float]]:
    """Hits, best first, and the features of the list. `full` and `asked` are BM25 over its ceiling, shape (entries,)."""
    lexical_best = np.argsort(-full, kind="stable")[:20].tolist()
    scored = []
    for row in {*dense, *(row for row in lexical_best if full[row] > 0)}:
        fields = dense.get(row, {})
        similarity, passage = max(
            fields.values(),
            default=(FLOOR, Passage(entries[row], "pair", entries[row].answer)),
            key=lambda pair: pair[0],
        )
        score = similarity + FULL_WEIGHT * float(full[row]) + ASKED_WEIGHT * float(asked[row])
        scored.append((score, similarity, row, passage))
    scored.sort(key=lambda item: (-item[0], item[2]))
    hits = [Hit(passage, score, similarity) for score, similarity, _, passage in scored[:k]]
    return hits, _features(scored, full) if scored else {}


def _features(scored: Sequence[tuple[float, float, int, Passage]], full: Scores) -> dict[str, float]:
    score, similarity, row, passage = scored[0]
    asked = normalised(passage.entry.question)
    # An entry that asks the same thing is no rival: the same question may be answered twice.
    rivals = (other for other, _, _, p in scored[1:20] if not asked or normalised(p.entry.question) != asked)
    return {
        "similarity": similarity,
        "lexical": float(full[row]),
        "margin": score - next(rivals, FLOOR),
        "spread": score - scored[min(9, len(scored) - 1)][0],
        "question": float(bool(asked)),
    }


def coverage(words: Sequence[str], hits: Sequence[Hit], full: Lexical) -> dict[str, float]:
    """How much of the question's content, by weight, stands in the first hit's entry: 0 to 1."""
    if not hits or not words:
        return {"coverage": 0.0}
    entry = hits[0].entry
    held = set(tokens(f"{entry.question} {' '.join(entry.similar)} {entry.section} {entry.answer}"))
    weights = {word: full.weight(word) for word in words}
    return {"coverage": sum(w for word, w in weights.items() if word in held) / (sum(weights.values()) or 1.0)}
