"""The lower layers of the default embedder with a low-rank adapter added to their weights: what the models that ship are made of.

An adapter is a safetensors file (Hu et al. 2021, "LoRA", https://arxiv.org/abs/2106.09685): of each adapted map `NAME.up` and `NAME.down`,
beside them the tensors of the output, and in its metadata a name and the number of layers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from index.compiled import compile_layers
from index.embed import quiet_transformers


@dataclass(frozen=True)
class Adapted:
    """A body that reads pairs of texts. `output` holds the tensors of the file that belong to no layer."""

    name: str
    body: Any
    tokenizer: Any
    output: Mapping[str, Any]
    where: Any

    def read(self, first: Sequence[str], second: Sequence[str], tokens: int) -> tuple[Any, Any]:
        """The tokens of each pair, as the tokenizer gives them, and their states, shape (pairs, tokens, dimension)."""
        batch = self.tokenizer(
            list(first), list(second), truncation=True, max_length=tokens, padding=True, return_tensors="pt"
        )
        mask = batch["attention_mask"].to(self.where)
        return batch, self.body(input_ids=batch["input_ids"].to(self.where), attention_mask=mask).last_hidden_state


def load_adapted(package: str, file_name: str, folder: Path, device: str = "") -> Adapted:
    """The adapter that ships in `package`, on the layers of the embedder in `folder`."""
    import torch
    from safetensors import safe_open
    from transformers import AutoTokenizer, BertModel

    quiet_transformers()
    with as_file(files(package).joinpath(file_name)) as path, safe_open(path, "pt") as file:
        about = file.metadata()
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118, no mapping
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    body = BertModel.from_pretrained(folder, num_hidden_layers=int(about["layers"]), add_pooling_layer=False)
    adapted = {key.removesuffix(".up") for key in tensors if key.endswith(".up")}
    with torch.no_grad():
        for name in adapted:
            body.get_submodule(name).weight += tensors.pop(f"{name}.up") @ tensors.pop(f"{name}.down")
    body.eval().to(where)
    compile_layers(body)
    output = {key: tensor.to(where) for key, tensor in tensors.items()}
    return Adapted(about["name"], body, AutoTokenizer.from_pretrained(folder), output, where)
