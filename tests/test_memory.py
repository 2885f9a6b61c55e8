"""Conversations in a real SQLite file."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import MemoryFailed
from chatbot.memory import MAX_TURNS, Memory, open_memory
from chatbot.messages import Answer, Citation, Message, Status

ROOT = Path(__file__).resolve().parents[1]


def answer(text: str = "30 天内。", status: Status = "answered", probability: float | None = 0.9) -> Answer:
    return Answer(text, status, probability, "quote", (Citation(1, "Q?", "https://shop.example/", "30 天内。"),))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kefu.db"


@pytest.fixture
def memory(file: Path) -> Iterator[Memory]:
    opened = open_memory(f"sqlite:///{file}")
    yield opened
    opened.close()


def test_a_conversation_is_read_back_oldest_first(memory: Memory) -> None:
    token = memory.start("shop").token
    memory.record(token, "怎么退货", answer("寄回即可。"))
    memory.record(token, "多久", answer("3 天。"))

    loaded = memory.load(token, "shop")

    assert loaded is not None
    assert loaded.token == token
    assert loaded.messages == (
        Message("user", "怎么退货"),
        Message("assistant", "寄回即可。"),
        Message("user", "多久"),
        Message("assistant", "3 天。"),
    )


def test_only_the_last_turns_are_read(memory: Memory) -> None:
    token = memory.start("shop").token
    for number in range(MAX_TURNS + 5):
        memory.record(token, f"question {number}", answer())

    loaded = memory.load(token, "shop")

    assert loaded is not None
    assert len(loaded.messages) == 2 * MAX_TURNS
    assert loaded.messages[0].content == "question 5"


def test_a_new_conversation_is_empty(memory: Memory) -> None:
    conversation = memory.start("shop")

    assert conversation == memory.load(conversation.token, "shop")
    assert conversation.messages == ()


@pytest.mark.parametrize("token", ["", "unknown", "' OR 1=1 --"])
def test_an_unknown_token_opens_nothing(memory: Memory, token: str) -> None:
    memory.start("shop")

    assert memory.load(token, "shop") is None


def test_a_token_of_another_site_opens_nothing(memory: Memory) -> None:
    token = memory.start("shop").token

    assert memory.load(token, "other") is None
    assert memory.load(token, "shop") is not None


def test_tokens_cannot_be_guessed_and_do_not_stand_in_the_database(memory: Memory, file: Path) -> None:
    tokens = [memory.start("shop").token for _ in range(20)]
    for token in tokens:
        memory.rate(token, memory.record(token, "怎么退货", answer()), 1)
        memory.load(token, "shop")
    memory.close()

    stored = b"".join(path.read_bytes() for path in file.parent.iterdir())

    assert "怎么退货".encode() in stored
    assert not any(token.encode() in stored for token in tokens)
    assert len(set(tokens)) == 20
    assert min(map(len, tokens)) >= 43


def test_what_identifies_a_person_does_not_stand_in_the_database(memory: Memory, file: Path) -> None:
    token = memory.start("shop").token
    turn = memory.record(token, "我的手机13812345678，邮箱jane@shop.cn", answer(status="refused"))
    memory.rate(token, turn, -1, "call me at +44 20 7946 0958")
    memory.close()

    stored = b"".join(path.read_bytes() for path in file.parent.iterdir())

    assert not any(secret in stored for secret in (b"13812345678", b"jane@", b"7946"))
    assert [gap.question for gap in memory.gaps("shop")] == ["我的手机[phone]，邮箱[email]"]


def test_one_rates_only_ones_own_turns(memory: Memory, file: Path) -> None:
    mine, other = memory.start("shop").token, memory.start("shop").token
    turn = memory.record(mine, "怎么退货", answer())

    assert memory.rate(mine, turn, 1, "helpful") is True
    assert memory.rate(other, turn, -1) is False
    assert memory.rate("unknown", turn, -1) is False
    assert memory.rate(mine, turn + 1, -1) is False

    memory.close()
    with sqlite3.connect(file) as database:
        rows = database.execute("SELECT rating, note FROM turns").fetchall()
    database.close()
    assert rows == [(1, "helpful")]


def test_gaps_are_what_found_no_answer_newest_first(memory: Memory) -> None:
    token, foreign = memory.start("shop").token, memory.start("other").token
    memory.record(token, "first", answer(status="refused", probability=0.1))
    memory.record(token, "second", answer(status="suggested", probability=0.3))
    memory.record(token, "third", answer())
    memory.record(token, "hello", answer(status="smalltalk", probability=None))
    memory.record(foreign, "fourth", answer(status="refused"))

    assert [(gap.question, gap.probability) for gap in memory.gaps("shop")] == [("second", 0.3), ("first", 0.1)]
    assert [gap.question for gap in memory.gaps("shop", limit=1)] == ["second"]
    assert memory.gaps("nowhere") == []


def test_a_site_can_be_forgotten(memory: Memory, file: Path) -> None:
    token, kept = memory.start("shop").token, memory.start("other").token
    memory.record(token, "a very personal story", answer(status="refused"))
    memory.record(kept, "another", answer())

    memory.forget_site("shop")

    assert memory.load(token, "shop") is None
    assert memory.gaps("shop") == []
    assert memory.load(kept, "other") is not None
    memory.close()
    assert not any(b"a very personal story" in path.read_bytes() for path in file.parent.iterdir())


def test_a_turn_needs_a_conversation(memory: Memory) -> None:
    with pytest.raises(MemoryFailed):
        memory.record("unknown", "hello", answer())


def test_what_is_stored_outlives_the_process(memory: Memory, file: Path) -> None:
    token = memory.start("shop").token
    memory.record(token, "怎么退货", answer())
    memory.close()

    again = open_memory(f"sqlite:///{file}")

    assert again.load(token, "shop") is not None
    again.close()


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/kefu.db", "nonsense", "oracle9://x"])
def test_a_database_that_cannot_be_opened_says_what_to_check(url: str) -> None:
    with pytest.raises(MemoryFailed, match="Check the 'database' setting") as error:
        open_memory(url)

    assert "\n" not in str(error.value)


def test_a_file_that_is_no_database_says_so(file: Path) -> None:
    file.write_text("this is no database, but a text that is long enough to be looked at" * 20)

    with pytest.raises(MemoryFailed, match="file is not a database"):
        open_memory(f"sqlite:///{file}")


def test_reading_gaps_of_a_broken_database_is_one_of_our_errors(memory: Memory, file: Path) -> None:
    memory.close()
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE turns")
    database.close()

    with pytest.raises(MemoryFailed):
        memory.gaps("shop")


def test_eight_threads_write_at_once(memory: Memory) -> None:
    failed: list[Exception] = []
    tokens = [memory.start("shop").token for _ in range(8)]

    def write(token: str) -> None:
        try:
            for number in range(50):
                memory.record(token, f"question {number}", answer(status="refused"))
                memory.load(token, "shop")
        except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
            failed.append(error)

    threads = [threading.Thread(target=write, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(memory.gaps("shop", limit=1000)) == 400


@pytest.mark.slow_process
def test_four_processes_write_at_once(memory: Memory, file: Path) -> None:
    code = """
import sys
from chatbot.memory import open_memory
from chatbot.messages import Answer
memory = open_memory(sys.argv[1])
token = memory.start("shop").token
for number in range(50):
    memory.record(token, f"question {number}", Answer("no", "refused", 0.1, "texts"))
memory.close()
"""
    command = [sys.executable, "-c", code, f"sqlite:///{file}"]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate()[1] for process in processes]

    assert errors == [b""] * 4
    assert len(memory.gaps("shop", limit=1000)) == 200
