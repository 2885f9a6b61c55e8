"""The carrier's 4-bit file of multilingual-e5-small -> a folder that sentence-transformers loads. Knows no network.

File layout, little-endian: magic `E5S1`, u32 version; seven i32 sizes; f32 layer-norm epsilon; i32 block; the tokenizer
(five i32, u64 blob bytes, u32[pieces + 1] offsets, f32[pieces] scores, blob, a normaliser to skip); then named tensors.
Type 0 is f32; type 1 is Q4_0: blocks of an f16 scale and 16 bytes, weights 0–15 in the low nibbles, 16–31 in the high.
Architecture and prompts: Wang et al. 2024, "Multilingual E5 Text Embeddings", https://arxiv.org/abs/2402.05672.
"""

import itertools
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import ModelUnavailable

Array = npt.NDArray[np.float32]
PROMPTS = {"query": "query: ", "passage": "passage: "}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class Sizes:
    """The header's numbers, under their names in a BERT configuration."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int


class _Reader:
    """Reads numbers off a buffer, in order."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self.data, dtype=np.dtype(kind).newbyteorder("<"), count=count, offset=self.at)
        self.at += found.nbytes
        return found

    def raw(self, count: int) -> bytes:
        self.at += count
        return bytes(self.data[self.at - count : self.at])


def convert(source: Path, folder: Path) -> None:
    """Write the sentence-transformers model that `source` holds into `folder`, which must exist.

    Raises:
        ModelUnavailable: the file is not of this layout.

    """
    reader = _Reader(memoryview(source.read_bytes()))
    if reader.raw(4) != b"E5S1":
        raise ModelUnavailable(f"{source} is no 4-bit e5 file. Remove it and pull the model again")
    reader.take("I")
    sizes = Sizes(*reader.take("7i"))
    (epsilon,) = reader.take("f")
    (block,) = reader.take("i")
    _write_tokenizer(reader, folder, sizes)
    weights = {_bert_name(name): tensor for name, tensor in _tensors(reader, block)}
    _write_weights(weights, folder, sizes, epsilon)
    _write_modules(folder, sizes)


def dequantise(raw: bytes, elements: int, block: int) -> Array:
    """Q4_0 blocks -> `elements` float32 values."""
    rows = np.frombuffer(raw, np.uint8).reshape(-1, 2 + block // 2)
    scales = np.ascontiguousarray(rows[:, :2]).view("<f2").astype(np.float32)
    nibbles = rows[:, 2:]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    flat: Array = (values * scales).reshape(-1)[:elements]
    return flat


def _tensors(reader: _Reader, block: int) -> Iterator[tuple[str, Array]]:
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.raw(length).decode()
        kind, elements, offset, size = reader.take("BIQQ")
        raw = bytes(reader.data[offset : offset + size])
        yield name, np.frombuffer(raw, "<f4", elements) if kind == 0 else dequantise(raw, elements, block)


def _bert_name(name: str) -> str:
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shape(name: str, elements: int, sizes: Sizes) -> tuple[int, ...]:
    if name.endswith("bias") or "LayerNorm" in name:
        return (elements,)
    inner = (
        sizes.intermediate_size
        if name.endswith("output.dense.weight") and "attention" not in name
        else sizes.hidden_size
    )
    return (elements // inner, inner)


def _write_weights(weights: dict[str, Array], folder: Path, sizes: Sizes, epsilon: float) -> None:
    from safetensors.numpy import save_file

    shaped = {name: np.ascontiguousarray(w).reshape(_shape(name, w.size, sizes)) for name, w in weights.items()}
    save_file(shaped, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "layer_norm_eps": epsilon,
    }
    config |= {
        "attention_probs_dropout_prob": 0.1,
        "hidden_dropout_prob": 0.1,
        "pad_token_id": 0,
        "torch_dtype": "float32",
    }
    _write_json(folder / "config.json", config | vars(sizes))


def _write_tokenizer(reader: _Reader, folder: Path, sizes: Sizes) -> None:
    from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    pieces, bos, eos, pad, unk = reader.take("5i")
    (blob_bytes,) = reader.take("Q")
    offsets, scores = reader.array("u4", pieces + 1), reader.array("f4", pieces)
    blob = reader.raw(blob_bytes)
    reader.take("i")
    (skipped,) = reader.take("I")
    reader.raw(skipped)
    names = [blob[a:b].decode() for a, b in itertools.pairwise(offsets)]
    tokenizer = Tokenizer(Unigram(list(zip(names, map(float, scores), strict=True)), unk_id=unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    ends = [(names[bos], bos), (names[eos], eos)]
    single, pair = (
        f"{names[bos]} $A {names[eos]}",
        f"{names[bos]} $A {names[eos]} {names[eos]} $B {names[eos]}",
    )
    tokenizer.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=ends)
    tokenizer.add_special_tokens([names[bos], names[eos], names[pad], names[unk]])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {
        "bos_token": bos,
        "cls_token": bos,
        "eos_token": eos,
        "sep_token": eos,
        "pad_token": pad,
        "unk_token": unk,
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": sizes.max_position_embeddings,
    }
    _write_json(folder / "tokenizer_config.json", settings | {key: names[number] for key, number in special.items()})


def _write_modules(folder: Path, sizes: Sizes) -> None:
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)
    # Mean pooling never reads BERT's pooler, and the file has none: without this, transformers reports it as missing.
    transformer = {
        "max_seq_length": sizes.max_position_embeddings,
        "do_lower_case": False,
        "model_args": {"add_pooling_layer": False},
    }
    _write_json(folder / "sentence_bert_config.json", transformer)
    _write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": PROMPTS, "default_prompt_name": None, "similarity_fn_name": "cosine"},
    )
    for path, _ in kinds[1:]:
        (folder / path).mkdir(exist_ok=True)
    _write_json(
        folder / "1_Pooling/config.json",
        {"word_embedding_dimension": sizes.hidden_size, "pooling_mode_mean_tokens": True},
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
