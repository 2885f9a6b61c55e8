"""A site's entries -> a published snapshot. Embeds only what changed. Knows nothing of search."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from crawler.records import FaqEntry, write_entries
from index import centres, lexical, snapshot
from index.embed import Embedder, Vectors
from index.errors import SnapshotDamaged, SnapshotMissing
from index.passage import SPLITTER, Passage, split, told_by
from index.snapshot import Manifest
from index.stores import open_store
from index.wordings import Wordings
from index.words import cut_by, grams, terms

KEYS = "keys.bin"
KEY_BYTES = 16
AT_ONCE = 4096  # texts given to the embedder in one piece: memory does not grow with the site
TERMS = "terms.txt"  # of each text that an entry tells a line: its key, a tab, its terms

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Synced:
    """What a sync did: the generation that serves, and how many entries were embedded for it.

    `held_for` is the generation with these very entries that was rolled back, and so is not published again.
    """

    snapshot: str
    embedded: int
    held_for: str = ""


def sync(
    site: Path,
    entries: Sequence[FaqEntry],
    embedder: Embedder,
    *,
    store: str = "faiss",
    progress: Progress = lambda done, total: None,
    accept: bool = False,
) -> Synced:
    """Publish a snapshot of `entries`; vectors of unchanged texts are taken over from those that are kept.

    The caller holds `snapshot.writer_lock`. When nothing has changed, nothing is written. Nor when these entries are the ones
    that were rolled back, unless `accept` says that they are wanted after all.
    """
    made_of = _made_of(entries, embedder, store)
    held_for = next((name for name, found in snapshot.rolled_back(site) if _made_from(found) == made_of), "")
    if held_for and not accept:
        return Synced(snapshot.current(site), 0, held_for)
    if made_of == _published(site) and not (accept and snapshot.pointer(site).instead_of):
        return Synced(snapshot.current(site), 0)
    passages = [passage for entry in entries for passage in split(entry)]
    keys = [_key(passage) for passage in passages]
    kept = [(f, m) for f, m in snapshot.kept(site) if m["embedder"]["digest"] == embedder.digest]
    vectors, missing = _known_vectors(kept, keys, embedder.dimension)
    _embed([passages[places[0]] for places in missing], missing, vectors, embedder, progress)
    questions = [folder for folder, manifest in kept if manifest.get("questions") == made_of["questions"]]
    averages = centres.load(questions[0]).averages if questions else centres.question_averages(embedder)
    # All that is taken over is read before `publish`, which sweeps what a killed writer left; words are cut inside it, so
    # that a folder that cannot be written is said at once.
    told = _known_terms([folder for folder, manifest in kept if _cut_alike(manifest, made_of)], entries)

    def write(folder: Path) -> Manifest:
        _write(folder, entries, keys, vectors, store)
        _write_words(folder, entries, told)
        centres.build(averages, vectors, [passage.entry.language for passage in passages]).save(folder)
        _wordings(passages, vectors).save(folder)
        return made_of | {"passages": len(passages), "made_at": datetime.now(UTC).isoformat(timespec="seconds")}

    return Synced(snapshot.publish(site, write), len({id(passages[place[0]].entry) for place in missing}))


def _made_of(entries: Sequence[FaqEntry], embedder: Embedder, store: str) -> Manifest:
    """All that a snapshot is made from, as its manifest says it."""
    total = hashlib.sha256()
    for entry in entries:
        total.update(f"{entry.id} {entry.digest} {entry.language} {entry.source}\n".encode())
    return {
        "embedder": {"name": embedder.name, "digest": embedder.digest, "dimension": embedder.dimension},
        "splitter": SPLITTER,
        "cut_by": cut_by(),
        "questions": centres.questions_digest(),
        "store": store,
        "entries": len(entries),
        "entries_digest": total.hexdigest(),
    }


def _published(site: Path) -> Manifest:
    """What the published snapshot was made of; {} when there is none, or it is damaged."""
    try:
        return _made_from(snapshot.verified(site)[1])
    except (SnapshotMissing, SnapshotDamaged):
        return {}


def _made_from(manifest: Manifest) -> Manifest:
    made_from = ("embedder", "splitter", "cut_by", "questions", "store", "entries", "entries_digest")
    return {name: manifest.get(name) for name in made_from}


def _known_vectors(
    kept: Iterable[tuple[Path, Manifest]], keys: Sequence[bytes], dimension: int
) -> tuple[Vectors, list[list[int]]]:
    """Vectors by place, shape (keys, dimension), taken from what is kept; and the places of each key that is nowhere."""
    vectors = np.zeros((len(keys), dimension), np.float32)
    places: dict[bytes, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    for folder, manifest in kept:
        _take_over(folder, manifest["store"], places, vectors)
    return vectors, list(places.values())


def _take_over(folder: Path, store: str, places: dict[bytes, list[int]], vectors: Vectors) -> None:
    """Copy the vectors of a snapshot to the `places` of their keys, and take those keys out."""
    held = (folder / KEYS).read_bytes()
    rows = {held[at : at + KEY_BYTES]: at // KEY_BYTES for at in range(0, len(held), KEY_BYTES)}
    known = [(rows[key], key) for key in places if key in rows]
    if known:
        kept = open_store(store, vectors.shape[1], folder).vectors()
        for row, key in known:
            vectors[places.pop(key)] = kept[row]


def _embed(
    passages: Sequence[Passage],
    places: Sequence[Sequence[int]],
    vectors: Vectors,
    embedder: Embedder,
    progress: Progress,
) -> None:
    """Put the vector of each passage into its places; questions and texts have prompts of their own."""
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(done, len(passages))

    for kind in ("query", "passage"):
        rows = [row for row, passage in enumerate(passages) if passage.kind == kind]
        rows.sort(
            key=lambda row: len(passages[row].text)
        )  # so that the batches of all pieces hold texts of like length
        for start in range(0, len(rows), AT_ONCE):
            piece = rows[start : start + AT_ONCE]
            found = embedder.embed([passages[row].text for row in piece], kind, tell)
            for row, vector in zip(piece, found, strict=True):
                vectors[places[row]] = vector


def _write(folder: Path, entries: Sequence[FaqEntry], keys: Sequence[bytes], vectors: Vectors, store: str) -> None:
    write_entries(folder / "entries.jsonl", entries)
    (folder / KEYS).write_bytes(b"".join(keys))
    _write_vectors(folder, vectors, store)


def _cut_alike(one: Manifest, other: Manifest) -> bool:
    return all(one.get(name) == other[name] for name in ("splitter", "cut_by"))


def _known_terms(kept: Iterable[Path], entries: Sequence[FaqEntry]) -> dict[bytes, list[str]]:
    """The terms of what entries tell, by `_told_key`, taken from what is kept: to cut Chinese into words is slow."""
    missing = {_told_key(entry) for entry in entries}
    found: dict[bytes, list[str]] = {}
    for folder in kept:
        with (folder / TERMS).open("rb") as lines:
            for line in lines:
                key, _, said = line.partition(b"\t")
                if key in missing:
                    missing.remove(key)
                    found[key] = said.decode().split()
    return found


def _write_words(folder: Path, entries: Sequence[FaqEntry], known: Mapping[bytes, list[str]]) -> None:
    told = dict(known)
    for entry in entries:
        if (key := _told_key(entry)) not in told:
            told[key] = terms(told_by(entry), entry.language)
    with (folder / TERMS).open("wb") as lines:
        for key, said in told.items():
            lines.write(key + b"\t" + " ".join(said).encode() + b"\n")
    spelt = [grams(f"{entry.question} {' '.join(entry.similar)}") for entry in entries]
    for part, documents in (("words", [told[_told_key(entry)] for entry in entries]), ("spelt", spelt)):
        (folder / part).mkdir()
        lexical.build(documents).save(folder / part)


def _wordings(passages: Sequence[Passage], vectors: Vectors) -> Wordings:
    rows: dict[int, int] = {}
    owners = [rows.setdefault(id(passage.entry), len(rows)) for passage in passages]
    asking = np.array([passage.field == "asked" for passage in passages], np.bool_)
    return Wordings.of(vectors[asking], np.array(owners, np.int64)[asking])


def _write_vectors(folder: Path, vectors: Vectors, store: str) -> None:
    rows = open_store(store, vectors.shape[1])
    if len(vectors):
        rows.add(vectors)
    rows.save(folder)


def _key(passage: Passage) -> bytes:
    """Which text, and embedded as what: passages with the same key have the same vector."""
    return hashlib.sha256(f"{passage.kind}\x1f{passage.text}".encode()).digest()[:KEY_BYTES]


def _told_key(entry: FaqEntry) -> bytes:
    """Which text, and cut as which language's."""
    return hashlib.sha256(f"{entry.language}\x1f{told_by(entry)}".encode()).hexdigest()[: 2 * KEY_BYTES].encode()
