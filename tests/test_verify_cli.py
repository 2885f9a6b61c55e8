"""`kefu verify` and the judge behind it, with the real model."""

import json
from pathlib import Path

import numpy as np
import pytest

from chatbot.support import Judge, Marks, doubted, evidence, open_judge, supported
from index.catalogue import DEFAULT_EMBEDDER
from tests.conftest import MODELS, real_model
from ui.cli.run import run

RETURNS = "You can return unused items within 30 days of delivery. Return shipping is free if the item is faulty; otherwise the customer pays."
TUIHUO = "签收后 30 天内可以申请退货。如果商品有质量问题，运费由商家承担，否则由买家承担。"


@pytest.fixture(scope="module")
def judge() -> Judge:
    found = open_judge(real_model(DEFAULT_EMBEDDER), "cpu")
    assert found is not None
    return found


def test_each_token_of_the_sentence_is_marked_and_none_of_the_evidence(judge: Judge) -> None:
    texts = ["Unused items go back within 30 days.", "三十天内可以退货。"]

    english, chinese = judge(texts, [RETURNS, TUIHUO])

    for text, marks in zip(texts, (english, chinese), strict=True):
        assert marks.places.shape == (len(marks.probabilities), 2)
        assert np.allclose(marks.probabilities.sum(1), 1, atol=1e-4)
        assert marks.places.max() <= len(text)
        assert (np.diff(marks.places[:, 0]) >= 0).all()


def test_a_batch_judges_as_one_at_a_time_does(judge: Judge) -> None:
    texts = ["Unused items go back within 30 days.", "The shop pays.", "三十天内可以退货。"] * 4
    sources = [RETURNS, RETURNS, TUIHUO] * 4

    together = judge(texts, sources)

    for text, source, marks in zip(texts, sources, together, strict=True):
        assert np.allclose(judge([text], [source])[0].probabilities, marks.probabilities, atol=1e-3)


@pytest.mark.parametrize(
    ("answer", "sources"),
    [
        ("You can return unused items within 30 days of delivery.", [RETURNS]),
        ("签收后30天内可以申请退货。", [TUIHUO]),
        ("You can return unused items within 30 days of delivery.", ["We open at nine.", RETURNS]),
    ],
)
def test_what_a_source_says_is_supported(judge: Judge, answer: str, sources: list[str]) -> None:
    found = supported(answer, sources, judge)

    assert found.holds
    assert found.score >= 0.5


@pytest.mark.parametrize(
    ("answer", "sources"),
    [
        ("You can return unused items within 90 days of delivery.", [RETURNS]),
        ("签收后90天内可以申请退货。", [TUIHUO]),
        ("We also sell gift cards in our shop in Berlin.", [RETURNS]),
        ("本店支持货到付款和分期付款。", [TUIHUO]),
    ],
)
def test_what_no_source_says_is_not(judge: Judge, answer: str, sources: list[str]) -> None:
    assert not supported(answer, sources, judge).holds


def test_doubted_words_are_whole_pieces() -> None:
    text = "Free gift cards at once."
    places = np.array([(0, 4), (5, 9), (10, 15), (16, 18), (19, 23), (23, 24)])
    likely = np.array(
        [[0.1, 0.9, 0], [0.2, 0.7, 0.1], [0.9, 0.1, 0], [0.8, 0.1, 0.1], [0.3, 0, 0.7], [0.9, 0, 0.1]], np.float32
    )

    assert doubted(text, Marks(places, likely)) == ["Free gift", "once"]


def test_evidence_is_what_shares_most_with_the_sentence() -> None:
    filler = [f"Rule {number}: please keep the hall number {number} tidy at all times." for number in range(200)]

    found = evidence(
        "Refunds for faulty items take five days.", [*filler, "Refunds take five days if an item is faulty.", *filler]
    )

    assert "Refunds take five days" in found
    assert len(found) < 2000


def test_many_are_checked_at_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_model(DEFAULT_EMBEDDER)
    monkeypatch.setenv("KEFU_MODELS", str(MODELS))
    rows = [
        {"id": 1, "sources": [RETURNS], "answer": "You can return unused items within 30 days of delivery."},
        {"id": "b", "sources": [RETURNS], "answer": "You can return unused items within 90 days of delivery."},
        {"id": "c", "sources": [], "answer": ""},
    ]
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    assert run(["verify", "--claims", str(tmp_path / "claims.jsonl"), "--json"]) == 0

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["supported"]) for one in found[:2]] == [(1, True), ("b", False)]
    assert all(0 <= one["score"] <= 1 for one in found)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": 1, "answer": "a"}', 'every line needs "id", "sources" (a list of texts) and "answer"'),
        ('{"id": 1, "sources": "a", "answer": "a"}', 'every line needs "id", "sources" (a list of texts) and "answer"'),
        ('{"id": 1, "sources": [1], "answer": "a"}', '"sources" is a list of texts'),
    ],
)
def test_a_line_that_is_no_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, problem: str) -> None:
    (tmp_path / "claims.jsonl").write_text(line, "utf-8")

    assert run(["verify", "--claims", str(tmp_path / "claims.jsonl"), "--json"]) == 1
    assert problem in capsys.readouterr().err
