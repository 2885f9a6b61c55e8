"""`Index`: open a site's snapshot and search it. Joins embedder, BM25, store, fusion and calibration."""

import copy
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crawler.language import SCRIPTS, detect
from crawler.records import FaqEntry, read_entries
from index import centres, fuse, lexical, snapshot, wordings
from index.calibrate import Calibration
from index.centres import Centres
from index.embed import Embedder, Vectors
from index.errors import SnapshotDamaged, SnapshotMismatch, SnapshotMissing
from index.passage import FIELDS, SPLITTER, Found, Hit, Passage, split
from index.reader import READ_AT_MOST, Reader, excerpt
from index.stores import VectorStore, open_store
from index.wordings import Wordings
from index.words import grams, lettered, terms

log = logging.getLogger(__name__)

CANDIDATES = 1000
BY_WORDS = 20
RELOAD_WAIT_S = 1.0
RETRY_S = 30.0

Hidden = npt.NDArray[np.bool_]  # of each entry


class _Asked(NamedTuple):
    """A question: its vector of shape (1, dimension), its language, that of the entries it goes best with, and its terms in that."""

    text: str
    vector: Vectors
    language: str
    answered_in: str
    terms: tuple[str, ...]


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
        wordings: Wordings,
        embedder: Embedder,
        calibration: Calibration,
        reader: Reader | None = None,
        weights: tuple[float, float] | None = None,
    ) -> None:
        self.name = name
        self.entries = entries
        self._table = fuse.EntryTable.of(entries, weights)
        self._passages = passages
        rows = {id(entry): number for number, entry in enumerate(entries)}
        self._owners = np.array([rows[id(passage.entry)] for passage in passages], np.int64)
        self._fields = np.array([FIELDS.index(passage.field) for passage in passages], np.int64)
        self._starts = np.searchsorted(self._owners, np.arange(len(entries)))
        self._store, self._words, self._spelt, self._centres = store, words, spelt, centres
        self._wordings = wordings
        self._embedder, self._calibration, self._reader = embedder, calibration, reader
        self._hidden: Hidden = np.zeros(len(entries), np.bool_)
        self._languages = {entry.language for entry in entries}
        # "hola" does not say which language it is; that of the site does.
        written = Counter(entry.language for entry in entries if entry.language not in ("", *SCRIPTS))
        self._otherwise = written.most_common(1)[0][0] if written else "en"

    @classmethod
    def open(
        cls,
        site: Path,
        embedder: Embedder,
        calibration: Calibration,
        reader: Reader | None = None,
        weights: tuple[float, float] | None = None,
        name: str = "",
    ) -> "Index":
        """Open what is published for a site, or the generation of that `name`.

        `weights` are those of another index, if it is to be searched like that.

        Raises:
            SnapshotMissing: nothing is published, or no whole generation has that name.
            SnapshotDamaged: a checksum differs.
            SnapshotMismatch: another embedder or splitter made it.

        """
        folder, manifest = snapshot.generation(site, name) if name else snapshot.verified(site)
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
        parts = (store, words, spelt, centres.load(folder), wordings.load(folder))
        return cls(folder.name, passages, entries, *parts, embedder, calibration, reader, weights)

    def beside(self, site: Path, *, weights: tuple[float, float] | None = None, name: str = "") -> "Index":
        """Another snapshot, opened with the models and the calibration of this one. Raises what `open` raises."""
        return Index.open(site, self._embedder, self._calibration, self._reader, weights, name)

    def hiding(self, ids: Collection[str], within: str = "") -> "Index":
        """The index without some entries and, if a language is given, with those `within` it only.

        What is hidden is neither found nor compared; how rare a word is still counts it.
        """
        gone = [entry.id in ids or bool(within and entry.language != within) for entry in self.entries]
        view = copy.copy(self)
        view._hidden = np.array(gone, np.bool_) | self._hidden
        view._wordings = self._wordings_without(view._hidden)
        return view

    def search(self, question: str, k: int = 10, *, together: Collection[str] = ()) -> Found:
        """The `k` entries most likely to answer, and the probability that the first does.

        Entries whose ids are in `together` are taken as one answer: where one is first, the others are no rivals of it.
        """
        if not self._asks(question):
            return Found((), 0.0)
        return self._found(self._asked(question, self._vectors([question])), k, together)

    def nearest(self, question: str, k: int) -> tuple[Hit, ...]:
        """The `k` entries nearest to a question, without the reader and without a probability."""
        if not self._asks(question):
            return ()
        return self._hits(self._ranking(self._asked(question, self._vectors([question])))[:k])

    @property
    def weights(self) -> tuple[float, float]:
        """What "told" and "alone" weigh beside "asked": it depends on how many wordings the entries have."""
        return self._table.weights

    def answers(self) -> Vectors:
        """The vector of each entry's answer, the head of a long one, shape (entries, dimension)."""
        parts = ("alone" if passage.entry.question else "pair" for passage in self._passages)
        rows = [
            row for row, (passage, part) in enumerate(zip(self._passages, parts, strict=True)) if passage.part == part
        ]
        return self._store.vectors()[rows]

    def search_many(
        self, questions: Sequence[str], k: int, done: Callable[[int], None] = lambda n: None
    ) -> list[Found]:
        """`search` for many questions, embedded in batches. `done` is told of each question."""
        vectors = iter(self._vectors(list(filter(self._asks, questions))))
        found = []
        for question in questions:
            asks = self._asks(question)
            found.append(self._found(self._asked(question, next(vectors)[None]), k) if asks else Found((), 0.0))
            done(1)
        return found

    def _asks(self, question: str) -> bool:
        return bool(self.entries and question.strip())

    def _asked(self, question: str, vector: Vectors) -> _Asked:
        language = detect(question, self._otherwise)
        answered_in = language if language in self._languages else self._otherwise
        return _Asked(question, vector, language, answered_in, tuple(terms(question, answered_in)))

    def most_like(self, text: str, others: Sequence[str]) -> int:
        """Which of other texts is most like a text, in whatever language; from 0."""
        vectors = self._embedder.embed([text, *others], "passage", lambda n: None)
        return int((vectors[1:] @ vectors[0]).argmax())

    def _vectors(self, questions: Sequence[str]) -> Vectors:
        return self._embedder.embed(questions, "query", lambda n: None)

    def _found(self, asked: _Asked, k: int, together: Collection[str] = ()) -> Found:
        ranking = self._ranking(asked)
        if not ranking:
            return Found((), 0.0)
        features = fuse.features(ranking, asked.terms, asked.language, together)
        first = self._passages[ranking[0].passage].entry
        if self._reader and self._calibration.doubts(features) and not first.asks(asked.text):
            shown = [excerpt(hit, asked.terms) for hit in self._hits(ranking[:READ_AT_MOST])]
            read = fuse.reread(ranking, self._reader.read(asked.text, shown))
            # What another reader says has no part in the probability, but it may be another entry that is first.
            known = self._reader.name == self._calibration.reader
            judged = read if known else sorted(ranking, key=lambda item: item.entry is not read[0].entry)
            features = fuse.features(judged, asked.terms, asked.language, together)
            ranking = read
        return Found(self._hits(ranking[:k]), self._calibration.probability(features), features)

    def _ranking(self, asked: _Asked) -> list[fuse.Scored]:
        words = self._words.shares(asked.terms)
        compared = self._compare(asked.vector, words, asked.language)
        if not len(compared.rows):
            return []
        spelt = self._spelt.shares(grams(asked.text)) * np.float32(lettered(asked.text))
        taught = self._wordings.scores(asked.vector[0], compared.owners, len(self.entries))
        return fuse.rank(compared, words, spelt, taught, self._table, asked.answered_in)

    def _wordings_without(self, hidden: Hidden) -> Wordings:
        """What is learned from the others: of what is hidden nothing may be left that tells it from them."""
        if not len(self._wordings.rows):
            return self._wordings
        kept = (self._fields == FIELDS.index("asked")) & ~hidden[self._owners]
        return Wordings.of(self._store.vectors()[kept], self._owners[kept])

    def _hits(self, ranking: Sequence[fuse.Scored]) -> tuple[Hit, ...]:
        return tuple(
            Hit(self._passages[item.passage], item.score, item.similarity, item.by_field()) for item in ranking
        )

    def _compare(self, vector: Vectors, words: lexical.Scores, language: str) -> fuse.Compared:
        """The nearest passages, and one of each entry that holds the question's words and is not among them."""
        similarities, rows = self._store.search(vector, CANDIDATES)
        near, found = similarities[0], rows[0]
        by_words = np.argpartition(-words, min(BY_WORDS, len(words) - 1))[:BY_WORDS]
        unseen = np.setdiff1d(by_words[words[by_words] > 0], self._owners[found])
        # An entry's first passage stands for it. It is no nearer than the last that was found.
        found = np.concatenate([found, self._starts[unseen]])
        near = np.concatenate([near, np.full(len(unseen), near.min(), np.float32)])
        near -= self._centres.part(language, found)
        seen = ~self._hidden[self._owners[found]]
        found, near = found[seen], near[seen]
        return fuse.Compared(found, self._owners[found], self._fields[found], near)


def latest(site: Path, opened: Callable[[], Index]) -> Callable[[], Index]:
    """A callable that gives the published index, opened anew after each publish; one that cannot be read is tried again later.

    The old one answers until the new one is open, which only the first to ask waits for, and not for longer than
    `RELOAD_WAIT_S`.

    Raises (the callable): what `Index.open` raises, while none could be opened yet; SnapshotMissing when the site is gone.
    """
    held: list[tuple[Index, snapshot.Version]] = []
    refused: dict[snapshot.Version, float] = {}
    opening = threading.Lock()

    def open_now() -> tuple[Index, snapshot.Version]:
        version = snapshot.version(site)
        return opened(), version

    def renew(version: snapshot.Version, old: Index) -> None:
        try:
            held[:] = [open_now()]
        except Exception as failure:  # noqa: BLE001 - whatever it is, the old one serves
            log.error("snapshot %s of %s cannot serve, %s goes on: %s", version.name, site.name, old.name, failure)
            refused.clear()
            refused[version] = time.monotonic() + RETRY_S
        finally:
            opening.release()

    def get() -> Index:
        try:
            version = snapshot.version(site)
        except SnapshotDamaged:
            if serving := held[:1]:
                return serving[0][0]
            raise
        except SnapshotMissing:
            held.clear()
            raise
        if not (serving := held[:1]):
            with opening:
                held[:] = serving = held[:1] or [open_now()]
        index, of = serving[0]
        if version != of and time.monotonic() >= refused.get(version, 0) and opening.acquire(blocking=False):
            thread = threading.Thread(
                target=renew, args=(version, index), name=f"kefu-open-{version.name}", daemon=True
            )
            thread.start()
            thread.join(RELOAD_WAIT_S)
            serving = held[:1] or serving
        return serving[0][0]

    return get
