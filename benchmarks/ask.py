"""Right, wrong and false answers to questions over texts, with controls, and their curve over the probability.

usage: python benchmarks/ask.py run SET_DIR … --out ROWS.jsonl [--control NAME] [--all]
       python benchmarks/ask.py curve ROWS.jsonl …

SET_DIR holds corpus.jsonl, which is imported as a site, and questions.jsonl of {"id","question","gold": [[variants], …]}, where a gold of [] means
that nothing answers. An answer is right when a variant of each part stands in it and it has at most 600 characters. Controls: `unchecked` shows
what the generator writes as it is (KEFU_VERIFY=off); `prompt` asks it, too, to say that it does not know, and has no bands; `small` is the generator of 0.5B; `quote` is
none. --all generates for every question, however unlikely, and notes what it would have shown. `curve` reads such rows: an answer is
shown when the search and the judge both reach the bar; shares are with 95 % intervals (Wilson 1927).
"""

import argparse
import json
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.bands import Bands
from chatbot.bot import Bot
from chatbot.generators import QUOTE, Generator, open_generator
from chatbot.messages import Answer, Conversation
from chatbot.prompt import Prompt
from chatbot.texts import Texts
from crawler.files import load
from crawler.records import read_jsonl
from index import weights
from index.build import sync
from index.calibrate import load_calibration
from index.catalogue import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from index.embed import open_embedder
from index.hybrid import Index
from index.reader import open_reader
from index.refit import Rate

SMALL = "qwen2.5-coder-0.5b-instruct"
LONGEST = 600
BARS = (0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
UNKNOWN = {
    "zh": ("资料里没有答案时，只写：我不知道。", "我不知道"),
    "en": ("If the passages do not answer, write only: I do not know.", "I do not know"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    run = what.add_parser("run")
    run.add_argument("sets", type=Path, nargs="+")
    run.add_argument("--out", type=Path, required=True)
    run.add_argument("--control", choices=("unchecked", "prompt", "small", "quote"))
    run.add_argument("--all", action="store_true")
    run.set_defaults(run=run_sets)
    shown = what.add_parser("curve")
    shown.add_argument("rows", type=Path, nargs="+")
    shown.set_defaults(run=curve)
    args = parser.parse_args()
    args.run(args)


def run_sets(args: argparse.Namespace) -> None:
    generator = generator_of(args.control)
    rows = []
    with args.out.open("w", encoding="utf-8") as file, tempfile.TemporaryDirectory(prefix="kefu-ask-") as folder:
        for labelled in args.sets:
            bot = bot_over(labelled, Path(folder) / labelled.name, generator, args)
            for number, row in enumerate(asked(bot, labelled), 1):
                file.write(json.dumps({"set": labelled.name, **row}, ensure_ascii=False) + "\n")
                rows.append(row)
                print(f"\r{labelled.name} {number}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    tell(args.control or "as it is", [row | {"shown": row["status"] == "answered"} for row in rows])


def generator_of(control: str | None) -> Generator:
    if control == "quote":
        return QUOTE
    generator = open_generator(SMALL if control == "small" else DEFAULT_GENERATOR, weights.default_folder())
    if control != "prompt":
        return generator

    def generate(prompt: Prompt) -> Iterator[str]:
        system, *rest = prompt.messages
        told = replace(system, content=f"{system.content} {UNKNOWN[prompt.language][0]}")
        return generator.generate(replace(prompt, messages=(told, *rest)))

    return replace(generator, generate=generate, weigh=None)


def bot_over(labelled: Path, site: Path, generator: Generator, args: argparse.Namespace) -> Bot:
    models = weights.default_folder()
    embedder = open_embedder(DEFAULT_EMBEDDER, models, "cpu")
    sync(site, load([labelled / "corpus.jsonl"]).entries, embedder)
    index = Index.open(site, embedder, load_calibration(), open_reader("", models, "cpu"))
    bands = Bands(0.8, 0.0, 0.0) if args.all or args.control == "prompt" else Bands()
    texts = Texts({"zh": "本站", "en": "this site"})
    return Bot(lambda: index, generator, bands, texts, verify=args.control not in ("unchecked", "prompt"))


def asked(bot: Bot, labelled: Path) -> Iterator[dict[str, Any]]:
    for _, row in read_jsonl(labelled / "questions.jsonl"):
        *_, answer = bot.reply(row["question"], Conversation())
        assert isinstance(answer, Answer)
        unknown = any(words in answer.text for _, words in UNKNOWN.values())
        right = all(any(stands(variant, answer.text) for variant in part) for part in row["gold"])
        yield {
            "id": row["id"],
            "answerable": bool(row["gold"]),
            "status": "refused" if unknown else answer.status,
            "right": bool(row["gold"]) and right and len("".join(answer.text.split())) <= LONGEST,
            "cited": bool(answer.citations),
            "found": bot.index().search(row["question"], 1).probability,
            "probability": answer.probability or 0.0,
            "text": answer.text,
        }


def stands(variant: str, text: str) -> bool:
    """Whether a variant is in a text, whatever its spaces and commas; a number is no part of a longer one."""
    wanted = re.sub(r"[\s,，、]+", "", unicodedata.normalize("NFKC", variant).lower())
    body = r"[\s,，、]*".join(map(re.escape, wanted))
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?!\.?\d|,\d{3}(?!\d))" if wanted[-1].isdigit() else ""
    return bool(re.search(before + body + after, unicodedata.normalize("NFKC", text).lower()))


def curve(args: argparse.Namespace) -> None:
    rows = [row for path in args.rows for _, row in read_jsonl(path)]
    for bar in BARS:
        sure = [row["status"] == "answered" and min(row["found"], row["probability"]) >= bar for row in rows]
        tell(f"{bar:.2f}", [row | {"shown": shown} for row, shown in zip(rows, sure, strict=True)])


def tell(name: str, rows: Sequence[dict[str, Any]]) -> None:
    answerable = [row for row in rows if row["answerable"]]
    others = [row for row in rows if not row["answerable"]]
    right = share([row["shown"] and row["right"] for row in answerable])
    wrong = share([row["shown"] and not row["right"] for row in answerable])
    false = share([row["shown"] for row in others])
    print(f"{name:10} right {right}  wrong {wrong}  false {false}", flush=True)


def share(of: Sequence[bool]) -> str:
    """How many, of how many, and the 95 % interval of the share."""
    rate = Rate(sum(of), len(of))
    low, high = rate.interval
    return f"{rate.count:3}/{rate.total} {rate.count / max(1, rate.total):6.1%} ({low:.1%}–{high:.1%})"


if __name__ == "__main__":
    main()
