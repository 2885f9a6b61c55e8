"""What a sync writes. What it costs is in test_hybrid.py, what can kill it in test_build_crash.py."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crawler.records import FaqEntry
from index import centres, snapshot
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import Embedder, fake_embedder
from index.errors import SnapshotMismatch
from index.hybrid import Index

CALIBRATION = Calibration(Logistic({"told": 8.0}, -4.0))


def entries(count: int) -> list[FaqEntry]:
    return [FaqEntry(f"e{n}", f"How about item{n}?", f"All of item{n}.", language="en") for n in range(count)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def test_the_manifest_says_what_it_was_made_of(site: Path) -> None:
    sync(site, entries(3), fake_embedder(64))

    folder, manifest = snapshot.verified(site)

    assert manifest["embedder"] == {"name": "fake", "digest": "fake-64", "dimension": 64}
    assert (manifest["entries"], manifest["store"]) == (3, "faiss")
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files["manifest.json"]
    assert {name: about["sha256"] for name, about in manifest["files"].items()} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }


def test_new_everyday_questions_reach_a_site_that_is_there(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(site, entries(3), fake_embedder(64))
    monkeypatch.setattr(centres, "questions_digest", lambda: "of other questions")
    monkeypatch.setattr(centres, "question_averages", lambda embedder: {"nl": np.ones(64, np.float32)})

    assert sync(site, entries(3), fake_embedder(64)).snapshot == "000002"
    assert list(centres.load(snapshot.verified(site)[0]).averages) == ["nl"]
    assert sync(site, entries(3), fake_embedder(64)).snapshot == "000002"


def test_the_digest_of_the_entries_is_theirs(site: Path) -> None:
    digests = []
    for wanted in (entries(3), entries(2), [*entries(2), replace(entries(3)[2], answer="Other.")], entries(3)):
        sync(site, wanted, fake_embedder(64))
        digests.append(snapshot.verified(site)[1]["entries_digest"])

    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


def test_an_entry_deleted_from_a_large_index_is_gone(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.stores.faiss_local.FLAT_MOST", 100)
    sync(site, entries(200), fake_embedder(64))
    kept = [entry for entry in entries(200) if entry.id != "e7"]

    done = sync(site, kept, fake_embedder(64))

    index = Index.open(site, fake_embedder(64), CALIBRATION)
    assert done.embedded == 0
    assert index.search("How about item8?").hits[0].entry.id == "e8"
    assert "e7" not in {hit.entry.id for hit in index.search("How about item7?", 200).hits}


@pytest.mark.parametrize(
    "other", [fake_embedder(32), replace(fake_embedder(64), digest="other"), replace(fake_embedder(64), dimension=32)]
)
def test_another_model_or_dimension_names_the_command(site: Path, other: Embedder) -> None:
    sync(site, entries(3), fake_embedder(64))

    with pytest.raises(SnapshotMismatch) as error:
        Index.open(site, other, CALIBRATION)

    assert str(error.value) == (
        f"the index of site shop was made with fake (64 dimensions), not with this fake ({other.dimension}). "
        "Run 'kefu crawl --site shop' to build it again"
    )
