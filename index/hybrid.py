"""`Index`: open a site's snapshot and search it. Joins embedder, BM25, store, fusion and calibration."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from crawler.language import detect
from crawler.records import FaqEntry, read_entries
from index import centres, fuse, lexical, snapshot
from index.calibrate import Calibration
from index.centres import Centres
from index.embed import Embedder, Vectors
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMismatch
from index.passage import FIELDS, SPLITTER, Found, Hit, Passage, split
from index.stores import VectorStore, open_store
from index.words import grams, terms

log = logging.getLogger(__name__)

CANDIDATES = 1000
BY_WORDS = 20
RELOAD_WAIT_S = 1.0


class Index:
    """A published snapshot, read-only. Safe to search from several threads."""

    def __init__(
        self,
        name: str,
        passages: Sequence[Passage],
        entries: Sequence[FaqEntry],
        store: VectorStore,
        words: lexical.Lexical,
        spelt: lexical.Lexical,
        centres: Centres,
        embedder: Embedder,
        calibration: Calibration,
    ) -> None:
        self.name = name
        self.entries = entries
        self._passages = passages
        rows = {id(entry): number for number, entry in enumerate(entries)}
        self._owners = np.array([rows[id(passage.entry)] for passage in passages], np.int64)
        self._fields = np.array([FIELDS.index(passage.field) for passage in passages], np.int64)
        self._starts = np.searchsorted(self._owners, np.arange(len(entries)))
        self._store, self._words, self._spelt, self._centres = store, words, spelt, centres
        self._embedder, self._calibration = embedder, calibration

    @classmethod
    def open(cls, site: Path, embedder: Embedder, calibration: Calibration) -> "Index":
        """Open what is published for a site.

        Raises:
            SnapshotMissing: nothing is published.
            SnapshotDamaged: a checksum differs.
            SnapshotMismatch: another embedder or splitter made it.

        """
        folder, manifest = snapshot.verified(site)
        made_by = manifest["embedder"]
        if (made_by["digest"], made_by["dimension"]) != (embedder.digest, embedder.dimension):
            raise SnapshotMismatch(
                f"the index of site {site.name} was made with {made_by['name']} ({made_by['dimension']} dimensions), not with "
                f"this {embedder.name} ({embedder.dimension}). Run 'kefu crawl --site {site.name}' to build it again"
            )
        if manifest["splitter"] != SPLITTER:
            raise SnapshotMismatch(
                f"the index of site {site.name} was made by another version of Kefu. "
                f"Run 'kefu crawl --site {site.name}' to build it again"
            )
        entries = read_entries(folder / "entries.jsonl")
        passages = [passage for entry in entries for passage in split(entry)]
        store = open_store(manifest["store"], embedder.dimension, folder)
        words, spelt = (lexical.load(folder / part, len(entries)) for part in ("words", "spelt"))
        if manifest["passages"] != len(passages):
            raise SnapshotDamaged(
                f"the index of site {site.name} holds {manifest['passages']} passages for {len(passages)} texts"
            )
        return cls(folder.name, passages, entries, store, words, spelt, centres.load(folder), embedder, calibration)

    def search(self, question: str, k: int = 10, together: Collection[str] = ()) -> Found:
        """The `k` entries most likely to answer, and the probability that the first does.

        Entries whose ids are in `together` are taken as one answer: they are no rivals of the first.
        """
        if not self.entries or not question.strip():
            return Found((), 0.0)
        vector = self._embedder.embed([question], "query", lambda n: None)
        return self._search_vector(question, vector, k, together)

    def search_many(
        self, questions: Sequence[str], k: int, done: Callable[[int], None] = lambda n: None
    ) -> list[Found]:
        """`search` for many questions, embedded in batches."""
        if not self.entries:
            return [Found((), 0.0) for _ in questions]
        vectors = self._embedder.embed(questions, "query", done)
        return [self._search_vector(question, vectors[i : i + 1], k) for i, question in enumerate(questions)]

    def _search_vector(self, question: str, vector: Vectors, k: int, together: Collection[str] = ()) -> Found:
        language = detect(question)
        asked = terms(question)
        words = self._words.shares(asked)
        compared = self._compare(vector, words, language)
        if not len(compared.rows):
            return Found((), 0.0)
        ranking = fuse.rank(compared, words, self._spelt.shares(grams(question)), self.entries, language)
        hits = tuple(Hit(self._passages[item.passage], item.score, item.similarity) for item in ranking[:k])
        features = fuse.features(ranking, asked, language, together)
        return Found(hits, self._calibration.probability(features), features)

    def _compare(self, vector: Vectors, words: lexical.Scores, language: str) -> fuse.Compared:
        """The nearest passages, and one of each entry that holds the question's words and is not among them."""
        similarities, rows = self._store.search(vector, CANDIDATES)
        near, found = similarities[0], rows[0]
        by_words = np.argpartition(-words, min(BY_WORDS, len(words) - 1))[:BY_WORDS]
        unseen = np.setdiff1d(by_words[words[by_words] > 0], self._owners[found])
        # An entry's first passage stands for it. It is no nearer than the last that was found.
        found = np.concatenate([found, self._starts[unseen]])
        near = np.concatenate([near, np.full(len(unseen), near.min(initial=fuse.FLOOR), np.float32)])
        near -= self._centres.part(language, found)
        return fuse.Compared(found, self._owners[found], self._fields[found], near)


def latest(site: Path, embedder: Embedder, calibration: Calibration) -> Callable[[], Index]:
    """A callable that gives the published index, opened anew after each publish; one that cannot be read is passed over.

    The old one answers until the new one is open, which only the first to ask waits for, and not for longer than
    `RELOAD_WAIT_S`.

    Raises (the callable): what `Index.open` raises, while none could be opened yet; SnapshotMissing when the site is gone.
    """
    held: list[Index] = []
    refused: list[str] = []
    opening = threading.Lock()

    def renew(name: str) -> None:
        try:
            held[:] = [Index.open(site, embedder, calibration)]
        except IndexFailure as failure:
            log.error("snapshot %s of %s cannot serve, %s goes on: %s", name, site.name, held[0].name, failure)
            refused[:] = [name]
        finally:
            opening.release()

    def get() -> Index:
        if not held:
            with opening:
                held[:] = held or [Index.open(site, embedder, calibration)]
            return held[0]
        try:
            name = snapshot.current(site)
        except SnapshotDamaged:
            return held[0]
        if name not in (held[0].name, *refused) and opening.acquire(blocking=False):
            thread = threading.Thread(target=renew, args=(name,), name=f"kefu-open-{name}", daemon=True)
            thread.start()
            thread.join(RELOAD_WAIT_S)
        return held[0]

    return get
