"""Train the reader that ships: a low-rank adapter on the lower layers of the default embedder, the file that becomes
`index/reader.safetensors`.

usage: python benchmarks/train_reader.py --shops DIR --pairs FILE --out FILE [--squad FILE …] [--from FILE] [--models DIR] [--groups N]

DIR holds businesses with their entries and visitors' questions, answered and not, written for this (`data/shops/train`). FILEs of
--squad are in the form of SQuAD (CMRC 2018, DRCD): a question with the paragraph that answers it, and with the paragraphs that
Kefu's own search finds first and that do not hold the answer. --pairs is what `benchmarks/faq_pairs.py` wrote: a question in
other or fewer words, or in another language, with its entry and with the entries of the same document that are nearest to it; and
the question itself with those alone, since its own may be gone. No text of the sets that search is judged on is among them.
--from goes on with an adapter, at half the learning rate.
Prints the loss, and of a tenth of the documents, which are kept out, by kind of question: AUROC of all pairs, and how often the
right one is first. About an hour on 2 cores. Same seed, same data, same threads: the same adapter but for rounding.
"""

import argparse
import math
import random
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reader_groups import Group, from_pairs, from_shops, from_squad
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from torch import nn
from transformers import AutoTokenizer, BertModel

from index import weights
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import open_embedder, quiet_transformers
from index.reader import MAX_TOKENS

NAME = "kefu-reader-3"
LAYERS, ADAPTED_FROM, RANK = 8, 2, 32
LEARNING_RATE, WARM_UP, BATCH, RANKING = 1e-3, 0.06, 12, 0.5
HELD_OUT, DEV_EACH = 10, 40
SEED = 20261122
# Where the adapter stands in a layer of BERT.
ADAPTED = (
    "attention.self.query attention.self.key attention.self.value attention.output.dense intermediate.dense output.dense"
).split()


class Adapted(nn.Module):  # type: ignore[misc]
    """A linear map, and beside it the product of two thin ones that alone are trained."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """The map with its adapter."""
        return self.base(states) + states @ self.down.T @ self.up.T


def adapted_body(folder: Path | None) -> tuple[Any, dict[str, Adapted]]:
    """The lower layers of the embedder, of which only the adapters learn, and these by where they stand."""
    body = BertModel.from_pretrained(folder, num_hidden_layers=LAYERS, add_pooling_layer=False)
    body.requires_grad_(False)
    adapted: dict[str, Adapted] = {}
    for layer in range(ADAPTED_FROM, LAYERS):
        for part in ADAPTED:
            name = f"encoder.layer.{layer}.{part}"
            parent, _, last = name.rpartition(".")
            adapted[name] = Adapted(body.get_submodule(name))
            setattr(body.get_submodule(parent), last, adapted[name])
    return body, adapted


def adapter_tensors(adapted: Mapping[str, Adapted]) -> dict[str, torch.Tensor]:
    """The adapters, by the names of the file."""
    return {f"{name}.{part}": getattr(m, part) for name, m in adapted.items() for part in ("up", "down")}


def save_adapter(path: Path, name: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write what was trained, in half precision."""
    halves = {key: tensor.detach().half().contiguous() for key, tensor in tensors.items()}
    save_file(halves, path, {"name": name, "layers": str(LAYERS), "base": DEFAULT_EMBEDDER})


class Trained(nn.Module):  # type: ignore[misc]
    """The lower layers of the embedder, adapted, and one output over first token and mean."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.body, self.adapted = adapted_body(folder)
        self.head = nn.Linear(2 * self.body.config.hidden_size, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, pairs: Sequence[tuple[str, str]]) -> torch.Tensor:
        """Logits, shape (pairs,)."""
        questions, texts = zip(*pairs, strict=True)
        batch = self.tokenizer(
            list(questions), list(texts), truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
        )
        states = self.body(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        mask = batch["attention_mask"][..., None].float()
        return self.head(torch.cat([states[:, 0], (states * mask).sum(1) / mask.sum(1)], 1))[:, 0]

    def tensors(self) -> dict[str, torch.Tensor]:
        """What is trained, by the names of the file."""
        return adapter_tensors(self.adapted) | {"head.weight": self.head.weight[0], "head.bias": self.head.bias}

    def load(self, path: Path) -> None:
        """Go on with an adapter of this shape."""
        before = load_file(path)
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(before[name])

    def save(self, path: Path) -> None:
        """Write what was trained, in half precision."""
        save_adapter(path, NAME, self.tensors())


def loss_of(logits: torch.Tensor, groups: Sequence[Group]) -> torch.Tensor:
    """Whether each text answers (binary), and beside it which of a question's texts does (softmax)."""
    labels = [float(group.answered and place == 0) for group in groups for place in range(len(group.texts))]
    loss = nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(labels))
    parts = logits.split([len(group.texts) for group in groups])
    ranked = [-part.log_softmax(0)[0] for part, group in zip(parts, groups, strict=True) if group.answered]
    return loss + RANKING * torch.stack(ranked).mean() if ranked else loss


def evaluate(model: Trained, groups: Sequence[Group]) -> str:
    """AUROC of pairs and share of questions whose text is first, by kind."""
    logits: dict[str, list[float]] = defaultdict(list)
    labels: dict[str, list[int]] = defaultdict(list)
    first: dict[str, list[bool]] = defaultdict(list)
    model.eval()
    with torch.inference_mode():
        for group in groups:
            scores = model([(group.question, text) for text in group.texts]).tolist()
            logits[group.kind] += scores
            labels[group.kind] += [int(group.answered and place == 0) for place in range(len(scores))]
            first[group.kind].append(scores[0] == max(scores))
    model.train()
    return "\n".join(
        f"{kind:18} AUROC {roc_auc_score(labels[kind], logits[kind]):.3f}  first {np.mean(first[kind]):.3f}"
        if any(labels[kind])
        else f"{kind:18} mean logit {np.mean(logits[kind]):.2f}"
        for kind in logits
    )


def batches(groups: Sequence[Group], rng: random.Random) -> list[list[Group]]:
    """Groups of like length together, in a random order."""
    order = list(groups)
    rng.shuffle(order)
    found = []
    for start in range(0, len(order), BATCH * 20):
        piece = sorted(order[start : start + BATCH * 20], key=lambda group: sum(map(len, group.texts)))
        found += [piece[at : at + BATCH] for at in range(0, len(piece), BATCH)]
    rng.shuffle(found)
    return found


def train(model: Trained, plan: Sequence[Sequence[Group]], dev: Sequence[Group], rate: float, out: Path) -> None:
    """One pass over the batches of `plan`, the learning rate up to `rate` and then down in a line."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (WARM_UP * len(plan)), 1) * max(0.02, 1 - step / len(plan))
    )
    average = 0.0
    for step, batch in enumerate(plan, 1):
        loss = loss_of(model([(group.question, text) for group in batch for text in group.texts]), batch)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        average = loss.item() if step == 1 else 0.98 * average + 0.02 * loss.item()
        if step % 25 == 0:
            print(f"{step}/{len(plan)} loss {average:.3f}", flush=True)
        if step % 400 == 0 or step == len(plan):
            print(evaluate(model, dev), flush=True)
            model.save(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, required=True)
    parser.add_argument("--squad", type=Path, nargs="+", default=[])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    parser.add_argument("--out", type=Path, required=True, help="kept while it is trained too: not the file that ships")
    parser.add_argument("--from", type=Path, dest="start")
    parser.add_argument("--groups", type=int, help="only so many questions")
    args = parser.parse_args()
    quiet_transformers()
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    embedder = open_embedder(DEFAULT_EMBEDDER, args.models)
    groups = [group for path in args.squad for group in from_squad(path, embedder, rng)]
    groups += [*from_pairs(args.pairs, embedder, rng), *from_shops(args.shops, embedder)]
    documents = {group.document for group in groups}
    # By their names, so that what one training kept out is kept out of the one that goes on with it.
    kept_out = {document for document in documents if zlib.crc32(document.encode()) % HELD_OUT == 0}
    by_kind = defaultdict(list)
    for group in groups:
        if group.document in kept_out:
            by_kind[group.kind].append(group)
    dev = [group for found in by_kind.values() for group in rng.sample(found, min(DEV_EACH, len(found)))]
    groups = [group for group in groups if group.document not in kept_out]
    rng.shuffle(groups)
    print(f"{len(groups)} questions, {len(kept_out)} of {len(documents)} documents kept out", flush=True)
    model = Trained(weights.installed(DEFAULT_EMBEDDER, args.models))
    if args.start:
        model.load(args.start)
    rate = LEARNING_RATE / 2 if args.start else LEARNING_RATE
    train(model, batches(groups[: args.groups], rng), dev, rate, args.out)


if __name__ == "__main__":
    main()
