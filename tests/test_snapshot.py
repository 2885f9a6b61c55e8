"""Publishing by rename, checksums, the one-writer lock."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from index import snapshot
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMissing
from index.snapshot import Pointer
from index.weights import sha256_of

ROOT = Path(__file__).resolve().parents[1]


def writing(text: str) -> Any:
    """A `write` that makes one file in a folder."""

    def write(folder: Path) -> dict[str, Any]:
        (folder / "part").mkdir()
        (folder / "part" / "a.txt").write_text(text)
        return {"about": text}

    return write


def anything(manifest: dict[str, Any]) -> bool:
    return True


def names(site: Path) -> list[str]:
    return sorted(path.name for path in (site / "snapshots").iterdir() if path.is_dir())


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
    monkeypatch.setattr(snapshot, "FORMAT", 0)

    with pytest.raises(SnapshotDamaged, match="unknown format"):
        snapshot.verified(site)


def test_a_rollback_publishes_the_one_before_until_something_new_is_published(site: Path) -> None:
    for number in range(1, 5):
        snapshot.publish(site, writing(f"text {number}"))

    assert snapshot.rollback(site, anything) == Pointer("000003", "000004")
    assert (snapshot.current(site), snapshot.verified(site)[1]["about"]) == ("000003", "text 3")
    assert snapshot.rollback(site, anything) == Pointer("000002", "000004")
    assert names(site) == ["000002", "000003", "000004"]

    with pytest.raises(
        IndexFailure, match=r"no snapshot before 000002 that can serve, so 000002 stays. Run 'kefu crawl"
    ):
        snapshot.rollback(site, anything)

    assert snapshot.publish(site, writing("text 5")) == "000005"
    assert (snapshot.pointer(site), names(site)) == (Pointer("000005"), ["000002", "000005"])


def test_a_rollback_passes_over_what_cannot_serve(site: Path) -> None:
    for number in range(1, 4):
        snapshot.publish(site, writing(f"text {number}"))
    (site / "snapshots/000002/part/a.txt").write_text("text X")

    assert snapshot.rollback(site, anything) == Pointer("000001", "000003")


def test_a_file_that_the_disk_does_not_give_back_is_damage(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        snapshot.publish(site, writing(f"text {number}"))

    def unreadable(path: Path) -> str:
        if "000002" in path.parts:
            raise OSError(errno.EIO, "Input/output error")
        return sha256_of(path)

    monkeypatch.setattr(snapshot, "sha256_of", unreadable)

    assert [folder.name for folder, _ in snapshot.kept(site)] == ["000003", "000001"]
    assert snapshot.rollback(site, anything).name == "000001"


def test_a_pointer_that_cannot_be_read_is_not_a_site_without_index(site: Path) -> None:
    snapshot.publish(site, writing("text"))
    (site / "snapshots" / "CURRENT").unlink()
    (site / "snapshots" / "CURRENT").mkdir()

    with pytest.raises(SnapshotDamaged, match=r"CURRENT: Is a directory"):
        snapshot.pointer(site)


def test_a_rollback_passes_over_what_does_not_fit(site: Path) -> None:
    for number in range(1, 4):
        snapshot.publish(site, writing(f"text {number}"))

    assert snapshot.rollback(site, lambda manifest: manifest["about"] == "text 1").name == "000001"


def test_the_published_one_may_be_damaged_when_it_is_rolled_back(site: Path) -> None:
    for number in (1, 2):
        snapshot.publish(site, writing(f"text {number}"))
    (site / "snapshots/000002/manifest.json").unlink()

    assert snapshot.rollback(site, anything).name == "000001"
    assert snapshot.verified(site)[1]["about"] == "text 1"


def test_what_is_kept_comes_with_the_published_one_first(site: Path) -> None:
    for number in range(1, 4):
        snapshot.publish(site, writing(f"text {number}"))
    snapshot.rollback(site, anything)

    assert [manifest["about"] for _, manifest in snapshot.kept(site)] == ["text 2", "text 3", "text 1"]
    assert list(snapshot.kept(site.with_name("other"))) == []


def test_a_writer_that_was_killed_before_it_published_leaves_nothing_to_go_back_to(site: Path) -> None:
    snapshot.publish(site, writing("one"))
    shutil.copytree(site / "snapshots/000001", site / "snapshots/000002")

    assert snapshot.verified(site)[1]["about"] == "one"
    snapshot.publish(site, writing("two"))

    assert (snapshot.verified(site)[1]["about"], names(site)) == ("two", ["000001", "000002"])


def test_a_pointer_that_turned_to_another_generation_is_seen(site: Path) -> None:
    for number in (1, 2):
        snapshot.publish(site, writing(f"text {number}"))
    pointer = site / "snapshots/CURRENT"
    pointer.write_text(pointer.read_text().replace("000002", "000001"))

    with pytest.raises(SnapshotDamaged, match="CURRENT"):
        snapshot.verified(site)
    assert snapshot.publish(site, writing("text 3")) == "000003"


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
