"""How well one kind is told from the others: the usual figures of a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chatbot.intents import QUESTION, Numbers


@dataclass(frozen=True)
class Curve:
    """One kind against all others: its ROC and its precision–recall curve, each as (x, y), and the areas under them."""

    roc: tuple[Numbers, Numbers]
    precision_recall: tuple[Numbers, Numbers]
    roc_area: float
    average_precision: float


def figures(truth: Sequence[str], given: Sequence[str], names: Sequence[str], likely: Numbers) -> dict[str, Any]:
    """Accuracy; precision, recall and F1 of each intent and their means; the mean area under the ROC curve; questions taken for something else."""
    from sklearn.metrics import precision_recall_fscore_support

    rows = precision_recall_fscore_support(truth, given, labels=list(names), zero_division=0.0)
    each = {
        name: {
            "precision": round(float(p), 4),
            "recall": round(float(r), 4),
            "f1": round(float(f), 4),
            "examples": int(n),
        }
        for name, p, r, f, n in zip(names, *rows, strict=True)
    }
    right = np.array(truth) == np.array(given)
    asked = np.array(truth) == QUESTION
    areas = [curve.roc_area for curve in curves(truth, names, likely).values()]
    means = {
        key: round(float(np.mean([one[key] for one in each.values()])), 4) for key in ("precision", "recall", "f1")
    }
    return {
        "accuracy": round(float(right.mean()), 4),
        **means,
        "roc_auc": round(float(np.mean(areas)), 4),
        "questions_taken": round(float((~right[asked]).mean()), 4) if asked.any() else 0.0,
        "intents": each,
    }


def curves(truth: Sequence[str], names: Sequence[str], likely: Numbers) -> dict[str, Curve]:
    """The curves of each intent that has examples and is not all of them."""
    found = {name: curve(np.array(truth) == name, likely[:, place]) for place, name in enumerate(names)}
    return {name: one for name, one in found.items() if one}


def curve(own: npt.NDArray[np.bool_], likely: Numbers) -> Curve | None:
    """The curves of telling one's `own`, shape (n,), from the rest; None where all are, or none."""
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

    if not own.any() or own.all():
        return None
    x, y, _ = roc_curve(own, likely)
    precision, recall, _ = precision_recall_curve(own, likely)
    areas = roc_auc_score(own, likely), average_precision_score(own, likely)
    return Curve((x, y), (recall, precision), *map(float, areas))
