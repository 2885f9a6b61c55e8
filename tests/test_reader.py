"""The reader: what it is shown, when it is asked, and what its answer changes. A fake through the plug point, and the real one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast

from crawler.records import FaqEntry
from index import fuse
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import Vectors, fake_embedder
from index.errors import ModelUnavailable
from index.fuse import Scored
from index.hybrid import Index
from index.passage import Hit, Passage
from index.reader import MAX_TOKENS, OFF, READ_AT_MOST, Reader, excerpt, open_reader
from index.words import terms

UNSURE = Calibration(Logistic({}, 0.0), Logistic({"read": 6.0}, -3.0), "fake")
ENTRIES = [
    FaqEntry(str(n), f"Do you ship to {place}?", f"We ship to {place}.", language="en")
    for n, place in enumerate(["Canada", "Peru", "Chad", "Oman", "Mali", "Cuba", "Togo"])
]


def hit_of(entry: FaqEntry, part: str = "pair", text: str = "") -> Hit:
    return Hit(Passage(entry, part, text or entry.question), 1.0, 1.0)


def index_with(reader: Reader | None, site: Path, calibration: Calibration = UNSURE) -> Index:
    sync(site, ENTRIES, fake_embedder())
    return Index.open(site, fake_embedder(), calibration, reader)


def knows(place: str, seen: list[Sequence[str]] | None = None, name: str = "fake") -> Reader:
    """A reader that says yes to texts about one place."""

    def read(question: str, texts: Sequence[str]) -> Vectors:
        if seen is not None:
            seen.append(texts)
        return np.array([9.0 if place in text else -9.0 for text in texts], np.float32)

    return Reader(name, read)


# What it is shown


def test_a_short_entry_is_shown_whole() -> None:
    assert excerpt(hit_of(ENTRIES[0]), terms("Canada?")) == "Do you ship to Canada?\nWe ship to Canada."


def test_the_wording_that_was_nearest_is_shown() -> None:
    entry = FaqEntry("x", "How do I return?", "Within 30 days.", similar=("send it back",))

    assert excerpt(hit_of(entry, "similar", "send it back"), terms("sending back")) == "send it back\nWithin 30 days."


@pytest.mark.parametrize(
    ("question", "filler", "wanted"),
    [
        ("how long is the warranty on batteries", "The shop was founded long ago in a small town. ", "Batteries carry 2 years of warranty."),
        ("how long do batteries last", "The shop was founded long ago in a small town. ", "Batteries: 2 years."),
        ("电池保修多久", "本店成立于很久以前的一个小镇上，至今生意兴隆。", "电池保修两年。"),
        ("電池保修多久", "本店成立于很久以前的一个小镇上，至今生意兴隆。", "电池保修两年。"),
    ],
)  # fmt: skip
def test_of_a_long_answer_the_clauses_that_meet_the_question_are_shown(question: str, filler: str, wanted: str) -> None:
    entry = FaqEntry("x", "", filler * 12 + wanted + filler * 12)

    shown = excerpt(hit_of(entry), terms(question))

    assert wanted in shown
    assert len(shown) < len(entry.answer) / 2


@given(st.text(max_size=3000), st.text(max_size=200), st.text(max_size=200))
def test_an_excerpt_is_made_of_the_entry_and_never_long(answer: str, form: str, question: str) -> None:
    shown = excerpt(hit_of(FaqEntry("x", form, answer)), terms(question))

    assert shown.startswith(form)
    assert len(shown) <= len(form) + 1 + max(300, 161)
    assert set(shown) <= set(form) | set(answer) | {"\n", " "}


# When it is asked, and what it changes


def test_what_the_reader_knows_comes_first_and_is_sure(tmp_path: Path) -> None:
    cheap = index_with(None, tmp_path / "s").search("do you ship to my country")
    fourth = cheap.hits[3].entry

    found = index_with(knows(fourth.answer), tmp_path / "s").search("do you ship to my country")

    assert found.hits[0].entry == fourth
    assert found.probability > 0.9
    assert found.hits[0].by_field["read"] == pytest.approx(1, abs=1e-3)
    assert cheap.probability == pytest.approx(0.5)


def test_when_no_entry_answers_the_probability_falls(tmp_path: Path) -> None:
    found = index_with(knows("Atlantis"), tmp_path / "s").search("do you ship to Atlantis")

    assert found.probability < 0.1


def test_it_reads_the_first_five_and_the_rest_follow(tmp_path: Path) -> None:
    seen: list[Sequence[str]] = []

    found = index_with(knows("Cuba", seen), tmp_path / "s").search("do you ship", k=7)

    assert [len(texts) for texts in seen] == [READ_AT_MOST]
    assert len({hit.entry.id for hit in found.hits}) == 7
    assert ["read" in hit.by_field for hit in found.hits] == [True] * READ_AT_MOST + [False] * 2


@pytest.mark.parametrize("sure", [-8.0, 8.0])
def test_without_doubt_it_is_not_asked(tmp_path: Path, sure: float) -> None:
    seen: list[Sequence[str]] = []

    index_with(knows("Cuba", seen), tmp_path / "s", Calibration(Logistic({}, sure), UNSURE.read, "fake")).search("ship")

    assert seen == []


def test_about_a_stored_question_it_is_not_asked(tmp_path: Path) -> None:
    seen: list[Sequence[str]] = []
    index = index_with(knows("Cuba", seen), tmp_path / "s")

    found = index.search(ENTRIES[1].question.upper(), 3)

    assert found.hits[0].entry == ENTRIES[1]
    assert seen == []
    assert index.search(f"{ENTRIES[1].question} please", 3)
    assert len(seen) == 1


def test_what_another_reader_says_has_no_part_in_the_probability_but_whom_it_puts_first_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuse, "READ_WEIGHT", 1.0)
    told = Calibration(Logistic({"above_mean": 5.0}, 0.0), UNSURE.read, "fake")
    cheap = index_with(None, tmp_path / "s", told).search("can you ship to Cuba")
    fourth = cheap.hits[3].entry

    found = index_with(knows(fourth.answer, name="theirs"), tmp_path / "s", told).search("can you ship to Cuba")

    assert found.hits[0].entry == fourth
    assert "read" not in found.features
    assert found.features["above_mean"] < 0 < cheap.features["above_mean"]
    assert found.probability < 0.5 < cheap.probability


def test_nearest_asks_neither_reader_nor_calibration(tmp_path: Path) -> None:
    seen: list[Sequence[str]] = []

    hits = index_with(knows("Cuba", seen), tmp_path / "s").nearest("do you ship to Peru", 2)

    assert (hits[0].entry.id, len(hits), seen) == ("1", 2, [])


def test_reread_keeps_what_was_not_read_in_its_order() -> None:
    ranking = [Scored(score, score, entry, 0) for score, entry in zip((0.9, 0.89, 0.5, 0.4), ENTRIES, strict=False)]

    found = fuse.reread(ranking, np.array([-9.0, 9.0], np.float32))

    assert [item.entry.id for item in found] == ["1", "0", "2", "3"]
    assert [item.read is None for item in found] == [False, False, True, True]


# The one that ships


def test_off_is_none_and_an_unknown_cross_encoder_is_said(tmp_path: Path) -> None:
    assert open_reader(OFF, tmp_path) is None
    assert open_reader("", tmp_path) is None  # its layers are the default embedder's, which is not here
    with pytest.raises(ModelUnavailable, match=r"no-such-reader cannot be loaded .* 'off'"):
        open_reader(str(tmp_path / "no-such-reader"), tmp_path)


def test_a_cross_encoder_needs_an_output_and_safe_weights(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    tokenizer = BertTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"[UNK]": 0, "[PAD]": 1}, "[UNK]")))
    bodies = {
        "good": BertForSequenceClassification(BertConfig(**{**config.to_dict(), "num_labels": 1})),
        "two": BertForSequenceClassification(config),
        "headless": BertModel(config),
    }
    for name, body in bodies.items():
        body.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
    (tmp_path / "pickle").mkdir()
    for file in (tmp_path / "good").iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / "pickle" / file.name).write_bytes(file.read_bytes())
    torch.save(bodies["good"].state_dict(), tmp_path / "pickle" / "pytorch_model.bin")

    good = open_reader(str(tmp_path / "good"), tmp_path)

    assert good is not None
    assert good.read("a", ["b", "c d"]).shape == (2,)
    for name in ("two", "headless", "pickle"):
        with pytest.raises(ModelUnavailable, match="cannot be loaded"):
            open_reader(str(tmp_path / name), tmp_path)


@pytest.mark.real_embedder
@pytest.mark.parametrize(
    ("question", "answering", "beside"),
    [
        ("怎么退货", "如何申请退货？\n签收后三十天内在订单页面申请。", "退款多久到账？\n三到五个工作日。"),
        ("可以开专票吗", "能开增值税专用发票吗？\n可以，下单时填写税号。", "可以开收据吗？\n门店可以开收据。"),
        ("do you ship to canada", "Where do you ship?\nWe ship to the US and Canada.", "Where do you ship?\nWe ship to all EU countries."),
        ("电池能用多久", "How long does the battery last?\nAbout 80 km on one charge.", "How do I charge the battery?\nWith the charger in the box."),
    ],
)  # fmt: skip
def test_the_real_reader_prefers_what_answers(real_reader: Reader, question: str, answering: str, beside: str) -> None:
    yes, no = real_reader.read(question, [answering, beside])

    assert yes > no + 1


@pytest.mark.real_embedder
def test_the_real_reader_is_the_same_alone_and_in_a_batch(real_reader: Reader) -> None:
    texts = ["We ship to Canada.", "运费十元。" * 40, "x"]

    together = real_reader.read("shipping", texts)

    assert together.shape == (3,)
    assert together == pytest.approx([float(real_reader.read("shipping", [text])[0]) for text in texts], abs=1e-3)
    assert MAX_TOKENS <= 512
