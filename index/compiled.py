"""The layers of a BERT, compiled for this processor by OpenVINO, where it is installed; torch runs them elsewhere.

The same numbers to rounding; one question takes about half of the time, batches gain less (`benchmarks/RESULTS.md`). The graph is
built here, operation by operation, because OpenVINO's own converter reports each use to its maker.
"""

import logging
import threading
from importlib.util import find_spec
from typing import Any

import numpy as np

log = logging.getLogger(__name__)


def compile_layers(body: Any) -> None:
    """Put compiled layers in the place of those of `body`, a BERT or XLM-RoBERTa of transformers; another model stays as it is."""
    from transformers import BertModel, XLMRobertaModel

    if not find_spec("openvino") or not isinstance(body, BertModel | XLMRobertaModel):
        return
    config = body.config
    positions = getattr(config, "position_embedding_type", "absolute")  # gone in transformers 5: all are absolute
    kind = (body.device.type, str(body.dtype), config.hidden_act, config.is_decoder, positions)
    if kind == ("cpu", "torch.float32", "gelu", False, "absolute"):
        try:
            body.encoder = _encoder(body)
        except (ImportError, RuntimeError) as error:
            log.warning("OpenVINO cannot be used, so torch runs the model, slower: %s", error)


def _encoder(body: Any) -> Any:
    import torch
    from openvino import Core
    from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

    # Not in half precision where the processor has it: vectors are to be the same on every machine.
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = Core().compile_model(_graph(body), "CPU", settings)
    own = threading.local()

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def forward(
            self, states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
        ) -> BaseModelOutputWithPastAndCrossAttentions:
            if not hasattr(own, "request"):  # a request is for one thread at a time
                own.request = compiled.create_infer_request()
            own.request.infer([states.detach().numpy(), _penalties(states, attention_mask)], share_inputs=True)
            return BaseModelOutputWithPastAndCrossAttentions(
                last_hidden_state=torch.from_numpy(own.request.get_output_tensor().data.copy())
            )

    return Encoder()


def _penalties(states: Any, attention_mask: Any) -> Any:
    """What each token adds to the attention it gets, shape (texts, 1, 1, tokens): nothing, or all that is against padding."""
    if attention_mask is None:
        return np.zeros((len(states), 1, 1, states.shape[1]), np.float32)
    row = attention_mask[:, :1, :1].numpy()
    return np.where(row, np.float32(0), np.finfo(np.float32).min) if row.dtype == bool else row


def _graph(body: Any) -> Any:
    """The layers of `body` as an OpenVINO model of hidden states, shape (texts, tokens, width), and penalties."""
    from openvino import Model
    from openvino import opset13 as op

    heads, width = body.config.num_attention_heads, body.config.hidden_size

    def learned(parameter: Any) -> Any:
        return op.constant(parameter.detach().numpy())

    def linear(states: Any, layer: Any) -> Any:
        return op.add(op.matmul(states, learned(layer.weight), False, True), learned(layer.bias))

    def normal(states: Any, layer: Any) -> Any:
        scaled = op.mvn(states, op.constant(np.array([-1])), True, layer.eps, "INSIDE_SQRT")
        return op.add(op.multiply(scaled, learned(layer.weight)), learned(layer.bias))

    def split(states: Any) -> Any:
        by_head = op.reshape(states, op.constant(np.array([0, 0, heads, width // heads])), True)
        return op.transpose(by_head, op.constant(np.array([0, 2, 1, 3])))

    def attention(states: Any, layer: Any, penalties: Any) -> Any:
        query, key, value = (split(linear(states, part)) for part in (layer.query, layer.key, layer.value))
        mixed = op.scaled_dot_product_attention(query, key, value, penalties)
        joined = op.transpose(mixed, op.constant(np.array([0, 2, 1, 3])))
        return op.reshape(joined, op.constant(np.array([0, 0, width])), True)

    given = op.parameter([-1, -1, width], np.float32)
    penalties = op.parameter([-1, 1, 1, -1], np.float32)
    states: Any = given
    for layer in body.encoder.layer:
        mixed = linear(attention(states, layer.attention.self, penalties), layer.attention.output.dense)
        states = normal(op.add(mixed, states), layer.attention.output.LayerNorm)
        inner = op.gelu(linear(states, layer.intermediate.dense), "ERF")
        states = normal(op.add(linear(inner, layer.output.dense), states), layer.output.LayerNorm)
    return Model([states], [given, penalties])
