"""`Index`: build and sync a site's snapshot, open it, search it. Joins embedder, BM25, store, fusion and calibration."""

import hashlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from crawler.errors import BadRecord
from crawler.language import detect
from crawler.records import FaqEntry, read_entries, write_entries
from index import fuse, lexical, snapshot
from index.calibrate import Calibration
from index.embed import Embedder, Vectors
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMismatch, SnapshotMissing
from index.passage import SPLITTER, Found, Hit, Passage, split
from index.stores import VectorStore, open_store
from index.words import tokens

log = logging.getLogger(__name__)

CANDIDATES = 100


@dataclass(frozen=True)
class Synced:
    """What a sync did: the published generation, and how many entries were embedded for it."""

    snapshot: str
    embedded: int


class Index:
    """A published snapshot, read-only. Safe to search from several threads."""

    def __init__(
        self,
        name: str,
        passages: Sequence[Passage],
        entries: Sequence[FaqEntry],
        store: VectorStore,
        full: lexical.Lexical,
        asked: lexical.Lexical,
        embedder: Embedder,
        calibration: Calibration,
    ) -> None:
        self.name = name
        self.entries = entries
        self._passages = passages
        self._rows = {id(entry): number for number, entry in enumerate(entries)}
        self._store, self._full, self._asked = store, full, asked
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
        if made_by["digest"] != embedder.digest or manifest["splitter"] != SPLITTER:
            raise SnapshotMismatch(
                f"the index of site {site.name} was made with {made_by['name']}, not with this {embedder.name}. "
                f"Run 'kefu crawl --site {site.name}' to build it again"
            )
        entries = read_entries(folder / "entries.jsonl")
        passages = [passage for entry in entries for passage in split(entry)]
        store = open_store(manifest["store"], embedder.dimension, folder)
        full, asked = (lexical.load(folder / part, len(entries)) for part in ("full", "asked"))
        if manifest["passages"] != len(passages):
            raise SnapshotDamaged(
                f"the index of site {site.name} holds {manifest['passages']} passages for {len(passages)} texts"
            )
        return cls(folder.name, passages, entries, store, full, asked, embedder, calibration)

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
        similarities, rows = self._store.search(vector, CANDIDATES)
        words = tokens(question)
        dense = fuse.best_by_entry(similarities[0], [self._passages[row] for row in rows[0]], self._rows)
        full, asked = self._full.scores(words), self._asked.scores(words)
        ceiling = sum(self._full.weight(word) for word in words) or 1.0
        asked_ceiling = sum(self._asked.weight(word) for word in words) or 1.0
        ranking = fuse.rank(dense, full / ceiling, asked / asked_ceiling, self.entries, detect(question))
        if not ranking:
            return Found((), 0.0)
        hits = tuple(Hit(item.passage, item.score, item.similarity) for item in ranking[:k])
        features = fuse.features(ranking, together) | fuse.coverage(words, hits, self._full)
        return Found(hits, self._calibration.probability(features), features)


def sync(
    site: Path,
    entries: Sequence[FaqEntry],
    embedder: Embedder,
    *,
    store: str = "faiss",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Synced:
    """Publish a snapshot of `entries`; vectors of unchanged texts are taken over from the last one.

    The caller holds `snapshot.writer_lock`. When nothing has changed, nothing is written.
    """
    state = _state_of(entries, embedder, store)
    if state == _published_state(site):
        return Synced(snapshot.current(site), 0)
    known = _known_vectors(site, embedder)
    passages = [passage for entry in entries for passage in split(entry)]
    missing = [p for p in {_key(p): p for p in passages}.values() if _key(p) not in known]
    known |= dict(zip(map(_key, missing), _embed(missing, embedder, progress), strict=True))

    def write(folder: Path) -> dict[str, Any]:
        return _write(folder, entries, passages, known, embedder, store) | {"state": state}

    return Synced(snapshot.publish(site, write), len({id(p.entry) for p in missing}))


def latest(site: Path, embedder: Embedder, calibration: Calibration) -> Callable[[], Index]:
    """A callable that gives the published index, read anew after each publish; one that cannot be read is passed over.

    Raises (the callable): what `Index.open` raises, while none could be opened yet.
    """
    held: list[Index] = []
    refused: list[str] = []

    def get() -> Index:
        if held and snapshot.current(site) in (held[0].name, *refused):
            return held[0]
        name = snapshot.current(site)
        try:
            held[:] = [Index.open(site, embedder, calibration)]
        except IndexFailure as failure:
            if not held:
                raise
            log.error("snapshot %s of %s cannot serve, %s goes on: %s", name, site.name, held[0].name, failure)
            refused[:] = [name]
        return held[0]

    return get


def _embed(passages: Sequence[Passage], embedder: Embedder, progress: Callable[[int, int], None]) -> list[Vectors]:
    done, out = 0, list[Any]([None] * len(passages))

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(done, len(passages))

    for kind in ("query", "passage"):
        places = [number for number, passage in enumerate(passages) if passage.kind == kind]
        if places:
            vectors = embedder.embed([passages[number].text for number in places], kind, tell)
            for number, vector in zip(places, vectors, strict=True):
                out[number] = vector
    return out


def _write(
    folder: Path,
    entries: Sequence[FaqEntry],
    passages: Sequence[Passage],
    known: dict[str, Vectors],
    embedder: Embedder,
    store: str,
) -> dict[str, Any]:
    write_entries(folder / "entries.jsonl", entries)
    vectors = open_store(store, embedder.dimension)
    if passages:
        vectors.add(np.stack([known[_key(passage)] for passage in passages]))
    vectors.save(folder)
    texts = {
        "full": [f"{e.question} {' '.join(e.similar)} {e.section} {e.answer}" for e in entries],
        "asked": [f"{e.question} {' '.join(e.similar)}" for e in entries],
    }
    for part, documents in texts.items():
        (folder / part).mkdir()
        lexical.build([tokens(document) for document in documents]).save(folder / part)
    return {
        "embedder": {"name": embedder.name, "digest": embedder.digest, "dimension": embedder.dimension},
        "splitter": SPLITTER,
        "store": store,
        "entries": len(entries),
        "passages": len(passages),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _state_of(entries: Sequence[FaqEntry], embedder: Embedder, store: str) -> str:
    """Digest of all that a snapshot is made from."""
    total = hashlib.sha256(f"{embedder.digest} {SPLITTER} {store}".encode())
    for entry in entries:
        total.update(f"{entry.id} {entry.digest} {entry.language} {entry.source}\n".encode())
    return total.hexdigest()


def _published_state(site: Path) -> str:
    """The state that the published snapshot was made from; "" when there is none, or it is damaged."""
    try:
        return str(snapshot.verified(site)[1].get("state", ""))
    except (SnapshotMissing, SnapshotDamaged):
        return ""


def _known_vectors(site: Path, embedder: Embedder) -> dict[str, Vectors]:
    """Vectors by passage key of the published snapshot; nothing when it cannot serve this embedder."""
    try:
        folder, manifest = snapshot.verified(site)
        if manifest["embedder"]["digest"] != embedder.digest:
            return {}
        rows = open_store(manifest["store"], embedder.dimension, folder).vectors()
        passages = [passage for entry in read_entries(folder / "entries.jsonl") for passage in split(entry)]
    except (SnapshotMissing, SnapshotDamaged, BadRecord):
        return {}
    if len(passages) != len(rows):
        return {}
    return {_key(passage): row for passage, row in zip(passages, rows, strict=True)}


def _key(passage: Passage) -> str:
    return hashlib.sha256(f"{passage.kind}\x1f{passage.text}".encode()).hexdigest()
