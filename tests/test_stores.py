"""The vector store: exact while small, nearly exact when large, and the same rows after it was saved."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from index.embed import Vectors
from index.errors import IndexFailure, SnapshotDamaged
from index.stores import STORES, VectorStore, open_store
from index.stores.faiss_local import FILE, FLAT_MOST

SIZE = 32


def unit(count: int, seed: int = 0) -> Vectors:
    """Vectors in clusters, as texts are."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((200, SIZE)).astype(np.float32)[rng.integers(0, 200, count)]
    rows += 0.3 * rng.standard_normal((count, SIZE)).astype(np.float32)
    found: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def holding(vectors: Vectors) -> VectorStore:
    store = open_store("faiss", SIZE)
    store.add(vectors)
    return store


@pytest.fixture(scope="module")
def many() -> Vectors:
    return unit(FLAT_MOST + 5_000)


def test_there_is_one_store_and_another_name_is_refused() -> None:
    assert list(STORES) == ["faiss"]
    with pytest.raises(IndexFailure, match=r"there is no vector store pine. Known: faiss"):
        open_store("pine", SIZE)


@pytest.mark.parametrize("count", [1, 3, 500])
def test_a_small_store_is_exact(count: int) -> None:
    rows = unit(count)

    scores, found = holding(rows).search(rows[:1], 10)

    order = np.argsort(-(rows @ rows[0]), kind="stable")[:10]
    assert found[0].tolist() == order.tolist()
    assert np.allclose(scores[0], (rows @ rows[0])[order], atol=1e-5)


def test_a_large_store_finds_nearly_all_of_the_nearest(many: Vectors) -> None:
    store, asked = holding(many), unit(200, seed=1)

    scores, found = store.search(asked, 10)

    exact = np.argsort(-(asked @ many.T), axis=1)[:, :10]
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(found.tolist(), exact.tolist(), strict=True)]) >= 0.98
    assert np.allclose(scores, np.take_along_axis(asked @ many.T, found, 1), atol=1e-5)


@pytest.mark.parametrize("count", [3, FLAT_MOST, FLAT_MOST + 1])
def test_what_is_saved_is_what_is_read(tmp_path: Path, count: int, many: Vectors) -> None:
    rows = many[:count]
    holding(rows).save(tmp_path)

    store = open_store("faiss", SIZE, tmp_path)

    assert np.array_equal(store.vectors(), rows)
    assert store.search(rows[:2], 1)[1].tolist() == [[0], [1]]


def test_rows_added_later_follow_the_first(many: Vectors) -> None:
    store = holding(many[:FLAT_MOST])
    store.add(many[FLAT_MOST:])

    assert np.array_equal(store.vectors(), many)


def test_more_rows_than_the_lists_looked_into_hold_are_still_found() -> None:
    # All rows but a few are one and the same, so that they fill one list.
    rows = np.concatenate([np.repeat(unit(1), FLAT_MOST + 1, 0), unit(300, seed=2)])

    for asked in (rows[-1:], -rows[:1]):
        assert holding(rows).search(asked, 2_000)[1].min() >= 0


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    open_store("faiss", SIZE).save(tmp_path)

    store = open_store("faiss", SIZE, tmp_path)

    assert store.search(unit(1), 10)[1].shape == (1, 0)
    assert store.vectors().shape == (0, SIZE)


def test_another_dimension_is_refused(tmp_path: Path) -> None:
    holding(unit(3)).save(tmp_path)

    with pytest.raises(SnapshotDamaged, match="32 dimensions instead of 64"):
        open_store("faiss", 64, tmp_path)


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_file_that_is_cut_is_an_error_of_ours(tmp_path: Path, keep: int) -> None:
    holding(unit(3)).save(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:keep])

    with pytest.raises(SnapshotDamaged, match=f"{FILE} cannot be read"):
        open_store("faiss", SIZE, tmp_path)


def test_reading_has_a_byte_limit(tmp_path: Path) -> None:
    holding(unit(3)).save(tmp_path)

    open_store("faiss", SIZE, tmp_path)

    assert faiss.get_deserialization_vector_byte_limit() == (tmp_path / FILE).stat().st_size


def test_a_site_that_is_large_loses_what_is_deleted(tmp_path: Path, many: Vectors) -> None:
    """Deleting is building anew from what is kept."""
    holding(np.delete(many, 7, 0)).save(tmp_path)

    store = open_store("faiss", SIZE, tmp_path)

    scores, _ = store.search(many[7:8], 1)
    assert scores[0, 0] < 0.9999
    assert len(store.vectors()) == len(many) - 1
