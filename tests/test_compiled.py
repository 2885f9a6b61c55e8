"""Compiled layers say what torch says. The real weights: test_embedder_real.py."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedModel, XLMRobertaConfig, XLMRobertaModel

from index.compiled import compile_layers

ROOT = Path(__file__).resolve().parents[1]
SMALL: dict[str, Any] = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
KINDS = [(BertModel, BertConfig), (XLMRobertaModel, XLMRobertaConfig)]


def random_body(kind: Any, config: Any, **options: object) -> PreTrainedModel:
    torch.manual_seed(1)
    body: PreTrainedModel = kind(config(**SMALL, **options), add_pooling_layer=False).eval()
    for parameter in body.parameters():  # as they come, biases are 0 and scales 1: a graph without them would pass
        torch.nn.init.normal_(parameter, 0.3, 0.3)
    return body


def batch(lengths: list[int]) -> dict[str, torch.Tensor]:
    longest = max(lengths)
    mask = torch.tensor([[1] * length + [0] * (longest - length) for length in lengths])
    return {"input_ids": torch.randint(5, 99, mask.shape), "attention_mask": mask}


def states(body: PreTrainedModel, given: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = body(**given).last_hidden_state
        return found[given["attention_mask"].bool()]


@pytest.mark.parametrize(("kind", "config"), KINDS)
@pytest.mark.parametrize("lengths", [[7], [1], [9, 9], [3, 12, 1]])
def test_compiled_layers_say_what_torch_says(kind: Any, config: Any, lengths: list[int]) -> None:
    body, given = random_body(kind, config), batch(lengths)
    expected = states(body, given)

    compile_layers(body)

    assert not isinstance(body.encoder, type(random_body(kind, config).encoder))
    assert torch.allclose(states(body, given), expected, atol=1e-4)


def test_compiled_layers_serve_several_threads() -> None:
    body, batches = random_body(*KINDS[0]), [batch([1 + n % 9, 12 - n % 5]) for n in range(64)]
    expected = [states(body, given) for given in batches]
    compile_layers(body)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda given: states(body, given), batches))

    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(found, expected, strict=True))


def test_another_kind_of_model_is_left_to_torch() -> None:
    relu, decoder = (random_body(*KINDS[0], **options) for options in ({"hidden_act": "relu"}, {"is_decoder": True}))
    for body in (relu, decoder, random_body(*KINDS[0]).half(), torch.nn.Linear(2, 2)):
        encoder = getattr(body, "encoder", None)
        compile_layers(body)
        assert getattr(body, "encoder", None) is encoder


def test_nothing_is_reported_to_anyone() -> None:
    child = """
import sys
asked = []
sys.addaudithook(lambda event, given: asked.append(event) if event.startswith("socket.") else None)
from tests.test_compiled import KINDS, batch, random_body, states
from index.compiled import compile_layers
asked.clear()
body = random_body(*KINDS[0])
compile_layers(body)
states(body, batch([3]))
print(asked)
"""
    told = subprocess.run([sys.executable, "-c", child], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
