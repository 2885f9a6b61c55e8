"""What a message is for, learned from examples: small talk, a wish for a person, an order's state, or a question to be searched for.

A logistic regression over the embedder's vector of the message and its letters (hashed n-grams; Weinberger et al. 2009,
https://arxiv.org/abs/0902.2206). It rejects: below a threshold, which is set on examples that it was not fitted to, a message is a
question. Rules for whole messages come before it (`route.py`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chatbot.errors import ChatbotError
from crawler.records import read_jsonl
from index.embed import Embedder, Vectors
from index.words import plain

QUESTION = "question"
EXAMPLES, SHIPPED, OWN = "intents.jsonl", "intents.safetensors", "intents.safetensors"
NGRAMS, BUCKETS = (1, 4), 2**12
STRENGTH = 30.0  # inverse of the penalty; 10 is within a point of it
FOLDS = 5
# Of the questions among the examples, most of which are there because they look like something else, so many may be taken for it:
# what search is sure of is answered all the same (`Bot.reply`).
STOLEN = 0.015
FEWEST = FOLDS  # examples of an intent
SEED = 20261123
TINY = np.float32(1e-3)

Numbers = npt.NDArray[np.float64]
# message -> the name of its intent; QUESTION when nothing else is sure enough
Classify = Callable[[str], str]


@dataclass(frozen=True)
class Example:
    """A message and what it is for."""

    intent: str
    text: str


@dataclass(frozen=True)
class Classifier:
    """What was learned, over vectors of the embedder with this digest.

    `weights` has shape (intents, dimension + BUCKETS), `bias` (intents,); `mean` and `spread`, of shape (dimension,), bring vectors to one
    scale. `learned_from` tells which examples.
    """

    names: tuple[str, ...]
    weights: Vectors
    bias: Vectors
    mean: Vectors
    spread: Vectors
    threshold: float
    embedder: str
    learned_from: str

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> Numbers:
        """Of each message and intent, shape (messages, intents)."""
        logits = (_seen(texts, vectors, self.mean, self.spread) @ self.weights.T + self.bias).astype(np.float64)
        likely = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(likely / likely.sum(1, keepdims=True))

    def save(self, path: Path) -> None:
        """Write it as safetensors, in half precision."""
        from safetensors.numpy import save_file

        tensors = {name: np.ascontiguousarray(getattr(self, name), np.float16) for name in TENSORS}
        about = {
            "names": json.dumps(self.names),
            "threshold": repr(self.threshold),
            "embedder": self.embedder,
            "learned_from": self.learned_from,
        }
        save_file(tensors, path, about)


TENSORS = ("weights", "bias", "mean", "spread")


def load_classifier(path: Path) -> Classifier:
    """A classifier from its file."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name).astype(np.float32) for name in TENSORS}
    names, threshold = tuple(json.loads(about["names"])), float(about["threshold"])
    return Classifier(
        names, **tensors, threshold=threshold, embedder=about["embedder"], learned_from=about["learned_from"]
    )


@cache
def shipped() -> Classifier:
    """The classifier of the examples that ship, for the default embedder."""
    with as_file(files("chatbot").joinpath(SHIPPED)) as path:
        return load_classifier(path)


def built_in() -> list[Example]:
    """The examples that ship, in Chinese and English."""
    with as_file(files("chatbot").joinpath(EXAMPLES)) as path:
        return read_examples(path)


def read_examples(path: Path) -> list[Example]:
    """Examples of a .jsonl file of {"intent","text"}."""
    found = []
    for where, row in read_jsonl(path):
        if not isinstance(row.get("intent"), str) or not isinstance(row.get("text"), str):
            raise ChatbotError(f'{where}: every line needs "intent" and "text"')
        found.append(Example(row["intent"], row["text"]))
    return found


def with_own(own: Mapping[str, Sequence[str]]) -> list[Example]:
    """The examples that ship and those of a site's own intents, by name.

    Raises:
        ChatbotError: an intent has too few examples to be judged by.

    """
    for name, texts in own.items():
        if len(set(texts)) < FEWEST:
            raise ChatbotError(
                f"the intent {name} has {len(set(texts))} examples. Give at least {FEWEST}, better twenty"
            )
    return [*built_in(), *(Example(name, text) for name, texts in own.items() for text in dict.fromkeys(texts))]


def digest_of(examples: Sequence[Example]) -> str:
    """Tells whether a classifier was learned from these examples."""
    import hashlib

    return hashlib.sha256(json.dumps([(e.intent, e.text) for e in examples]).encode()).hexdigest()


def embedded(
    examples: Sequence[Example], embedder: Embedder, done: Callable[[int], None] = lambda done: None
) -> Vectors:
    """The vectors that messages are learned and judged by."""
    return embedder.embed([example.text for example in examples], "query", done)


def out_of_fold(
    examples: Sequence[Example], vectors: Vectors
) -> tuple[tuple[str, ...], Numbers, npt.NDArray[np.int64]]:
    """Names of the intents; of each example the probabilities by a classifier fitted without its fold, and which fold that is."""
    from sklearn.model_selection import StratifiedKFold

    labels = [example.intent for example in examples]
    names = tuple(sorted(set(labels)))
    likely, fold_of = np.zeros((len(examples), len(names))), np.zeros(len(examples), np.int64)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(vectors, labels)
    for fold, (learned, judged) in enumerate(folds):
        one = fit([examples[row] for row in learned], vectors[learned], "", 0.0)
        likely[judged] = one.probabilities([examples[row].text for row in judged], vectors[judged])
        fold_of[judged] = fold
    return names, likely, fold_of


def threshold_of(examples: Sequence[Example], names: Sequence[str], likely: Numbers) -> float:
    """The probability above which no more than `STOLEN` of the questions are taken for something else."""
    asked = np.array([example.intent == QUESTION for example in examples])
    return float(np.quantile(np.delete(likely, names.index(QUESTION), 1).max(1)[asked], 1 - STOLEN))


def named(names: Sequence[str], likely: Numbers, threshold: float) -> list[str]:
    """The intent of each message: the likeliest where it is above the threshold, else QUESTION."""
    best = likely.argmax(1)
    return [names[n] if row[n] > threshold else QUESTION for n, row in zip(best, likely, strict=True)]


def as_question(message: str) -> str:
    """The `Classify` of a bot that has learned no intents."""
    return QUESTION


def classify_with(classifier: Classifier, embedder: Embedder) -> Classify:
    """Names the intent of one message."""

    def classify(message: str) -> str:
        vectors = embedder.embed([message], "query", lambda done: None)
        return named(classifier.names, classifier.probabilities([message], vectors), classifier.threshold)[0]

    return classify


def fit(examples: Sequence[Example], vectors: Vectors, embedder: str, threshold: float) -> Classifier:
    """A classifier of the examples. `threshold` is that of `threshold_of`, over `out_of_fold`."""
    from sklearn.linear_model import LogisticRegression

    mean = vectors.mean(0)
    spread = np.maximum(vectors.std(0), TINY) * np.sqrt(np.float32(vectors.shape[1]))
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", tol=1e-3, max_iter=500)
    seen = _seen([example.text for example in examples], vectors, mean, spread)
    model.fit(seen, [example.intent for example in examples])
    weights, bias = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    return Classifier(tuple(model.classes_), weights, bias, mean, spread, threshold, embedder, digest_of(examples))


def _seen(texts: Sequence[str], vectors: Vectors, mean: Vectors, spread: Vectors) -> Vectors:
    """The vectors on one scale, and beside them the letters of the texts, shape (texts, dimension + BUCKETS)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    letters = HashingVectorizer(analyzer="char_wb", ngram_range=NGRAMS, n_features=BUCKETS, dtype=np.float32)
    return np.hstack([(vectors - mean) / spread, letters.transform([plain(text) for text in texts]).toarray()])
