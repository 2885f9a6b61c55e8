"""The reader: a question and an entry read together -> whether the entry answers it. `Read` is the plug point.

Embeddings say what a question and an entry are about; whether the one answers the other is seen only where both are read
at once (Nogueira & Cho 2019, "Passage Re-ranking with BERT", https://arxiv.org/abs/1901.04085). The reader that ships is the
lower layers of the default embedder with a low-rank adapter (`index/adapter.py`);
`docs/reader.md` says what it was trained on and how well it does.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from index import weights
from index.adapter import load_adapted
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Vectors, first_line, quiet_transformers
from index.errors import ModelUnavailable
from index.passage import Hit, up_to_an_end
from index.words import HAN, plain, terms

# (question, texts) -> logits that each text answers the question, shape (n,).
Read = Callable[[str, Sequence[str]], Vectors]
OFF = "off"
READ_AT_MOST = 5  # entries a question
ADAPTER = "reader.safetensors"
MAX_TOKENS = 96
# What of an entry the reader sees, in tokens: the rest of `MAX_TOKENS` is the question's.
EXCERPT_TOKENS = 62.0
LEAST_OF_ANSWER = 20.0
ANSWER_CHARS = 20_000
CLAUSE = up_to_an_end(160, "。！？!?\n；;")


@dataclass(frozen=True)
class Reader:
    """A `Read` and its name: what calibration learned of one reader does not hold for another."""

    name: str
    read: Read


def excerpt(hit: Hit, asked: Collection[str]) -> str:
    """What of an entry the reader is given: the form of its question that was nearest, and what of the answer meets the question.

    `asked` are the terms of the question.
    """
    form = hit.passage.text if hit.passage.field == "asked" else hit.entry.question
    room = max(EXCERPT_TOKENS - about_tokens(form), LEAST_OF_ANSWER)
    said = meeting(hit.entry.answer[:ANSWER_CHARS].strip(), hit.entry.language, asked, room)
    return f"{form}\n{said}" if form else said


def meeting(answer: str, language: str, asked: Collection[str], room: float) -> str:
    """The clauses that hold most of the question's terms, in their order. A term that few clauses hold counts more."""
    if about_tokens(answer) <= room:
        return answer
    clauses = [clause for clause in CLAUSE.findall(answer) if clause.strip()]
    held = [" ".join((plain(clause), *terms(clause, language))) for clause in clauses]
    shares = np.zeros(len(clauses))
    for term in sorted(set(asked)):
        holding = [number for number, clause in enumerate(held) if term in clause]
        shares[holding] += 1 / max(1, len(holding))
    kept: list[int] = []
    for number in np.argsort(-shares, kind="stable").tolist():
        size = about_tokens(clauses[number])
        if size <= room or not kept:
            kept.append(number)
            room -= size
    return " ".join(clauses[number].strip() for number in sorted(kept))


def about_tokens(text: str) -> float:
    """About how many tokens a text is: .7 for a Chinese character, .27 for another (measured with the embedder's tokenizer)."""
    han = len(HAN.findall(text))
    return 0.7 * han + 0.27 * (len(text) - han)


@cache  # one for all sites of a process
def open_reader(name: str, models: Path, device: str = "") -> Reader | None:
    """The reader that ships (for an empty name), none ("off"), or a cross-encoder by hub id or folder.

    None, too, while the default embedder, whose layers the shipped one uses, is not installed.

    Raises:
        ModelUnavailable: there is no such cross-encoder.

    """
    if name == OFF:
        return None
    if name:
        return _cross_encoder(name, device)
    folder = weights.installed(DEFAULT_EMBEDDER, models)
    return _adapted(folder, device) if folder else None


def _cross_encoder(name: str, device: str) -> Reader:
    from sentence_transformers import CrossEncoder
    from torch import nn

    quiet_transformers()
    try:
        model = CrossEncoder(
            name, device=device or None, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )
        if model.num_labels != 1 or not _trained(model):
            raise ValueError("it does not give one score for a pair of texts")
    except (OSError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelUnavailable(
            f"the reader {name} cannot be loaded ({first_line(error)}). Give the hub id or folder of a cross-encoder, or 'off'"
        ) from error

    def read(question: str, texts: Sequence[str]) -> Vectors:
        pairs = [(question, text) for text in texts]
        logits = model.predict(pairs, activation_fn=nn.Identity(), show_progress_bar=False)
        return np.asarray(logits, np.float32)

    return Reader(name, read)


def _trained(model: Any) -> bool:
    """Whether its output was in the file: an encoder alone would be given one at random."""
    return any(name.endswith("ForSequenceClassification") for name in model.config.architectures or [])


def _adapted(folder: Path, device: str) -> Reader:
    """The reader that ships, on the embedder in `folder`: one output over the first token and the mean."""
    import torch

    model = load_adapted("index", ADAPTER, folder, device)
    head, bias = model.output["head.weight"], model.output["head.bias"]

    def read(question: str, texts: Sequence[str]) -> Vectors:
        with torch.inference_mode():
            batch, states = model.read([question] * len(texts), texts, MAX_TOKENS)
            mask = batch["attention_mask"][..., None].to(states)
            mean = (states * mask).sum(1) / mask.sum(1)
            logits = torch.cat([states[:, 0], mean], 1) @ head + bias
        return np.asarray(logits.cpu().numpy(), np.float32)

    return Reader(model.name, read)
