"""What compiled layers are worth: the default embedder and the shipped reader in torch and compiled, in turns, in one run.

    python benchmarks/encoder.py SETS_DIR [--rounds 5] [--questions 100]

SETS_DIR holds corpus.jsonl and queries.jsonl by set. Prints, for each: one question (p50, p95, ms), passages/s in batches of like
length, five candidates for the reader (p50, p95, ms) and the seconds to load; and the furthest apart that the two vectors of a text are.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from index_search import real_texts

from index import compiled, embed, reader, weights
from index.catalogue import DEFAULT_EMBEDDER
from index.embed import Embedder, Vectors
from index.passage import split
from index.reader import READ_AT_MOST, Reader

WARM_UP = 20


def loaded(models: Path, compile_layers: Callable[[object], None]) -> tuple[Embedder, Reader, float]:
    began = time.perf_counter()
    embed.compile_layers = reader.compile_layers = compile_layers
    open_reader = reader.open_reader.__wrapped__
    embedder, shipped = embed.open_embedder(DEFAULT_EMBEDDER, models, "cpu"), open_reader("", models, "cpu")
    assert shipped
    return embedder, shipped, time.perf_counter() - began


def vectors_of(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    return embedder.embed(texts, "passage", lambda done: None)


def seconds(call: Callable[..., object], *given: object) -> float:
    began = time.perf_counter()
    call(*given)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--models", type=Path, default=weights.default_folder())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--questions", type=int, default=100)
    asked = parser.parse_args()
    entries, questions = real_texts(asked.sets)
    texts = [passage.text for entry in entries[: asked.questions] for passage in split(entry)]
    read = [f"{entry.question}\n{entry.answer[:120]}" for entry in entries[:READ_AT_MOST]]
    systems = {
        "torch": loaded(asked.models, lambda body: None),
        "compiled": loaded(asked.models, compiled.compile_layers),
    }
    encode = {name: partial(vectors_of, embedder) for name, (embedder, _, _) in systems.items()}
    one, five, all_ = ({name: list[float]() for name in systems} for _ in range(3))
    for number in range(asked.rounds):
        for name in [*systems][:: 1 - 2 * (number % 2)]:
            shipped = systems[name][1]
            encode[name](texts[:WARM_UP]), shipped.read(texts[0], read)
            for question in questions[: asked.questions]:
                one[name].append(1000 * seconds(encode[name], [question]))
                five[name].append(1000 * seconds(shipped.read, question, read))
            all_[name].append(len(texts) / seconds(encode[name], texts))
    for name, (_, _, took) in systems.items():
        p = [np.percentile(times[name], at) for times in (one, five) for at in (50, 95)]
        print(
            f"{name:9} one question {p[0]:.1f}, {p[1]:.1f} ms; {statistics.median(all_[name]):.0f} passages/s; "
            f"{READ_AT_MOST} candidates {p[2]:.1f}, {p[3]:.1f} ms; loaded in {took:.1f} s"
        )
    apart = (encode["torch"](texts) * encode["compiled"](texts)).sum(1)
    print(f"least cosine between the two vectors of a text: {apart.min():.7f}")


if __name__ == "__main__":
    main()
