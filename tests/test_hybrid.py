"""An index over its whole life: sync, open, search, and what can go wrong with its files. With the fake embedder."""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crawler.errors import BadRecord
from crawler.records import FaqEntry
from index import build, hybrid, snapshot
from index.calibrate import Calibration, Logistic
from index.embed import Embedder, Kind, Vectors, fake_embedder
from index.errors import IndexFailure, SnapshotDamaged, SnapshotMismatch, SnapshotMissing
from index.hybrid import Index
from index.passage import told_by
from index.words import HAN

CALIBRATION = Calibration(Logistic({"told": 4.0, "above_mean": 12.0}, -3.0))
RETURNS = FaqEntry("r", "How do I return an item?", "Send it back within 30 days.", language="en")
SHIPPING = FaqEntry("s", "How long does shipping take?", "Three to five days.", language="en")
TUIHUO = FaqEntry("t", "如何申请退货？", "签收后 30 天内可以退货。", language="zh", similar=("怎么退货",))
FAPIAO = FaqEntry("f", "能开发票吗？", "下单时填写抬头即可开具电子发票。", language="zh")
ENTRIES = (RETURNS, SHIPPING, TUIHUO, FAPIAO)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def index_of(entries: Sequence[FaqEntry], site: Path) -> Index:
    build.sync(site, entries, fake_embedder())
    return Index.open(site, fake_embedder(), CALIBRATION)


def generations(site: Path) -> list[str]:
    return sorted(path.name for path in (site / "snapshots").iterdir() if path.is_dir())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how can I return something?", RETURNS),
        ("how long for shipping", SHIPPING),
        ("请问怎么退货", TUIHUO),
        ("可以开电子发票吗", FAPIAO),
        ("ＲＥＴＵＲＮ an ITEM", RETURNS),
        ("send back within 30 days", RETURNS),  # words of the answer
    ],
)
def test_a_question_finds_its_entry(site: Path, question: str, expected: FaqEntry) -> None:
    found = index_of(ENTRIES, site).search(question)

    assert expected == found.hits[0].entry
    assert 0.5 < found.probability <= 1


def test_a_question_about_nothing_published_is_improbable(site: Path) -> None:
    found = index_of(ENTRIES, site).search("quantum chromodynamics lecture")

    assert found.probability < 0.2


@pytest.mark.parametrize("k", [1, 2, 10])
def test_at_most_k_entries_each_once_best_first(site: Path, k: int) -> None:
    long = FaqEntry("l", "return policy", "You return an item. " * 200, similar=("return item", "item return"))

    hits = index_of((*ENTRIES, long), site).search("return an item", k).hits

    assert len(hits) == min(k, 5)
    assert len({hit.entry.id for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("question", ["", "  \n", "？"])
def test_a_question_without_words_is_no_error(site: Path, question: str) -> None:
    assert index_of(ENTRIES, site).search(question).probability < 0.5


def test_many_questions_may_hold_an_empty_one(site: Path) -> None:
    found = index_of(ENTRIES, site).search_many(["怎么退货", " "], 1)

    assert [len(one.hits) for one in found] == [1, 0]
    assert found[1].probability == 0.0


@pytest.mark.parametrize(("language", "across"), [("es", 0.0), ("zh", 1.0), ("", 0.0)])
def test_a_word_that_could_be_of_any_language_is_of_the_sites(site: Path, language: str, across: float) -> None:
    index = index_of([FaqEntry("x", "envio", "3 dias", language=language), TUIHUO], site)

    assert index.search("envio").features["across"] == across


@pytest.mark.parametrize(
    ("language", "entry", "question"),
    [
        ("de", "Wohin gehen Rücksendungen?", "Rücksendung?"),
        ("ru", "Правила возврата товаров", "о возврате товара"),
        ("nl", "Uw verzendingen volgen", "verzending"),  # looks like no language that is known by its words
    ],
)
def test_a_question_is_stemmed_as_the_entries_of_the_site_are(
    site: Path, language: str, entry: str, question: str
) -> None:
    index = index_of([FaqEntry("e", entry, "-", language=language), *ENTRIES[2:]], site)

    hit = next(hit for hit in index.search(question).hits if hit.entry.id == "e")

    assert hit.by_field["words"] > 0.3


def test_an_empty_index_finds_nothing(site: Path) -> None:
    index = index_of((), site)

    assert index.search("return").hits == ()
    assert [found.probability for found in index.search_many(["return", "退货"], 5)] == [0.0, 0.0]


def test_many_questions_find_what_each_finds_alone(site: Path) -> None:
    index = index_of(ENTRIES, site)
    questions = ["return an item", "怎么退货", "shipping"]

    assert [index.search(question, 3) for question in questions] == index.search_many(questions, 3)


def test_entries_with_the_same_question_are_both_kept(site: Path) -> None:
    twin = replace(RETURNS, id="r2", answer="Members have 60 days.")

    index = index_of((RETURNS, twin, SHIPPING), site)

    assert {hit.entry.id for hit in index.search(RETURNS.question, 2).hits} == {"r", "r2"}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("VIP 退货 returns", "zh"),
        ("how do I get VIP returns 退货", "en"),
        ("wie kann ich die VIP returns 退货", "en"),  # the site has no German
    ],
)
def test_of_twins_in_two_languages_the_visitors_comes_first(
    site: Path, question: str, expected: str, order: int
) -> None:
    twins = [
        FaqEntry(code, "VIP returns 退货", "VIP returns 退货.", language=code, url=f"https://shop.example/{code}")
        for code in ("en", "zh")
    ]

    assert expected == index_of(twins[::order], site).search(question).hits[0].entry.language


def test_entries_taken_together_are_no_rivals(site: Path) -> None:
    index = index_of([*ENTRIES, FaqEntry("o", "When do you open?", "At nine.", language="en")], site)
    question = "return an item, how long does shipping take"

    alone, together = index.search(question), index.search(question, together=["r", "s"])

    assert together.features["above_mean"] > alone.features["above_mean"]


def test_an_entry_far_from_the_question_is_found_by_its_words(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "CANDIDATES", 2)
    entries = [*ENTRIES, FaqEntry("w", "", "The Kaschubia loom needs oil each spring.", language="en")]
    embedder = _placed(lambda text: [0.0, 1.0] if "spring" in text else [1.0, 0.0])
    build.sync(site, entries, embedder)

    hits = Index.open(site, embedder, CALIBRATION).search("Kaschubia", 5).hits

    assert "w" in {hit.entry.id for hit in hits}


def test_what_is_only_language_does_not_make_an_entry_near(site: Path) -> None:
    # The second axis is how Chinese a text sounds, the first what it is about.
    entries = [
        FaqEntry("chengdu", "", "Visit our tea house in Chengdu.", language="en"),
        FaqEntry("refund", "", "Send it back and we pay.", language="en"),
        SHIPPING,
    ]

    def place(text: str) -> Sequence[float]:
        if text == "退钱":
            return [0.5, 1.0]
        if "Send" in text:
            return [1.0, 0.0]
        return [0.0, 1.0] if "Chengdu" in text or HAN.search(text) else [0.0, -1.0]

    embedder = _placed(place)
    build.sync(site, entries, embedder)

    assert Index.open(site, embedder, CALIBRATION).search("退钱").hits[0].entry.id == "refund"


def _placed(place: Callable[[str], Sequence[float]]) -> Embedder:
    """An embedder that puts each text where `place` says, in two dimensions."""

    def embed(texts: Sequence[str], kind: Kind, done: Callable[[int], None]) -> Vectors:
        rows = np.array([place(text) for text in texts], np.float32).reshape(-1, 2)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    return Embedder("placed", "placed", 2, embed)


# What a sync costs.


def test_a_sync_embeds_only_what_changed(site: Path) -> None:
    changed = replace(SHIPPING, answer="One week.")
    added = FaqEntry("n", "Do you ship abroad?", "Yes.")

    counts = [
        build.sync(site, entries, fake_embedder()).embedded
        for entries in (ENTRIES, (RETURNS, changed, TUIHUO, FAPIAO), (*ENTRIES, added), ENTRIES[:2])
    ]

    assert counts == [4, 1, 1, 0]  # the old words of SHIPPING are still kept in the snapshot before


def test_only_new_texts_reach_the_embedder(site: Path) -> None:
    texts: list[str] = []

    def spy(embedder: Embedder) -> Embedder:
        return replace(embedder, embed=lambda t, kind, done: texts.extend(t) or embedder.embed(t, kind, done))  # type: ignore[func-returns-value]

    build.sync(site, ENTRIES, fake_embedder())
    build.sync(site, (replace(RETURNS, answer="Within 60 days."), *ENTRIES[1:]), spy(fake_embedder()))

    assert sorted(texts) == ["How do I return an item?\nWithin 60 days.", "Within 60 days."]


def test_only_new_texts_are_cut_into_words(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []
    terms = build.terms

    def counting(text: str, language: str) -> list[str]:
        cut.append(text)
        return terms(text, language)

    changed = [*ENTRIES[:3], replace(FAPIAO, answer="不能。"), replace(RETURNS, id="de", language="de")]
    build.sync(site, ENTRIES, fake_embedder())
    monkeypatch.setattr(build, "terms", counting)
    build.sync(site, changed, fake_embedder())

    # The same text in another language is stemmed otherwise.
    assert cut == [told_by(changed[3]), told_by(changed[4])]
    build.sync(tmp_path / "anew", changed, fake_embedder())
    here, anew = site / "snapshots" / "000002", tmp_path / "anew" / "snapshots" / "000001"
    for file in ("words/vocabulary.json", "words/frequencies.npy", "words/bm25/indices.csc.index.npy"):
        assert (here / file).read_bytes() == (anew / file).read_bytes()
    for changed_by in (("SPLITTER", build.SPLITTER + 1), ("cut_by", lambda: "jieba 0.9")):
        monkeypatch.setattr(build, *changed_by)
        cut.clear()
        build.sync(site, changed, fake_embedder())
        assert len(cut) == 5


def test_progress_counts_up_to_all_passages(site: Path) -> None:
    told: list[tuple[int, int]] = []

    build.sync(site, ENTRIES, fake_embedder(), progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (13, 13)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_sync_without_changes_writes_nothing(site: Path) -> None:
    first = build.sync(site, ENTRIES, fake_embedder())

    again = build.sync(site, ENTRIES, fake_embedder())

    assert (again.snapshot, again.embedded) == (first.snapshot, 0)
    assert generations(site) == ["000001"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(RETURNS, url="new"),
        replace(RETURNS, anchor="new"),
        replace(RETURNS, section="new"),
        replace(RETURNS, language="de"),
        replace(RETURNS, source="import"),
        replace(RETURNS, similar=("new",)),
    ],
    ids=["url", "anchor", "section", "language", "source", "similar"],
)
def test_a_change_of_any_field_is_published(site: Path, changed: FaqEntry) -> None:
    index_of((RETURNS,), site)

    assert index_of((changed,), site).entries == [changed]


def test_a_removed_entry_is_gone(site: Path) -> None:
    index_of(ENTRIES, site)

    index = index_of(ENTRIES[1:], site)

    assert "r" not in {hit.entry.id for hit in index.search(RETURNS.question, 10).hits}


def test_moved_vectors_stay_with_their_texts(site: Path) -> None:
    index_of(ENTRIES, site)

    index = index_of(ENTRIES[::-1], site)

    for entry in ENTRIES:
        hit = index.search(entry.question).hits[0]
        assert (hit.entry, round(hit.similarity, 4)) == (entry, 1.0)


# What can go wrong.


def test_another_embedder_is_refused_and_then_builds_anew(site: Path) -> None:
    index_of(ENTRIES, site)

    with pytest.raises(SnapshotMismatch, match=r"site shop was made with fake.*Run 'kefu crawl --site shop'"):
        Index.open(site, fake_embedder(64), CALIBRATION)

    assert build.sync(site, ENTRIES, fake_embedder(64)).embedded == 4
    assert Index.open(site, fake_embedder(64), CALIBRATION).search("退货").hits[0].entry == TUIHUO


def test_another_splitter_is_refused(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index_of(ENTRIES, site)
    monkeypatch.setattr(hybrid, "SPLITTER", -1)

    with pytest.raises(SnapshotMismatch, match="kefu crawl --site shop"):
        Index.open(site, fake_embedder(), CALIBRATION)


def test_a_flipped_byte_in_any_file_is_seen_and_a_sync_repairs_it(site: Path) -> None:
    index_of(ENTRIES, site)
    names = [path.name for path in (site / "snapshots" / "000001").rglob("*") if path.is_file()]
    assert {"manifest.json", "entries.jsonl", "faiss.index", "vocabulary.json"} < set(names)

    for number in range(len(names)):
        folder = site / "snapshots" / snapshot.current(site)
        path = sorted(path for path in folder.rglob("*") if path.is_file())[number]
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)

        with pytest.raises(SnapshotDamaged) as error:
            Index.open(site, fake_embedder(), CALIBRATION)
        assert f"index of site shop is damaged ({path.relative_to(folder)})" in str(error.value)
        assert "Run 'kefu crawl --site shop'" in str(error.value)

        assert build.sync(site, ENTRIES, fake_embedder()).embedded == 4
        Index.open(site, fake_embedder(), CALIBRATION)


def test_no_index_yet(site: Path) -> None:
    with pytest.raises(SnapshotMissing, match=r"Run 'kefu crawl URL --site shop'"):
        Index.open(site, fake_embedder(), CALIBRATION)

    index_of(ENTRIES, site)
    (site / "snapshots" / "CURRENT").unlink()

    with pytest.raises(SnapshotMissing):
        hybrid.latest(site, lambda: Index.open(site, fake_embedder(), CALIBRATION))()


def test_an_unknown_store_is_refused_by_name(site: Path) -> None:
    with pytest.raises(IndexFailure, match=r"no vector store chroma. Known: faiss"):
        build.sync(site, ENTRIES, fake_embedder(), store="chroma")


def test_latest_reads_again_only_after_a_publish(site: Path) -> None:
    build.sync(site, ENTRIES, fake_embedder())
    get = hybrid.latest(site, lambda: Index.open(site, fake_embedder(), CALIBRATION))

    first = get()
    assert get() is first
    build.sync(site, ENTRIES[1:], fake_embedder())
    second = get()

    assert (first.name, second.name) == ("000001", "000002")
    assert len(second.entries) == 3


def test_the_old_index_answers_until_the_new_one_is_open(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "RELOAD_WAIT_S", 0)
    build.sync(site, ENTRIES, fake_embedder())
    may_open = threading.Event()
    may_open.set()

    def opened() -> Index:
        assert may_open.wait(10)
        return Index.open(site, fake_embedder(), CALIBRATION)

    get = hybrid.latest(site, opened)
    first = get()
    may_open.clear()
    build.sync(site, ENTRIES[1:], fake_embedder())

    assert get() is get() is first
    may_open.set()
    ends_at = time.monotonic() + 2
    while get() is first and time.monotonic() < ends_at:
        time.sleep(0.01)

    assert get().name == "000002"


@pytest.mark.parametrize("file", ["CURRENT", "000002/faiss.index"])
def test_the_old_index_answers_when_the_new_one_is_damaged(site: Path, file: str) -> None:
    build.sync(site, ENTRIES, fake_embedder())
    get = hybrid.latest(site, lambda: Index.open(site, fake_embedder(), CALIBRATION))
    first = get()
    build.sync(site, ENTRIES[1:], fake_embedder())
    (site / "snapshots" / file).write_bytes(b"rubbish")

    assert get() is get() is first


@pytest.mark.parametrize(
    "failure", [OSError("too many open files"), BadRecord("entries.jsonl is cut off"), MemoryError(), KeyError("x")]
)
def test_a_new_index_that_cannot_be_read_is_tried_again_later(
    site: Path, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.sync(site, ENTRIES, fake_embedder())
    tried: list[str] = []
    failures = [failure]

    def opened() -> Index:
        tried.append(snapshot.current(site))
        if tried[-1] != "000001" and failures:
            raise failures.pop()
        return Index.open(site, fake_embedder(), CALIBRATION)

    get = hybrid.latest(site, opened)
    first = get()
    build.sync(site, ENTRIES[1:], fake_embedder())

    assert get() is get() is first
    assert tried == ["000001", "000002"]

    now = time.monotonic()
    monkeypatch.setattr(hybrid.time, "monotonic", lambda: now + hybrid.RETRY_S)
    assert get().name == "000002"


def test_a_site_that_was_removed_and_made_anew_is_not_answered_from_the_old_one(site: Path) -> None:
    build.sync(site, ENTRIES, fake_embedder())
    get = hybrid.latest(site, lambda: Index.open(site, fake_embedder(), CALIBRATION))
    assert len(get().entries) == 4

    shutil.rmtree(site)
    build.sync(site, ENTRIES[1:], fake_embedder())
    assert (get().name, len(get().entries)) == ("000001", 3)

    shutil.rmtree(site)
    with pytest.raises(SnapshotMissing):
        get()
    build.sync(site, ENTRIES[:2], fake_embedder())
    assert (get().name, len(get().entries)) == ("000001", 2)


def test_an_entry_found_by_words_alone_does_not_change_the_order_of_the_others(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of(ENTRIES, site)
    asked = index._asked("怎么退货 shipping", index._vectors(["怎么退货"]))
    near = index._compare(asked.vector, index._words.shares(asked.terms), asked.language)
    monkeypatch.setattr(hybrid, "CANDIDATES", 4)
    monkeypatch.setattr(hybrid.fuse, "FLOOR", -1.0)  # the score of no rival is no similarity

    with_words = index._compare(asked.vector, index._words.shares(asked.terms), asked.language)

    assert len(with_words.rows) > 4
    assert with_words.similarities.min() == pytest.approx(np.sort(near.similarities)[::-1][3])


def test_hidden_entries_leave_room_for_the_others(site: Path) -> None:
    many = [FaqEntry(f"n{number}", f"How do I return item {number}?", "Send it.") for number in range(120)]
    index = index_of((*many, TUIHUO), site)

    found = index.hiding([entry.id for entry in many]).search("How do I return item?", 5)

    assert [hit.entry.id for hit in found.hits] == [TUIHUO.id]


def test_a_rollback_is_followed(site: Path) -> None:
    build.sync(site, ENTRIES, fake_embedder())
    build.sync(site, ENTRIES[1:], fake_embedder())
    get = hybrid.latest(site, lambda: Index.open(site, fake_embedder(), CALIBRATION))
    assert len(get().entries) == 3

    snapshot.rollback(site, lambda manifest: True)

    assert len(get().entries) == 4


def test_an_open_index_serves_on_while_others_are_published(site: Path) -> None:
    index = index_of(ENTRIES, site)

    for number in range(5):
        build.sync(site, (*ENTRIES, FaqEntry(f"n{number}", f"New {number}?", "Yes.")), fake_embedder())

    assert "000001" not in generations(site)
    assert index.search("怎么退货").hits[0].entry == TUIHUO


def test_threads_share_one_index(site: Path) -> None:
    index = index_of(ENTRIES, site)
    expected = index.search("怎么退货")
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(20):
            if (found := index.search("怎么退货")) != expected:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
