"""Train the judge of support that ships: a low-rank adapter on the lower layers of the default embedder that reads a sentence and its
evidence, and says of each of its words whether the evidence holds it, is silent, or says otherwise; it becomes `chatbot/support.safetensors`.

usage: python benchmarks/train_support.py --written DIR --shops DIR --out FILE [--summedits FILE …] [--squad FILE …] [--from FILE] [--models DIR]

--written holds sentences that were written for this (`data/claims`), --shops businesses with their entries (`data/shops/train`); FILEs of
--summedits are parts of SummEdits, of --squad in the form of SQuAD (CMRC 2018, DRCD). `benchmarks/support_claims.py` says what is made of them.
--from starts with the adapter of a reader or a judge. Prints the loss, and of a tenth of the documents, which are kept out, by kind: AUROC of
claims that are supported against those that are not. About an hour on 2 cores.
"""

import argparse
import random
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from support_claims import HELD, Claim, from_squad, from_summedits, from_texts, from_written
from torch import nn
from train_reader import adapted_body, adapter_tensors, save_adapter
from transformers import AutoTokenizer

from chatbot.support import MAX_TOKENS, evidence
from crawler.files import load
from index import weights
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import quiet_transformers

NAME = "kefu-support-1"
LEARNING_RATE, WARM_UP, BATCH, OF_CLAIM = 1e-3, 0.06, 16, 0.5
WRITTEN_TIMES = 2  # passes over what people wrote, where the rest is read once
SQUAD_SHARE = 0.35
HELD_OUT, DEV_EACH = 10, 80
SEED = 20261123
MADE = {"changed", "taken out", "sentence", "question"}  # kinds of claims that are made by rule


class Trained(nn.Module):  # type: ignore[misc]
    """The lower layers of the embedder, adapted, and three outputs for each token."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.body, self.adapted = adapted_body(folder)
        self.head = nn.Linear(self.body.config.hidden_size, 3)

    def forward(self, claims: Sequence[Claim]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, shape (claims, tokens, 3), and the labels of the tokens: HELD, OPEN, CONTRADICTED; −100 for those of the evidence."""
        batch = self.tokenizer(
            [claim.text for claim in claims],
            [claim.sources[0] for claim in claims],
            truncation="longest_first",
            max_length=MAX_TOKENS,
            padding=True,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        states = self.body(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        labels = torch.full(batch["input_ids"].shape, -100)
        for row, claim in enumerate(claims):
            for place, (of, (start, end)) in enumerate(
                zip(batch.sequence_ids(row), batch["offset_mapping"][row].tolist(), strict=True)
            ):
                if of == 0 and end > start:
                    labels[row, place] = max(
                        (label for a, b, label in claim.wrong if a < end and start < b), default=HELD
                    )
        return self.head(states), labels

    def tensors(self) -> dict[str, torch.Tensor]:
        """What is trained, by the names of the file."""
        return adapter_tensors(self.adapted) | {"head.weight": self.head.weight, "head.bias": self.head.bias}

    def load(self, path: Path) -> None:
        """Go on with what an adapter shares with this one."""
        before = load_file(path)
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                if name in before and before[name].shape == tensor.shape:
                    tensor.copy_(before[name])

    def save(self, path: Path) -> None:
        """Write what was trained, in half precision."""
        save_adapter(path, NAME, self.tensors())


def wrongness(logits: torch.Tensor) -> torch.Tensor:
    """How much rather a token is not held than held, as a logit."""
    return logits[..., 1:].logsumexp(-1) - logits[..., 0]


def loss_of(logits: torch.Tensor, labels: torch.Tensor, claims: Sequence[Claim]) -> torch.Tensor:
    """Of each token its label; of each claim whether a token of it is wrong, for which the worst one stands."""
    known = labels.clone()
    unsure = torch.tensor([claim.unsure for claim in claims])
    known[unsure[:, None] & (labels > HELD)] = -100
    loss = nn.functional.cross_entropy(logits.flatten(0, 1).float(), known.flatten(), ignore_index=-100)
    worst = wrongness(logits.float()).masked_fill(labels < 0, -30).amax(1)
    return loss + OF_CLAIM * nn.functional.binary_cross_entropy_with_logits(
        worst, torch.tensor([float(bool(c.wrong)) for c in claims])
    )


def evaluate(model: Trained, claims: Sequence[Claim]) -> str:
    """AUROC of claims by kind."""
    scores: dict[str, list[float]] = defaultdict(list)
    truth: dict[str, list[int]] = defaultdict(list)
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(claims), BATCH):
            piece = claims[start : start + BATCH]
            logits, labels = model(piece)
            worst = wrongness(logits).masked_fill(labels < 0, -30).amax(1).tolist()
            for claim, score in zip(piece, worst, strict=True):
                scores[claim.kind].append(score)
                truth[claim.kind].append(int(bool(claim.wrong)))
    model.train()
    return "\n".join(
        f"{kind:20} {len(truth[kind]):4} AUROC {roc_auc_score(truth[kind], scores[kind]):.3f}"
        if 0 < sum(truth[kind]) < len(truth[kind])
        else f"{kind:20} {len(truth[kind]):4} mean {sum(scores[kind]) / len(scores[kind]):.2f}"
        for kind in sorted(scores)
    )


def batches(claims: Sequence[Claim], rng: random.Random) -> list[list[Claim]]:
    """Claims of like length together, in a random order."""
    order = list(claims)
    rng.shuffle(order)
    found = []
    for start in range(0, len(order), BATCH * 20):
        piece = sorted(order[start : start + BATCH * 20], key=lambda claim: len(claim.text) + len(claim.sources[0]))
        found += [piece[at : at + BATCH] for at in range(0, len(piece), BATCH)]
    rng.shuffle(found)
    return found


def train(model: Trained, plan: Sequence[Sequence[Claim]], dev: Sequence[Claim], rate: float, out: Path) -> None:
    """One pass over the batches of `plan`, the learning rate up to `rate` and then down in a line."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (WARM_UP * len(plan)), 1) * max(0.02, 1 - step / len(plan))
    )
    average = 0.0
    for step, batch in enumerate(plan, 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits, labels = model(batch)
        loss = loss_of(logits, labels, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        average = loss.item() if step == 1 else 0.98 * average + 0.02 * loss.item()
        if step % 50 == 0:
            print(f"{step}/{len(plan)} loss {average:.3f}", flush=True)
        if step % 400 == 0 or step == len(plan):
            print(evaluate(model, dev), flush=True)
            model.save(out)


def all_claims(args: argparse.Namespace, rng: random.Random) -> list[Claim]:
    """Every claim there is of the sources that are named."""
    shops = sorted(path for path in args.shops.iterdir() if (path / "corpus.jsonl").exists())
    texts = [(f"shop {path.name}", entry.answer) for path in shops for entry in load([path / "corpus.jsonl"]).entries]
    claims = [*from_written(args.written), *from_texts(texts, rng)]
    claims += [claim for path in args.squad for claim in from_squad(path, rng, SQUAD_SHARE)]
    return claims + [claim for path in args.summedits for claim in from_summedits(path)]


def kept_out(claims: Sequence[Claim]) -> set[str]:
    """The documents that are for judging, by their names: the same ones each time."""
    documents = {claim.document for claim in claims}
    return {document for document in documents if zlib.crc32(document.encode()) % HELD_OUT == 0}


def with_evidence(claim: Claim) -> Claim:
    """The claim with what of its sources it is read with as its one source."""
    return replace(claim, sources=(evidence(claim.text, claim.sources),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--written", type=Path, required=True)
    parser.add_argument("--shops", type=Path, required=True)
    parser.add_argument("--summedits", type=Path, nargs="+", default=[])
    parser.add_argument("--squad", type=Path, nargs="+", default=[])
    parser.add_argument("--from", type=Path, dest="start")
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    parser.add_argument("--out", type=Path, required=True, help="kept while it is trained too: not the file that ships")
    parser.add_argument("--claims", type=int, help="only so many")
    args = parser.parse_args()
    quiet_transformers()
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    claims = [with_evidence(claim) for claim in all_claims(args, rng)]
    left = kept_out(claims)
    by_kind = defaultdict(list)
    for claim in claims:
        if claim.document in left:
            by_kind[claim.kind].append(claim)
    dev = [claim for found in by_kind.values() for claim in rng.sample(found, min(DEV_EACH, len(found)))]
    learned = [claim for claim in claims if claim.document not in left]
    learned += [claim for claim in learned if claim.kind not in MADE] * (WRITTEN_TIMES - 1)
    rng.shuffle(learned)
    print(f"{len(learned)} claims, {len(left)} documents kept out", flush=True)
    for kind in sorted({claim.kind for claim in learned}):
        own = [claim for claim in learned if claim.kind == kind]
        print(f"{kind:20} {len(own)} {sum(bool(claim.wrong) for claim in own) / len(own):.2f} wrong", flush=True)
    model = Trained(weights.installed(DEFAULT_EMBEDDER, args.models))
    if args.start:
        model.load(args.start)
    train(model, batches(learned[: args.claims], rng), dev, LEARNING_RATE, args.out)


if __name__ == "__main__":
    main()
