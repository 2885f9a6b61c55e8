"""Writers that are killed, too many, out of room or without rights; and files that are damaged. The long runs are in benchmarks/crash_index.py."""

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import snapshot
from index.build import sync
from index.embed import fake_embedder
from tests import crashes

pytestmark = [
    pytest.mark.slow_process,
    pytest.mark.skipif(os.name == "nt", reason="forkserver and file limits are of POSIX"),
]


@pytest.fixture
def site() -> Iterator[Path]:
    """A site with one index, in a folder that another user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        site = Path(folder) / "shop"
        sync(site, crashes.shop(0), fake_embedder(64))
        yield site


def test_a_kill_at_any_point_leaves_the_old_or_the_new_index(site: Path) -> None:
    with crashes.Reader(site) as reader:
        found = crashes.killed(site, crashes.rebuild, 10)

    assert [pair for pair in found if not crashes.whole(*pair)] == []
    assert (reader.wrong, reader.asked > 50) == ([], True)
    assert len([path for path in (site / "snapshots").iterdir() if path.name.isdigit()]) <= snapshot.KEEP + 1


def test_the_kill_test_sees_a_writer_that_overwrites_in_place(site: Path) -> None:
    assert -1 in [after for _, after in crashes.killed(site, crashes.overwrite, 20)]


def test_of_many_writers_one_wins_and_a_dead_one_is_taken_over(site: Path) -> None:
    writers = [crashes.start(crashes.hold, site, 1) for _ in range(20)]
    lines = [told.recv() for _, told in writers]

    assert sorted(set(lines)) == [
        "site shop is being updated by another process. Try again when it has finished",
        "won",
    ]
    assert lines.count("won") == 1
    for process, _ in writers:
        process.kill()
        process.join()

    late, told = crashes.start(crashes.hold, site, 2)
    assert told.recv() == "won"
    late.kill()
    late.join()
    assert crashes.open_version(site) == 2


@pytest.mark.parametrize("room_bytes", [0, 20, 500, 2_000, 5_000, 10_000, 15_000])
def test_a_full_disk_is_one_line_and_the_old_index_serves(site: Path, room_bytes: int) -> None:
    line = crashes.said(crashes.write_with_room, site, 1, room_bytes)

    assert line.startswith(
        "the new index of shop cannot be written (File too large); the old one still serves. Make room"
    )
    assert (line.count("\n"), crashes.open_version(site)) == (0, 0)
    assert sorted(path.name for path in (site / "snapshots").iterdir()) == ["000001", "CURRENT"]
    assert crashes.said(crashes.write_with_room, site, 1, 10**9) == "published"


@pytest.mark.parametrize(
    ("closed", "line"),
    [
        ("", "cannot be written (Permission denied). Give another folder with --data"),
        ("shop/snapshots", "the new index of shop cannot be written (Permission denied); the old one still serves"),
    ],
)
def test_a_read_only_folder_is_one_line_and_the_old_index_serves(site: Path, closed: str, line: str) -> None:
    (site.parent / closed).chmod(0o555)

    told = crashes.said(crashes.write_as_nobody, site, 1)

    (site.parent / closed).chmod(0o777)
    assert line in told
    assert (told.count("\n"), crashes.open_version(site)) == (0, 0)


def test_no_damaged_file_is_served(site: Path) -> None:
    for version in (1, 2):
        sync(site, crashes.shop(version), fake_embedder(64))
    done = list(crashes.damages(site, 100, random.Random(0)))

    assert len(done) == 100
    assert [spoiled for spoiled, served in done if served] == []
