"""`kefu verify`, with the real model."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from chatbot.errors import GeneratorFailed
from chatbot.generators import Generator
from chatbot.judge import supported
from chatbot.prompt import Prompt
from index.catalogue import DEFAULT_GENERATOR
from tests.conftest import MODELS, real_model
from ui.cli.run import run
from ui.launch import judge_for
from ui.settings import Settings

RETURNS = "You can return unused items within 30 days of delivery. Return shipping is free if the item is faulty; otherwise the customer pays."
TUIHUO = "签收后 30 天内可以申请退货。如果商品有质量问题，运费由商家承担，否则由买家承担。"
CLAIMS = [
    (RETURNS, "You can return unused items within 30 days of delivery.", True),
    (RETURNS, "You can return unused items within 90 days of delivery.", False),
    (RETURNS, "We also sell gift cards in our shop in Berlin.", False),
    (TUIHUO, "签收后30天内可以申请退货。", True),
    (TUIHUO, "签收后90天内可以申请退货。", False),
    (TUIHUO, "本店支持货到付款和分期付款。", False),
]


def test_many_are_checked_at_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_model(DEFAULT_GENERATOR)
    monkeypatch.setenv("KEFU_MODELS", str(MODELS))
    rows = [{"id": n, "sources": [source], "answer": answer} for n, (source, answer, _) in enumerate(CLAIMS)]
    rows.append({"id": "empty", "sources": [], "answer": ""})
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    assert run(["verify", "--claims", str(tmp_path / "claims.jsonl"), "--json"]) == 0

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["id"] for one in found] == [row["id"] for row in rows]
    assert [one["supported"] for one in found] == [*(truth for _, _, truth in CLAIMS), False]
    assert found[1]["missing"] == ["90 day"]
    assert all(0 <= one["score"] <= 1 for one in found)


def test_one_that_cannot_be_judged_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def weigh(prompt: Prompt) -> float:
        if "too long" in prompt.messages[-1].content:
            raise GeneratorFailed("it does not fit")
        return 9.0

    monkeypatch.setattr("ui.launch.judge_for", lambda settings, show, say: weigh)
    rows = [{"id": n, "sources": ["Yes."], "answer": answer} for n, answer in enumerate(("Yes.", "too long", "Yes."))]
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    assert run(["verify", "--claims", str(tmp_path / "claims.jsonl"), "--json"]) == 1

    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert [one.get("supported") for one in found] == [True, None, True]
    assert found[1] == {"id": 1, "error": "it does not fit"}
    assert "1 of 3 claims could not be checked: 1." in err


def test_what_leaves_the_machine_is_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read: list[str] = []
    remote = Generator("far", lambda prompt: iter(()), lambda prompt: float(len(read.append(str(prompt)) or "")), True)
    monkeypatch.setattr("ui.launch.generator_for", lambda settings, say: remote)

    weigh = judge_for(Settings(data=tmp_path, generator="openai:m@https://h/v1"), lambda model: nullcontext(), print)
    supported("张三的手机是13812345678。", ["张三，电话 13812345678。"], weigh)

    assert read
    assert "13812345678" not in read[0]


def test_quoting_alone_cannot_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_GENERATOR", "quote")
    (tmp_path / "claims.jsonl").write_text('{"id": 1, "sources": ["a"], "answer": "a"}', "utf-8")

    assert run(["verify", "--claims", str(tmp_path / "claims.jsonl")]) == 1
    assert "cannot judge" in capsys.readouterr().err


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
