"""Kill, damage, crowd and starve the writer of an index: `python benchmarks/crash_index.py [--kills 200]`. About two minutes.

A small index with the fake embedder: it is the files that are tried, not the search. Prints one line a trial; exit code 1 when
one fails. The controls must fail: a writer that overwrites in place, and FAISS without checksums.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import faiss

from index import snapshot
from index.build import sync
from index.embed import fake_embedder

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import crashes


def kills(folder: Path, times: int) -> bool:
    """kill -9 during rebuilds, while a reader asks."""
    site = folder / "shop"
    sync(site, crashes.shop(0), fake_embedder(64))
    with crashes.Reader(site) as reader:
        found = crashes.killed(site, crashes.rebuild, times)
    good = sum(crashes.whole(*pair) for pair in found)
    new = sum(after == before + 1 for before, after in found)
    print(
        f"killed {times} times: {good} whole ({new} of them new), reader asked {reader.asked} times, {len(reader.wrong)} wrong"
    )
    return good == times and not reader.wrong


def kills_in_place(folder: Path, times: int) -> bool:
    """The control: it must lose some."""
    found = crashes.killed(folder / "control", crashes.overwrite, times)
    lost = sum(after < 0 for _, after in found)
    print(f"control, overwriting in place, killed {times} times: {lost} without an index that can be served")
    return lost > 0


def damage(folder: Path, times: int) -> bool:
    """Damaged, swapped and missing files; the control is FAISS alone."""
    site, rng = folder / "damaged", random.Random(0)
    for version in range(3):
        sync(site, crashes.shop(version), fake_embedder(64))
    kinds, served, alone = Counter[str](), [], 0
    for spoiled, is_served in crashes.damages(site, times, rng):
        kinds[spoiled.split()[-3] if " at " in spoiled else "gone"] += 1
        served += [spoiled] if is_served else []
    vectors = site / "snapshots" / snapshot.current(site) / "faiss.index"
    body = vectors.read_bytes()
    faiss.set_deserialization_vector_byte_limit(2**40)
    for _ in range(times):
        at = rng.randrange(len(body))
        vectors.write_bytes(body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :])
        try:
            faiss.read_index(str(vectors))
            alone += 1
        except RuntimeError:
            pass
    print(
        f"{times} damaged files ({', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}): {len(served)} served"
    )
    print(f"control, {times} flipped bits in the vectors, FAISS without checksums: {alone} loaded")
    return not served and alone > 0


def crowd(folder: Path, writers: int) -> bool:
    """Many writers at once; then the winner dies."""
    site = folder / "crowd"
    sync(site, crashes.shop(0), fake_embedder(64))
    started = [crashes.start(crashes.hold, site, 1) for _ in range(writers)]
    lines = Counter(told.recv() for _, told in started)
    for process, _ in started:
        process.kill()
        process.join()
    late, told = crashes.start(crashes.hold, site, 2)
    taken = told.recv() == "won"
    late.kill()
    late.join()
    print(
        f"{writers} writers at once: {lines['won']} won, {writers - lines['won']} refused; dead winner taken over: {taken}"
    )
    return lines["won"] == 1 and len(lines) == 2 and taken


def starve(folder: Path) -> bool:
    """A disk that ends after any number of bytes a file, and a folder that cannot be written."""
    site = folder / "starved"
    sync(site, crashes.shop(0), fake_embedder(64))
    folder.chmod(0o777)
    rooms = [*range(0, 400, 20), *range(400, 60_000, 600)]
    lines = [crashes.said(crashes.write_with_room, site, 1, room) for room in rooms]
    refused = [line for line in lines if line != "published"]
    bad = [line for line in refused if "\n" in line or "the old one still serves" not in line]
    kept = crashes.open_version(site) == int("published" in lines)
    site = folder / "closed"
    sync(site, crashes.shop(0), fake_embedder(64))
    (site / "snapshots").chmod(0o555)
    line = crashes.said(crashes.write_as_nobody, site, 1)
    closed = "Permission denied" in line and crashes.open_version(site) == 0
    (site / "snapshots").chmod(0o755)
    print(
        f"disk full at {len(rooms)} sizes: {len(refused)} refused with one line, {len(bad)} otherwise; the old one serves: {kept}"
    )
    print(f"read-only folder: {line}")
    return not bad and kept and closed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trials = (
            kills(folder, asked.kills),
            kills_in_place(folder, asked.kills),
            damage(folder, 300),
            crowd(folder, 20),
            starve(folder),
        )
    return 0 if all(trials) else 1


if __name__ == "__main__":
    sys.exit(main())
