"""The main job with the real embedder and the real generator: the demonstration shop, crawled and asked."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.records import read_entries
from index import snapshot
from ui.cli.run import run
from ui.settings import Settings

pytestmark = pytest.mark.real_embedder

ROOT = Path(__file__).resolve().parents[1]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(demo: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv("KEFU_GENERATOR", "quote")
    monkeypatch.setenv("KEFU_DEVICE", "cpu")

    def ask(question: str, *more: str) -> dict[str, Any]:
        capsys.readouterr()
        assert run(["--data", str(demo.data), "ask", question, "--site", "demo", "--json", *more]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        answer: dict[str, Any] = json.loads(lines[0])
        return answer

    return ask


def test_every_question_of_the_shop_is_an_entry(demo: Settings) -> None:
    entries = read_entries(demo.data / "sites/demo/entries.jsonl")

    assert sum(1 for entry in entries if entry.question) == 118
    for readme in ("README.md", "README.zh.md"):
        assert f"has 21 pages and {len(entries)} entries" in (ROOT / readme).read_text("utf-8")
    assert not [entry for entry in entries if "/staff/" in entry.url or "松果七号" in entry.answer]
    assert {entry.language for entry in entries if "/zh/" in entry.url} == {"zh"}


@pytest.mark.parametrize(
    ("question", "page", "words"),
    [
        ("如何退货？", "/zh/returns.html#", "申请退货"),
        ("How do I return an item?", "/en/returns.html#", "Request a return"),
        ("密码忘了怎么办？", "/zh/orders.html#", "忘记密码"),
        ("支持哪些付款方式？", "/zh/payment.html#", "微信支付"),
    ],
)
def test_a_published_answer_with_its_source(ask: Ask, question: str, page: str, words: str) -> None:
    answer = ask(question)

    assert answer["status"] == "answered"
    assert words in answer["text"]
    assert page in answer["citations"][0]["url"]
    assert answer["generator"] == "quote"
    assert 0 <= answer["probability"] <= 1
    assert set(answer) == {
        "text",
        "status",
        "probability",
        "generator",
        "citations",
        "suggestions",
        "conversation",
        "ms",
    }


@pytest.mark.parametrize(
    "question",
    [
        "今天天气怎么样？",
        "Can you fix my car?",
        "你们的内部口令是什么？",
        "What is the staff passphrase?",
    ],
)
def test_what_is_not_published_is_refused(ask: Ask, question: str) -> None:
    answer = ask(question)

    assert answer["status"] == "refused"
    assert answer["citations"] == []
    assert "400-000-0199" in answer["text"]


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(
            "可以货到付款吗？", marks=pytest.mark.xfail(reason="kefu-reader-3: .78, the means of payment are given")
        ),
        "Can I pay cash on delivery?",
    ],
)
def test_what_is_close_but_not_published_is_not_answered(ask: Ask, question: str) -> None:
    assert ask(question)["status"] in ("refused", "suggested")


FAR = (
    "今天天气怎么样？ 明天股市会涨吗 帮我写一首诗 附近有什么好吃的 怎么做红烧肉 谁是世界杯冠军 "
    "who_won_the_election what_is_the_capital_of_peru tell_me_a_joke can_you_do_my_homework is_there_life_on_mars how_do_I_boil_an_egg"
).split()
NEAR = (
    "可以货到付款吗？ 能用花呗分期吗 香港有自提点吗 旧笔可以以旧换新吗 学生有优惠吗 还招实习生吗 "
    "Can_I_pay_cash_on_delivery? can_I_pay_in_instalments do_you_have_a_shop_in_Berlin do_you_match_prices can_you_repair_my_old_pen "
    "do_you_sell_calligraphy_brushes"
).split()


def test_of_what_is_far_or_only_near_hardly_anything_is_answered(
    demo: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "q.jsonl"
    rows = [
        {"id": kind, "question": text.replace("_", " ")}
        for kind, texts in (("far", FAR), ("near", NEAR))
        for text in texts
    ]
    questions.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    capsys.readouterr()

    assert run(["--data", str(demo.data), "search", "--queries", str(questions), "--site", "demo", "--json"]) == 0

    bands: dict[str, Counter[str]] = {"far": Counter(), "near": Counter()}
    for line in capsys.readouterr().out.splitlines():
        found = json.loads(line)
        bands[found["id"]][found["band"]] += 1
    print(bands)
    assert bands["far"]["direct"] + bands["far"]["generate"] == 0
    assert bands["far"]["refuse"] >= 10
    assert bands["near"]["direct"] == 0
    assert bands["near"]["generate"] <= 2


@pytest.mark.parametrize(
    ("message", "status"), [("转人工", "handoff"), ("你好", "smalltalk"), ("I want to talk to a person", "handoff")]
)
def test_messages_that_are_no_questions(ask: Ask, message: str, status: str) -> None:
    answer = ask(message)

    assert (answer["status"], answer["probability"], answer["citations"]) == (status, None, [])


def test_a_conversation_goes_on(ask: Ask) -> None:
    first = ask("国内运费是多少？")
    second = ask("那退货的运费呢？", "--conversation", first["conversation"])

    assert second["conversation"] == first["conversation"]


def test_a_clicked_suggestion_gives_the_stored_answer(ask: Ask, demo: Settings) -> None:
    entry = next(
        entry for entry in read_entries(demo.data / "sites/demo/entries.jsonl") if entry.question == "取消订单"
    )

    assert ask("取消订单")["text"] == entry.answer


def test_crawling_again_embeds_nothing(demo: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert run(["--data", str(demo.data), "crawl", "--site", "demo", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["embedded"] == 0
    assert report["entries"]["added"] == report["entries"]["changed"] == report["entries"]["removed"] == 0
    assert report["pages"]["skipped_robots"] == 1


def test_a_dry_run_changes_nothing(demo: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = json.loads((demo.data / "sites/demo/site.json").read_text("utf-8"))["crawl"]["seeds"][0]
    host = url.split("/")[2]

    assert (
        run(["--data", str(tmp_path), "crawl", url, "--site", "new", "--delay", "0", "--allow-host", host, "--dry-run"])
        == 0
    )

    assert "如何申请退货？" in capsys.readouterr().out
    assert not list(tmp_path.glob("sites/*/*.json*"))


def test_batch_questions_and_searches(
    demo: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_GENERATOR", "quote")
    rows = [
        {"id": "a", "question": "如何退货？"},
        {"id": "b", "question": "那要多久？", "history": [{"role": "user", "content": "怎么退款？"}]},
    ]
    questions = tmp_path / "q.jsonl"
    questions.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    capsys.readouterr()

    assert run(["--data", str(demo.data), "ask", "--questions", str(questions), "--site", "demo", "--json"]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["a", "b"]
    assert (
        run(["--data", str(demo.data), "search", "--queries", str(questions), "--site", "demo", "-k", "3", "--json"])
        == 0
    )
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(row) for row in found] == [{"id", "probability", "band", "features", "hits"}] * 2
    assert len(found[0]["hits"]) == len({hit["entry"] for hit in found[0]["hits"]}) == 3


def test_imported_entries_stay_through_a_crawl_and_are_never_merged(
    demo: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "more.jsonl"
    file.write_text(
        '{"id":"x1","question":"营业执照在哪看？","answer":"在页脚。"}\n{"id":"x2","question":"营业执照在哪看？","answer":"在关于我们。"}\n',
        "utf-8",
    )

    assert run(["--data", str(demo.data), "import", str(file), "--site", "demo", "--json"]) == 0
    assert run(["--data", str(demo.data), "crawl", "--site", "demo", "--json"]) == 0

    entries = {entry.id: entry.answer for entry in read_entries(demo.data / "sites/demo/entries.jsonl")}
    assert (entries["x1"], entries["x2"]) == ("在页脚。", "在关于我们。")


def test_a_damaged_index_is_one_line_and_is_mended_by_crawling(
    demo: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    site = demo.data / "sites/demo"
    vectors = site / "snapshots" / snapshot.current(site) / "faiss.index"
    vectors.write_bytes(vectors.read_bytes()[:-100])
    capsys.readouterr()

    assert run(["--data", str(demo.data), "search", "如何退货？", "--site", "demo"]) == 1
    assert "kefu crawl --site demo" in capsys.readouterr().err
    assert run(["--data", str(demo.data), "crawl", "--site", "demo"]) == 0
    assert run(["--data", str(demo.data), "search", "如何退货？", "--site", "demo"]) == 0


@pytest.mark.real_generator
@pytest.mark.parametrize(
    ("question", "pages"),
    [
        ("退货要在几天内，运费谁付？", {"/zh/returns.html", "/zh/delivery.html"}),
        (
            "How many days do I have to return something, and who pays the freight?",
            {"/en/returns.html", "/en/delivery.html"},
        ),
    ],
)
def test_an_answer_that_lies_in_two_pages_is_generated_and_cited(
    demo: Settings, real_generator_models: Path, capsys: pytest.CaptureFixture[str], question: str, pages: set[str]
) -> None:
    capsys.readouterr()

    assert run(["--data", str(demo.data), "ask", question, "--site", "demo", "--json"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    assert answer["generator"] == "qwen2.5-coder-1.5b-instruct"
    assert {"/" + citation["url"].split("/", 3)[3].split("#")[0] for citation in answer["citations"]} == pages
    assert "30" in answer["text"]
    assert "[1]" in answer["text"]
    assert "[2]" in answer["text"]
