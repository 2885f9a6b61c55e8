"""A server that speaks the OpenAI protocol: streamed, tried again, given up, never told a secret it need not know."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import GeneratorFailed, GeneratorUnavailable
from chatbot.generators import open_generator
from chatbot.generators import openai_http as openai
from chatbot.messages import Message
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF
from tests.test_bot import GENERATE, Build, bot, reply

__all__ = ["bot"]  # a fixture

PROMPT = Prompt((Message("system", "be brief"), Message("user", "hello")), (), "en")
Script = list[tuple[int, list[bytes]]]


def event(text: str, finish: str | None = None) -> bytes:
    return (
        b"data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish}]}).encode() + b"\n\n"
    )


NO_ERROR = b'data: {"choices": [], "error": null}\n\n'
DONE = b"data: [DONE]\n\n"
GOOD = (200, [event("You can "), event("return it."), event("", "stop"), DONE])


class Server:
    """Answers each request by the next line of its script, and remembers what it was asked."""

    def __init__(self) -> None:
        self.script: Script = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.left = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.keys.append(self.headers["Authorization"])
                status, pieces = outer.script.pop(0)
                self.send_response(status)
                self.send_header("Retry-After", "3")
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()
                        if piece == b":wait\n":
                            time.sleep(0.05)
                except OSError:
                    outer.left.set()

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def generate(server: Server, waits: list[float]) -> Callable[[Prompt], Iterator[str]]:
    return openai.open_openai("m", server.base, "secret", sleep=waits.append)[0]


def test_it_streams(server: Server, generate: openai.Callable[[Prompt], Iterator[str]]) -> None:
    server.script = [GOOD]

    assert list(generate(PROMPT)) == ["You can ", "return it."]
    assert server.asked[0]["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
    ]
    assert (server.asked[0]["model"], server.asked[0]["temperature"], server.asked[0]["stream"]) == ("m", 0, True)
    assert server.keys == ["Bearer secret"]


def test_without_a_key_none_is_sent_not_even_one_of_netrc(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.script = [GOOD]

    list(openai.open_openai("m", server.base)[0](PROMPT))

    assert server.keys == [None]


def test_an_answer_that_was_cut_off_says_so(server: Server, generate: Callable[[Prompt], Iterator[str]]) -> None:
    server.script = [(200, [event("You can ret", "length"), DONE])]

    assert list(generate(PROMPT)) == ["You can ret", CUT_OFF]


def test_the_last_word_is_optional(server: Server, generate: Callable[[Prompt], Iterator[str]]) -> None:
    server.script = [(200, [b": comment\n\n", NO_ERROR, event("Yes."), event("", "stop")])]

    assert list(generate(PROMPT)) == ["Yes."]


def test_what_may_pass_is_tried_again(
    server: Server, generate: Callable[[Prompt], Iterator[str]], waits: list[float]
) -> None:
    server.script = [(503, []), (429, []), GOOD]

    assert "".join(generate(PROMPT)) == "You can return it."
    assert waits == [3.0, 3.0]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([(401, [])], "answers 401"),
        ([(302, [])], "answers 302"),
        ([(500, [])] * 3, "answers 500"),
        ([(200, [event("You can ")])], "broke off"),
        ([(200, [b"data: nonsense\n\n"])], "something else than JSON"),
        ([(200, [b'data: {"error": {"message": "secret path"}}\n\n'])], "sent an error"),
        ([(200, [b'data: "text"\n\n'])], "sent an error"),
        ([(200, [b'data: {"choices": ["x"]}\n\n'])], "something else than an answer"),
        ([(200, [b'data: {"choices": [{"delta": {"content": ["x"]}}]}\n\n'])], "something else than an answer"),
    ],
)
def test_a_failure_is_one_that_the_bot_knows(
    server: Server, generate: Callable[[Prompt], Iterator[str]], script: Script, said: str
) -> None:
    server.script = script

    with pytest.raises(GeneratorFailed, match=said):
        list(generate(PROMPT))


def test_a_server_that_is_not_there(waits: list[float]) -> None:
    generate, _ = openai.open_openai("m", "http://user:pass@127.0.0.1:1/v1", "secret", sleep=waits.append)

    with pytest.raises(GeneratorFailed) as error:
        list(generate(PROMPT))

    assert len(waits) == openai.RETRIES
    assert "pass" not in str(error.value)


def test_a_server_that_says_nothing(
    server: Server, generate: Callable[[Prompt], Iterator[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "SILENCE_S", 0.2)
    monkeypatch.setattr(openai, "RETRIES", 0)
    silent = threading.Event()
    server.script = [(200, Silent(silent))]  # type: ignore[list-item]

    with pytest.raises(GeneratorFailed):
        list(generate(PROMPT))
    silent.set()


class Silent(list[bytes]):
    """Pieces that do not come until they are let go."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__()
        self.released = released

    def __iter__(self) -> Iterator[bytes]:
        self.released.wait(10)
        return iter(())


def test_a_server_that_fails_again_and_again_is_left_alone_for_a_while(server: Server, waits: list[float]) -> None:
    now = 0.0
    generate, _ = openai.open_openai("m", server.base, sleep=waits.append, clock=lambda: now)
    server.script = [(401, [])] * 3
    for _ in range(3):
        with pytest.raises(GeneratorFailed, match="answers 401"):
            list(generate(PROMPT))

    with pytest.raises(GeneratorFailed, match="asked again in 30 s"):
        list(generate(PROMPT))
    assert len(server.asked) == 3
    now, server.script = openai.REST_S, [GOOD]
    first = generate(PROMPT)
    assert next(first) == "You can "
    with pytest.raises(GeneratorFailed, match="asked again"):  # one try, not all at once
        list(generate(PROMPT))
    assert list(first) == ["return it."]
    server.script = [GOOD]
    assert list(generate(PROMPT)) == ["You can ", "return it."]


def test_a_question_that_is_refused_does_not_count(server: Server, waits: list[float]) -> None:
    generate, _ = openai.open_openai("m", server.base, sleep=waits.append)
    server.script = [*[(400, [])] * 4, GOOD]
    for _ in range(4):
        with pytest.raises(GeneratorFailed, match="answers 400"):
            list(generate(PROMPT))

    assert list(generate(PROMPT)) == ["You can ", "return it."]


def test_the_work_ends_when_the_visitor_leaves(server: Server, generate: Callable[[Prompt], Iterator[str]]) -> None:
    server.script = [(200, [event("word "), *[b":wait\n"] * 400, DONE])]

    pieces = generate(PROMPT)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]

    assert server.left.wait(5)


def test_the_bot_shows_the_published_answer_and_masks_what_leaves(server: Server, bot: Build, tmp_path: Path) -> None:
    server.script = [(500, [])] * 3
    remote = open_generator(f"openai:m@{server.base}", tmp_path, key="secret")
    slow = replace(
        bot(GENERATE), generator=replace(remote, generate=openai.open_openai("m", server.base, sleep=lambda s: None)[0])
    )

    _, answer = reply(slow, "How do I return an item, call me on 13812345678?")

    assert answer.generator == "quote"
    assert answer.status == "answered"
    assert "[phone]" in server.asked[0]["messages"][1]["content"]
    assert "13812345678" not in json.dumps(server.asked)


@pytest.mark.parametrize(
    "spec", ["openai:", "openai:model", "openai:model@shop.example/v1", "openai:@https://shop.example/v1"]
)
def test_a_name_without_a_server_says_what_to_write(tmp_path: Path, spec: str) -> None:
    with pytest.raises(GeneratorUnavailable, match="Write openai:MODEL@https://HOST/v1"):
        open_generator(spec, tmp_path)


def first_word(**likely: float) -> tuple[int, list[bytes]]:
    """An answer of one token, with how likely its first words are."""
    tokens = [{"token": word, "logprob": math.log(share)} for word, share in likely.items()]
    choice = {"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "top_logprobs": tokens}]}}
    return 200, [json.dumps({"choices": [choice]}).encode()]


def said(text: str) -> tuple[int, list[bytes]]:
    """An answer without likelihoods."""
    return 200, [json.dumps({"choices": [{"message": {"content": text}}]}).encode()]


def test_a_server_that_judges_and_does_not_write_is_left_alone_too(server: Server) -> None:
    generate, weigh = openai.open_openai("m", server.base, sleep=lambda s: None)
    server.script = [said("yes"), (401, [])] * 3 + [said("yes")]
    for _ in range(3):
        assert weigh(PROMPT) == 2
        with pytest.raises(GeneratorFailed, match="answers 401"):
            list(generate(PROMPT))

    with pytest.raises(GeneratorFailed, match="asked again"):
        list(generate(PROMPT))
    assert weigh(PROMPT) == 2


@pytest.fixture
def weigh(server: Server) -> Callable[[Prompt], float]:
    return openai.open_openai("m", server.base, sleep=lambda s: None)[1]


def test_yes_and_no_are_weighed_however_they_are_spelled(server: Server, weigh: Callable[[Prompt], float]) -> None:
    server.script = [first_word(Yes=0.3, yes=0.3, No=0.2, Maybe=0.2), first_word(**{" no": 0.9, " Yes": 0.1})]

    assert weigh(PROMPT) == pytest.approx(math.log(3), abs=1e-3)
    assert weigh(PROMPT) == pytest.approx(-math.log(9), abs=1e-3)
    assert server.asked[0]["logprobs"] is True
    assert "stream" not in server.asked[0]


def test_what_comes_before_the_first_word_is_passed_over(server: Server, weigh: Callable[[Prompt], float]) -> None:
    line, word = (
        {"token": text, "top_logprobs": [{"token": "No", "logprob": odds}]}
        for text, odds in (("\n", -9.0), ("No", -0.1))
    )
    choice = {"message": {"content": "\nNo"}, "logprobs": {"content": [line, word]}}
    server.script = [(200, [json.dumps({"choices": [choice]}).encode()])]

    assert weigh(PROMPT) == pytest.approx(math.log(1e-6) - -0.1, abs=0.1)


def test_a_server_without_likelihoods_is_believed_a_little(server: Server, weigh: Callable[[Prompt], float]) -> None:
    server.script = [(400, [b"logprobs are not supported"]), said("Yes."), said("no"), said("Perhaps")]

    assert weigh(PROMPT) == 2
    assert "logprobs" not in server.asked[1]
    assert weigh(PROMPT) == -2
    with pytest.raises(GeneratorFailed, match="said neither"):
        weigh(PROMPT)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"choices": [{"logprobs": 1}]}', b'{"choices": [{"logprobs": {"content": [1]}}]}']
)
def test_odd_answers_to_a_weighing_are_failures(server: Server, weigh: Callable[[Prompt], float], body: bytes) -> None:
    server.script = [(200, [body])]

    with pytest.raises(GeneratorFailed):
        weigh(PROMPT)
