"""What stems are worth, by language: BM25 over answers, asked by their questions.

usage: python benchmarks/stems.py PAIRS

PAIRS is what `benchmarks/faq_pairs.py` wrote. Of each European language 900 questions are drawn, and the texts that answer them
without the question at their head. Prints nDCG@10 with words as they stand, and with `index.words.terms`.
"""

import argparse
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from crawler.records import read_jsonl
from index import lexical, words

LANGUAGES = "en de fr es pt it ru".split()
QUESTIONS, SEED = 900, 20261123


def whole_words(text: str) -> list[str]:
    return words.TOKEN.findall(words.plain(text))


def ndcg(drawn: Sequence[tuple[str, str]], cut: Callable[[str], list[str]]) -> float:
    index = lexical.build([cut(text) for _, text in drawn])
    gains = []
    for number, (question, _) in enumerate(drawn):
        scores = index.scores(cut(question))
        place = int((scores > scores[number]).sum())
        gains.append(1 / math.log2(place + 2) if scores[number] and place < 10 else 0.0)
    return statistics.mean(gains)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    by_language = defaultdict(list)
    for _, row in read_jsonl(parser.parse_args().pairs):
        by_language[row["language"]].append((row["question"], row["answer"].removeprefix(row["question"])))
    for language in LANGUAGES:
        drawn = random.Random(SEED).sample(by_language[language], min(QUESTIONS, len(by_language[language])))
        whole, stems = (ndcg(drawn, cut) for cut in (whole_words, partial(words.terms, language=language)))
        print(f"{language}  {len(drawn)} questions  words {whole:.3f}  stems {stems:.3f}", flush=True)


if __name__ == "__main__":
    main()
