"""Writers of an index that are killed, refused or out of room, and what a reader finds. For tests and benchmarks."""

import multiprocessing
import os
import random
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import bm25s  # noqa: F401  (the server that forks the writers imports it once)
import faiss  # noqa: F401
from tqdm import tqdm

from crawler.records import FaqEntry
from index import snapshot
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import fake_embedder
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.hybrid import Index, latest

ENTRIES = 60
CALIBRATION = Calibration(Logistic({"told": 8.0}, -4.0))
tqdm.set_lock(threading.RLock())  # bm25s uses it; its own lock is one for all processes, and outlives a killed one
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.crashes"])

Writer = Callable[[Path, int, Connection], None]


def shop(version: int) -> list[FaqEntry]:
    """The entries of one version: every answer, and the number of entries, tells which."""
    return [
        FaqEntry(f"e{n}", f"How about item{n}?", f"Version {version} of item{n}.", language="en")
        for n in range(ENTRIES + version % 3)
    ]


def version_of(index: Index) -> int:
    """The version that an index holds; -1 when it is none, or not wholly one."""
    version = int(index.entries[0].answer.split()[1]) if index.entries else -1
    if list(index.entries) != shop(version):
        return -1
    first = index.search(f"How about item{ENTRIES - 1}?").hits[0].entry
    return version if first == shop(version)[ENTRIES - 1] else -1


def open_version(site: Path) -> int:
    """The version that somebody finds who opens the index now; -1 when it cannot be opened."""
    try:
        return version_of(Index.open(site, fake_embedder(64), CALIBRATION))
    except IndexFailure:
        return -1


def rebuild(site: Path, version: int, told: Connection) -> None:
    """A writer: the real one."""
    with snapshot.writer_lock(site):
        told.send("began")
        sync(site, shop(version), fake_embedder(64))


def overwrite(site: Path, version: int, told: Connection) -> None:
    """A writer that copies the new files over the published ones: what must not be done."""
    beside = site.with_name(f"{site.name}-made")
    sync(beside, shop(version), fake_embedder(64))
    new, old = (folder / "snapshots" / snapshot.current(folder) for folder in (beside, site))
    told.send("began")
    for path in sorted(path for path in new.rglob("*") if path.is_file()):
        with (old / path.relative_to(new)).open("wb") as file:
            file.write(path.read_bytes())
            file.flush()
            os.fsync(file.fileno())


def write_with_room(site: Path, version: int, told: Connection, room_bytes: int) -> None:
    """A writer on a disk that takes no file longer than `room_bytes`; tells what it says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, room_bytes))
    _try_to_write(site, version, told)


def write_as_nobody(site: Path, version: int, told: Connection) -> None:
    """A writer without any right that the folder's modes do not give; tells what it says."""
    with tempfile.TemporaryDirectory() as warm:
        for other in (1, 2):  # whatever Python loads on the way, it may not find as nobody
            sync(Path(warm) / "shop", shop(other), fake_embedder(64))
    if os.geteuid() == 0:
        os.setuid(65534)
    _try_to_write(site, version, told)


def _try_to_write(site: Path, version: int, told: Connection) -> None:
    try:
        with snapshot.writer_lock(site):
            sync(site, shop(version), fake_embedder(64))
        told.send("published")
    except IndexFailure as failure:
        told.send(str(failure))


def hold(site: Path, version: int, told: Connection) -> None:
    """A writer that publishes and then keeps the lock until it is killed; tells when it is refused."""
    snapshot.LOCK_WAIT_S = 1.0
    try:
        with snapshot.writer_lock(site):
            sync(site, shop(version), fake_embedder(64))
            told.send("won")
            time.sleep(600)
    except IndexFailure as failure:
        told.send(str(failure))


def start(writer: Callable[..., None], site: Path, version: int, *more: Any) -> tuple[Any, Connection]:
    """A writer in a process of its own, and what it tells."""
    told, tells = FORKING.Pipe(duplex=False)
    process = FORKING.Process(target=writer, args=(site, version, tells, *more), daemon=True)
    process.start()
    tells.close()
    return process, told


def said(writer: Callable[..., None], site: Path, version: int, *more: Any) -> str:
    """What a writer says in the end."""
    process, told = start(writer, site, version, *more)
    text = str(told.recv())
    process.join()
    return text


@dataclass
class Reader:
    """Somebody who asks all the time, from a server that runs all the time."""

    site: Path
    asked: int = 0
    wrong: list[object] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Reader":
        get = latest(self.site, lambda: Index.open(self.site, fake_embedder(64), CALIBRATION))
        get()

        def ask() -> None:
            while not self._ended.wait(0.002):
                try:
                    if version_of(get()) < 0:
                        self.wrong.append("a mixed index")
                except Exception as error:  # noqa: BLE001
                    self.wrong.append(error)
                self.asked += 1

        self._thread = threading.Thread(target=ask)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def killed(site: Path, writer: Writer, times: int, seed: int = 0) -> list[tuple[int, int]]:
    """Kill `writer` at `times` random points; (the version before, the version found after), -1 for none."""
    rng = random.Random(seed)
    with snapshot.writer_lock(site):
        sync(site, shop(0), fake_embedder(64))
    length_s, found, before = _length(site, writer), [], open_version(site)
    good = site.with_name(f"{site.name}-good")
    shutil.copytree(site, good)
    for _ in range(times):
        process, told = start(writer, site, before + 1)
        told.recv()
        time.sleep(rng.uniform(0, 1.1 * length_s))
        process.kill()
        process.join()
        after = open_version(site)
        found.append((before, after))
        if after < 0:  # only the control comes here
            shutil.rmtree(site)
            shutil.copytree(good, site)
        before = open_version(site)
    return found


def _length(site: Path, writer: Writer) -> float:
    """Seconds from the first word of a writer to its end: the median of three."""
    taken = []
    for _ in range(3):
        process, told = start(writer, site, open_version(site) + 1)
        told.recv()
        began = time.monotonic()
        process.join()
        taken.append(time.monotonic() - began)
    return sorted(taken)[1]


def whole(before: int, after: int) -> bool:
    """Whether what was found after a kill is the old index or the new one."""
    return after in (before, before + 1)


def damages(site: Path, times: int, rng: random.Random) -> Iterator[tuple[str, bool]]:
    """Damage a good site again and again: what was done to it each time, and whether it was served all the same."""
    good = site.with_name("good")
    shutil.copytree(site, good)
    for _ in range(times):
        spoiled, served = spoil(site, rng), True
        try:
            Index.open(site, fake_embedder(64), CALIBRATION)
        except (SnapshotDamaged, SnapshotMissing):
            served = False
        yield spoiled, served
        shutil.rmtree(site)
        shutil.copytree(good, site)


def spoil(site: Path, rng: random.Random) -> str:
    """Damage one file that a reader of the site reads, or swap it with another; says what was done."""
    served = site / "snapshots" / snapshot.current(site)
    files = [site / "snapshots" / "CURRENT", *sorted(path for path in served.rglob("*") if path.is_file())]
    others = sorted(path for path in (site / "snapshots").rglob("*") if path.is_file())
    path, other = rng.choice(files), rng.choice(others)
    body, foreign = path.read_bytes(), other.read_bytes()
    at, kind = rng.randrange(len(body) or 1), rng.choice(("flip", "cut", "zero", "swap", "grow", "gone"))
    if kind == "gone":
        path.unlink()
        return f"{path.name} is gone"
    bad = {
        "flip": body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :] if body else b"",
        "cut": body[:at],
        "zero": body[:at] + bytes(len(body[at : at + 64])) + body[at + 64 :],
        "swap": foreign,
        "grow": body + b"\0",
    }[kind]
    if bad == body:  # zeros are zeros already, or the same file was drawn twice
        return spoil(site, rng)
    path.write_bytes(bad)
    if kind == "swap":
        other.write_bytes(body)
    return f"{path.name}, {len(body)} bytes: {kind} at {at}"
