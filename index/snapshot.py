"""Snapshots on disk: written beside, synced, renamed, then `CURRENT` points to them. Knows files, not their meaning.

SITE/snapshots/000007/{manifest.json, …}   a generation, never changed once it has its name
SITE/snapshots/CURRENT                     which one is published, and after a rollback instead of which one
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from crawler.records import write_text_atomically
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.weights import sha256_of

FORMAT = 2
KEEP = 3
LOCK_WAIT_S = 2.0
POINTER = re.compile(r"((\d{6,})(?: instead of (\d{6,}))?) ([0-9a-f]{8})\n")

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Pointer:
    """What `CURRENT` says: the published generation, and the newer one that was rolled back, "" when none was."""

    name: str
    instead_of: str = ""

    @property
    def last(self) -> str:
        """The newest generation that was ever published."""
        return self.instead_of or self.name


@contextmanager
def writer_lock(site: Path) -> Iterator[None]:
    """Hold the lock of the one writer of a site; the system frees it when its holder dies.

    It lies beside the site's folder, so that the folder can be removed under it.
    """
    lock = FileLock(site.with_name(f".{site.name}.lock"))
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=LOCK_WAIT_S)
    except Timeout as error:
        raise IndexFailure(
            f"site {site.name} is being updated by another process. Try again when it has finished"
        ) from error
    except OSError as error:
        raise IndexFailure(
            f"{site.parent} cannot be written ({error.strerror or error}). Give another folder with --data"
        ) from error
    try:
        yield
    finally:
        lock.release()


def publish(site: Path, write: Callable[[Path], Manifest]) -> str:
    """Let `write` fill a new folder and return its manifest; then publish it. Returns the generation's name.

    The caller holds `writer_lock`.

    Raises:
        IndexFailure: it cannot be written. What was published before still is.

    """
    folder, old = site / "snapshots", _pointer_or_none(site)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder, old)
        building = folder / f".building-{os.getpid()}"
        building.mkdir()
        _seal_folder(building, write(building))
        name = f"{max(map(int, _generations(folder)), default=0) + 1:06}"
        building.replace(folder / name)
        _sync(folder)
        _point(folder, Pointer(name))
    except OSError as error:
        with suppress(OSError):
            _sweep(folder, _pointer_or_none(site))
        raise IndexFailure(
            f"the new index of {site.name} cannot be written ({error.strerror or error}); the old one still serves. "
            f"Make room or mend the folder, then run 'kefu crawl --site {site.name}'"
        ) from error
    _prune(folder, name, old)
    return name


def copy(site: Path, name: str, to: Path) -> None:
    """Put a generation of a site into another folder, alone and published there."""
    shutil.copytree(site / "snapshots" / name, to / "snapshots" / name)
    _point(to / "snapshots", Pointer(name))


def rollback(site: Path, fits: Callable[[Manifest], bool]) -> Pointer:
    """Publish the newest whole generation before the published one whose manifest `fits`. Returns the new pointer.

    The caller holds `writer_lock`. The newer generation is kept, and its name, until something new is published.

    Raises:
        SnapshotMissing: nothing is published.
        IndexFailure: there is none before, or the pointer cannot be written.

    """
    folder, old = site / "snapshots", pointer(site)
    for name in reversed([name for name in _generations(folder) if name < old.name]):
        with suppress(SnapshotDamaged):
            if fits(_verified(site, name)):
                found = Pointer(name, old.last)
                break
    else:
        raise IndexFailure(
            f"site {site.name} has no snapshot before {old.name} that can serve, so {old.name} stays. "
            f"Run 'kefu crawl --site {site.name}' to publish a new one"
        )
    try:
        _point(folder, found)
    except OSError as error:
        raise IndexFailure(
            f"{folder} cannot be written ({error.strerror or error}), so {old.name} still serves. "
            f"Mend the folder, then run 'kefu rollback --site {site.name}'"
        ) from error
    return found


def pointer(site: Path) -> Pointer:
    """What `CURRENT` says.

    Raises:
        SnapshotMissing: nothing is published.
        SnapshotDamaged: the file is not what was written.

    """
    try:
        text = (site / "snapshots" / "CURRENT").read_bytes().decode("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SnapshotMissing(_missing(site)) from error
    except OSError as error:
        raise SnapshotDamaged(_damaged(site, f"CURRENT: {error.strerror or error}")) from error
    found = POINTER.fullmatch(text)
    if not found or found[4] != _checksum(found[1]):
        raise SnapshotDamaged(_damaged(site, "CURRENT"))
    return Pointer(found[2], found[3] or "")


def current(site: Path) -> str:
    """Name of the published generation. Raises what `pointer` raises."""
    return pointer(site).name


class Version(NamedTuple):
    """What is published: its generation, and when it was pointed to (ns). Names come again once a site was removed."""

    name: str
    pointed_at: int


def version(site: Path) -> Version:
    """Which version is published. Raises what `pointer` raises."""
    name = current(site)
    try:
        return Version(name, (site / "snapshots" / "CURRENT").stat().st_mtime_ns)
    except OSError as error:  # removed since it was read
        raise SnapshotMissing(_missing(site)) from error


def manifest(site: Path, name: str) -> Manifest:
    """The manifest of a generation, checked against its own seal; its files are not.

    Raises:
        SnapshotDamaged: it is missing, differs, or is of another format.

    """
    try:
        found: Manifest = json.loads((site / "snapshots" / name / "manifest.json").read_text("utf-8"))
        if found.pop("seal") != _seal(found):
            raise SnapshotDamaged(_damaged(site, "manifest.json"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(_damaged(site, "manifest.json")) from error
    if found["format"] != FORMAT:
        raise SnapshotDamaged(_damaged(site, "an unknown format"))
    return found


def verified(site: Path) -> tuple[Path, Manifest]:
    """Folder and manifest of the published generation, every file checked against its checksum.

    Raises:
        SnapshotMissing: nothing is published.
        SnapshotDamaged: a file is missing or differs.

    """
    name = current(site)
    return site / "snapshots" / name, _verified(site, name)


def generation(site: Path, name: str) -> tuple[Path, Manifest]:
    """Folder and manifest of the generation of that name, every file checked.

    Raises:
        SnapshotMissing: it is not there.
        SnapshotDamaged: a file is missing or differs.

    """
    folder = site / "snapshots"
    names = _generations(folder) if folder.is_dir() else []
    if name not in names:
        there = f"There are: {', '.join(names)}" if names else f"Run 'kefu crawl URL --site {site.name}'"
        raise SnapshotMissing(f"site {site.name} has no snapshot {name}; the last {KEEP} are kept. {there}")
    return folder / name, _verified(site, name)


def rolled_back(site: Path) -> Iterator[tuple[str, Manifest]]:
    """Name and manifest of every generation that was published after the published one; their files are not checked."""
    now = _pointer_or_none(site)
    # What is newer than the last of them was never published: its writer was killed.
    newer = [name for name in _generations(site / "snapshots") if now.name < name <= now.last] if now else []
    for name in newer:
        with suppress(SnapshotDamaged):
            yield name, manifest(site, name)


def kept(site: Path) -> Iterator[tuple[Path, Manifest]]:
    """Folder and manifest of every whole generation, the published one first, then from the newest on."""
    folder, published = site / "snapshots", _pointer_or_none(site)
    names = sorted(_generations(folder), reverse=True) if folder.is_dir() else []
    for name in sorted(names, key=lambda name: published is None or name != published.name):
        with suppress(SnapshotDamaged):
            yield folder / name, _verified(site, name)


def _verified(site: Path, name: str) -> Manifest:
    found, folder = manifest(site, name), site / "snapshots" / name
    if wrong := [file for file, about in found["files"].items() if not _agrees(folder / file, about)]:
        raise SnapshotDamaged(_damaged(site, ", ".join(wrong)))
    return found


def _seal_folder(folder: Path, about: Manifest) -> None:
    """Write the manifest of all files in a folder, and bring everything to the disk."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    sums = {name: {"sha256": sha256_of(path), "bytes": path.stat().st_size} for name, path in files.items()}
    whole = about | {"format": FORMAT, "files": sums}
    sealed = whole | {"seal": _seal(whole)}
    (folder / "manifest.json").write_text(json.dumps(sealed, ensure_ascii=False, indent=1), "utf-8")
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _seal(about: Manifest) -> str:
    """The manifest's own checksum."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _missing(site: Path) -> str:
    return f"site {site.name} has no index yet. Run 'kefu crawl URL --site {site.name}'"


def _damaged(site: Path, what: str) -> str:
    return f"the index of site {site.name} is damaged ({what}). Run 'kefu crawl --site {site.name}' to build it again; no entry is lost"


def _agrees(path: Path, about: dict[str, Any]) -> bool:
    try:
        return path.is_file() and path.stat().st_size == about["bytes"] and sha256_of(path) == about["sha256"]
    except OSError:  # what the disk does not give back is as good as changed
        return False


def _generations(folder: Path) -> list[str]:
    """Names of all generations there, oldest first."""
    return sorted(path.name for path in folder.iterdir() if path.name.isdigit())


def _pointer_or_none(site: Path) -> Pointer | None:
    try:
        return pointer(site)
    except (SnapshotMissing, SnapshotDamaged):
        return None


def _point(folder: Path, to: Pointer) -> None:
    text = f"{to.name} instead of {to.instead_of}" if to.instead_of else to.name
    write_text_atomically(folder / "CURRENT", f"{text} {_checksum(text)}\n")
    _sync(folder)


def _prune(folder: Path, name: str, old: Pointer | None) -> None:
    """Keep the new generation and the last ones before it; what was rolled back is not one of them."""
    before = [other for other in _generations(folder) if other != name]
    served = [other for other in before if old is None or other <= old.name]
    with suppress(OSError):  # it is published; what cannot go now goes next time
        for other in set(before) - set(served[-(KEEP - 1) :]):
            _remove(folder / other)


def _sweep(folder: Path, old: Pointer | None) -> None:
    """Remove what a killed writer left; the caller holds the lock, so nobody is using it."""
    for path in folder.glob(".[bg]*-*"):
        shutil.rmtree(path, ignore_errors=True)
    for name in _generations(folder):
        if old and name > old.last:
            _remove(folder / name)


def _remove(path: Path) -> None:
    """Remove a generation, moved aside first so that half of one is never found."""
    gone = path.replace(path.with_name(f".gone-{path.name}"))
    shutil.rmtree(gone, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder; NTFS journals the rename
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
