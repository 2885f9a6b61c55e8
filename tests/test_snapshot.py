"""Publishing by rename, checksums, the one-writer lock."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from index import snapshot
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing

ROOT = Path(__file__).resolve().parents[1]


def writing(text: str) -> Any:
    """A `write` that makes one file in a folder."""

    def write(folder: Path) -> dict[str, Any]:
        (folder / "part").mkdir()
        (folder / "part" / "a.txt").write_text(text)
        return {"about": text}

    return write


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def test_what_is_published_is_what_is_read(site: Path) -> None:
    name = snapshot.publish(site, writing("one"))

    folder, manifest = snapshot.verified(site)

    assert name == snapshot.current(site) == folder.name == "000001"
    assert (folder / "part" / "a.txt").read_text() == "one"
    assert manifest["about"] == "one"
    assert list(manifest["files"]) == [os.path.join("part", "a.txt")]


def test_each_publish_is_a_new_generation_and_three_are_kept(site: Path) -> None:
    names = [snapshot.publish(site, writing(str(n))) for n in range(5)]

    assert names == ["000001", "000002", "000003", "000004", "000005"]
    assert sorted(path.name for path in (site / "snapshots").iterdir()) == ["000003", "000004", "000005", "CURRENT"]


def test_a_failing_write_keeps_the_old_and_leaves_no_rubbish(site: Path) -> None:
    snapshot.publish(site, writing("one"))

    def full(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device")

    with pytest.raises(IndexFailure, match=r"^the new index of shop cannot be written \(No space left on device\)"):
        snapshot.publish(site, full)

    assert snapshot.verified(site)[1]["about"] == "one"
    assert sorted(path.name for path in (site / "snapshots").iterdir()) == ["000001", "CURRENT"]


def test_what_a_killed_writer_left_is_swept_by_the_next(site: Path) -> None:
    def killed(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    snapshot.publish(site, writing("one"))
    with pytest.raises(KeyboardInterrupt):
        snapshot.publish(site, killed)
    (site / "snapshots" / ".gone-000000").mkdir()

    assert snapshot.verified(site)[1]["about"] == "one"
    snapshot.publish(site, writing("two"))

    assert sorted(path.name for path in (site / "snapshots").iterdir()) == ["000001", "000002", "CURRENT"]
    assert snapshot.verified(site)[1]["about"] == "two"


def test_nothing_published(site: Path) -> None:
    with pytest.raises(SnapshotMissing, match=r"site shop has no index yet. Run 'kefu crawl URL --site shop'"):
        snapshot.verified(site)


@pytest.mark.parametrize("mask", [0x01, 0x80])
@pytest.mark.parametrize("name", ["CURRENT", "000001/manifest.json", "000001/part/a.txt"])
def test_any_flipped_byte_is_seen(site: Path, name: str, mask: int) -> None:
    snapshot.publish(site, writing("a text of some length"))
    path = site / "snapshots" / name
    whole = path.read_bytes()

    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])

        with pytest.raises(SnapshotDamaged, match=r"index of site shop is damaged.*Run 'kefu crawl --site shop'"):
            snapshot.verified(site)


@pytest.mark.parametrize("name", ["manifest.json", "part/a.txt"])
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_missing_or_empty_file_is_seen(site: Path, name: str, spoil: Any) -> None:
    snapshot.publish(site, writing("one"))

    spoil(site / "snapshots" / "000001" / name)

    with pytest.raises(SnapshotDamaged, match=f"{Path(name).name}.*kefu crawl --site shop"):
        snapshot.verified(site)


def test_a_snapshot_of_another_format_says_so(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot.publish(site, writing("one"))
    monkeypatch.setattr(snapshot, "FORMAT", 2)

    with pytest.raises(SnapshotDamaged, match="unknown format"):
        snapshot.verified(site)


@pytest.mark.slow_process
def test_a_second_writer_is_refused_with_one_clear_line(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "LOCK_WAIT_S", 0.1)
    hold = "import sys; from pathlib import Path; from index.snapshot import writer_lock; lock = writer_lock(Path(sys.argv[1])); lock.__enter__(); print('held', flush=True); input()"
    first = subprocess.Popen(
        [sys.executable, "-c", hold, str(site)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"

        with pytest.raises(IndexFailure) as error, snapshot.writer_lock(site):
            pass

        first.kill()

    assert str(error.value) == "site shop is being updated by another process. Try again when it has finished"
    with snapshot.writer_lock(site):  # the system frees the lock of a killed process
        pass
