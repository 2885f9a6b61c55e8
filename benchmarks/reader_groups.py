"""What the reader is trained on: a question, the text that answers it, and texts that are near and do not."""

import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crawler.files import load
from crawler.language import detect
from crawler.records import FaqEntry, read_jsonl
from index.build import sync
from index.calibrate import load_calibration
from index.embed import Embedder
from index.hybrid import Index
from index.passage import Hit, Passage
from index.reader import excerpt
from index.words import plain, terms, tokens

NEGATIVES, NEGATIVES_OF_SHOPS = 2, 3
SQUAD_SHARE = 0.5  # of the questions in the form of SQuAD
NEAREST = 6  # entries of the document that the negatives are drawn from
ENGLISH, OTHERS = 1500, 60  # pairs of English and of each other language but Chinese, of which all are taken


class Group(NamedTuple):
    """A question with texts; the first answers it where `answered`. `document` is what may not be split."""

    kind: str
    document: str
    question: str
    texts: tuple[str, ...]
    answered: bool


def from_squad(path: Path, embedder: Embedder, rng: random.Random) -> Iterator[Group]:
    """Questions with the paragraph that answers and those that search finds and that do not."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    entries, asked = [], []
    for number, article in enumerate(articles):
        for place, paragraph in enumerate(article["paragraphs"]):
            text = paragraph["context"]
            entries.append(FaqEntry(f"{number}-{place}", "", text, language=detect(text)))
            for item in paragraph["qas"]:
                asked.append((number, entries[-1], item["question"], [a["text"] for a in item["answers"]]))
    asked = rng.sample(asked, int(len(asked) * SQUAD_SHARE))
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "squad"
        sync(site, entries, embedder)
        found = Index.open(site, embedder, load_calibration()).search_many([row[2] for row in asked], 30)
    for (number, entry, question, answers), hits in zip(asked, found, strict=True):
        others = [
            h.entry for h in hits.hits if h.entry.id != entry.id and not any(a in h.entry.answer for a in answers)
        ]
        near, rest = others[: NEGATIVES - 1], others[NEGATIVES - 1 :]
        negatives = [*near, rng.choice(rest)] if rest else near
        shown = tuple(_text(e, question, alone=True) for e in (entry, *negatives))
        yield Group(path.stem, f"{path.stem} {number}", question, shown, True)


def from_shops(folder: Path, embedder: Embedder) -> Iterator[Group]:
    """Visitors' questions to businesses with what search finds first: what answers, and what does not, or that nothing does."""
    for shop in sorted(path for path in folder.iterdir() if (path / "queries.jsonl").exists()):
        entries = {entry.id: entry for entry in load([shop / "corpus.jsonl"]).entries}
        queries = [row for _, row in read_jsonl(shop / "queries.jsonl")]
        with tempfile.TemporaryDirectory() as beside:
            site = Path(beside) / "shop"
            sync(site, list(entries.values()), embedder)
            found = Index.open(site, embedder, load_calibration()).search_many([q["question"] for q in queries], 8)
        for query, one in zip(queries, found, strict=True):
            hits = {hit.entry.id: hit for hit in one.hits}
            meant = query["relevant"][:1] or ([query["near"]] if query.get("near") else [])
            first = [hits.get(id_) or _hit(entries[id_]) for id_ in meant]
            rest = [hit for id_, hit in hits.items() if id_ not in {*query["relevant"], *meant}]
            asked = terms(query["question"])
            shown = [excerpt(hit, asked) for hit in [*first, *rest][: NEGATIVES_OF_SHOPS + 1]]
            kind = f"{'answered' if query['relevant'] else 'not answered'} by a shop"
            yield Group(kind, f"shop {shop.name}", query["question"], tuple(shown), bool(query["relevant"]))


def from_pairs(path: Path, embedder: Embedder, rng: random.Random) -> Iterator[Group]:
    """Questions in other words, or in other languages, with their entry and its neighbours in the document."""
    rows = [row for _, row in read_jsonl(path)]
    rng.shuffle(rows)
    by_language = defaultdict(list)
    for row in rows:
        by_language[row["language"]].append(row)
    limits = {"zh": len(rows), "en": ENGLISH}
    rows = [row for language, group in by_language.items() for row in group[: limits.get(language, OTHERS)]]
    entries = [FaqEntry(str(n), row["question"], row["answer"], language=row["language"]) for n, row in enumerate(rows)]
    texts = [f"{entry.question}\n{entry.answer[:160]}" for entry in entries]
    vectors = embedder.embed(texts, "passage", lambda done: None)
    documents = np.array([f"{row['group']} {row['language']}" for row in rows])
    translations = defaultdict(list)
    for row, entry in zip(rows, entries, strict=True):
        if row["parallel"]:
            translations[row["parallel"]].append(entry)
    for number, (row, entry) in enumerate(zip(rows, entries, strict=True)):
        beside = np.flatnonzero(documents == documents[number])
        order = beside[np.argsort(-(vectors[beside] @ vectors[number]))]
        near = [entries[place] for place in order.tolist() if not _same(entries[place], entry)][:NEAREST]
        if len(near) > NEGATIVES:
            twins = [twin for twin in translations[row["parallel"]] if twin.language != entry.language]
            yield from _groups_of(entry, near, twins, f"faq {row['group']}", rng)


def _groups_of(
    entry: FaqEntry, near: Sequence[FaqEntry], twins: Sequence[FaqEntry], document: str, rng: random.Random
) -> Iterator[Group]:
    def group(kind: str, question: str, *, alone: bool = False, answered: bool = True) -> Group:
        others = near[:NEGATIVES] if rng.random() < 0.5 else rng.sample(near, NEGATIVES)
        shown = [entry, *others] if answered else near[:NEGATIVES]
        return Group(kind, document, question, tuple(_text(e, question, alone=alone) for e in shown), answered)

    if rng.random() < 0.55:
        yield group("in fewer words", shortened(entry.question, rng))
    if twins and rng.random() < 0.7:
        yield group("across languages", rng.choice(twins).question, alone=rng.random() < 0.3)
    if rng.random() < 0.7:
        yield group("answer alone", entry.question, alone=True)
    if rng.random() < 0.25:
        yield group("hidden", entry.question, answered=False)


def shortened(question: str, rng: random.Random) -> str:
    """A question as it might be typed: without its mark, in small letters, or only the words that carry it."""
    kind, bare = rng.random(), question.rstrip("?？。.!！ ").strip()
    if kind < 0.2:
        return question
    if kind < 0.45:
        return bare.lower() if rng.random() < 0.6 else bare
    words = re.findall(r"[\u3400-\u9fff]+|[^\s\u3400-\u9fff]+", bare)
    if len(words) == 1:
        words, joint = tokens(bare), ""
    else:
        words, joint = [word for word in words if tokens(word) and len(word) > 2] or words, " "
    if len(words) > 3:
        words.pop(rng.randrange(len(words)))
    return joint.join(words) or question


def _text(entry: FaqEntry, question: str, *, alone: bool) -> str:
    return excerpt(_hit(FaqEntry(entry.id, "" if alone else entry.question, entry.answer)), terms(question))


def _hit(entry: FaqEntry) -> Hit:
    return Hit(Passage(entry, "pair", entry.answer), 0.0, 0.0)


def _same(one: FaqEntry, other: FaqEntry) -> bool:
    return one is other or plain(one.question) == plain(other.question) or one.answer[:80] == other.answer[:80]
