"""Snapshots on disk: written beside, synced, renamed, then `CURRENT` points to them. Knows files, not their meaning.

SITE/snapshots/000007/{manifest.json, …}   a generation, never changed once it has its name
SITE/snapshots/CURRENT                     the number of the published one
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from crawler.records import write_text_atomically
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.weights import sha256_of

FORMAT = 1
KEEP = 3
LOCK_WAIT_S = 2.0


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


def publish(site: Path, write: Callable[[Path], dict[str, Any]]) -> str:
    """Let `write` fill a new folder and return its manifest; then publish it. Returns the generation's name."""
    folder = site / "snapshots"
    building = folder / f".building-{os.getpid()}"
    _sweep(folder)
    building.mkdir(parents=True)
    try:
        manifest = write(building)
        files = {str(path.relative_to(building)): path for path in sorted(building.rglob("*")) if path.is_file()}
        manifest |= {
            "format": FORMAT,
            "files": {name: {"sha256": sha256_of(p), "bytes": p.stat().st_size} for name, p in files.items()},
        }
        sealed = manifest | {"seal": _seal(manifest)}
        (building / "manifest.json").write_text(json.dumps(sealed, ensure_ascii=False, indent=1), "utf-8")
        _sync_tree(building)
        name = f"{_newest(folder) + 1:06}"
        building.replace(folder / name)
        _sync(folder)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise IndexFailure(
            f"the new index of {site.name} cannot be written ({error.strerror or error}); the old one still serves"
        ) from error
    write_text_atomically(folder / "CURRENT", name)
    _prune(folder, name)
    return name


def current(site: Path) -> str:
    """Name of the published generation.

    Raises:
        SnapshotMissing: nothing is published.
        SnapshotDamaged: the file that says so holds no number.

    """
    try:
        name = (site / "snapshots" / "CURRENT").read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise SnapshotMissing(f"site {site.name} has no index yet. Run 'kefu crawl URL --site {site.name}'") from error
    if not name.isdigit():
        raise SnapshotDamaged(_damaged(site, "CURRENT"))
    return name


def verified(site: Path) -> tuple[Path, dict[str, Any]]:
    """Folder and manifest of the published generation, every file checked against its checksum.

    Raises:
        SnapshotMissing: nothing is published.
        SnapshotDamaged: a file is missing or differs.

    """
    folder = site / "snapshots" / current(site)
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        seal = manifest.pop("seal")
        wrong = [name for name, about in manifest["files"].items() if not _agrees(folder / name, about)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(_damaged(site, "manifest.json")) from error
    if seal != _seal(manifest):
        raise SnapshotDamaged(_damaged(site, "manifest.json"))
    if wrong or manifest["format"] != FORMAT:
        raise SnapshotDamaged(_damaged(site, ", ".join(wrong) or "an unknown format"))
    return folder, manifest


def _seal(manifest: dict[str, Any]) -> str:
    """The manifest's own checksum."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _damaged(site: Path, what: str) -> str:
    return f"the index of site {site.name} is damaged ({what}). Run 'kefu crawl --site {site.name}' to build it again; no entry is lost"


def _agrees(path: Path, about: dict[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == about["bytes"] and sha256_of(path) == about["sha256"]


def _newest(folder: Path) -> int:
    return max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=0)


def _prune(folder: Path, name: str) -> None:
    for path in sorted(path for path in folder.iterdir() if path.name.isdigit() and path.name <= name)[:-KEEP]:
        gone = path.replace(path.with_name(f".gone-{path.name}"))
        shutil.rmtree(gone, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a killed writer left; the caller holds the lock, so nobody is using it."""
    for path in folder.glob(".[bg]*-*"):
        shutil.rmtree(path, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder; NTFS journals the rename
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
