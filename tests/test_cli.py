"""The command line in process: exit codes, one clear line, nothing lost. Real models are in test_demo_real.py."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ui.cli.output import say, show
from ui.cli.run import run

PAGES = {
    "/robots.txt": (404, "text/plain", b""),
    "/empty": (200, "text/html", b"<html><body></body></html>"),
    "/file.bin": (200, "application/octet-stream", b"\x00\x01"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, kind, body = PAGES.get(self.path, (404, "text/html", b"gone"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fails(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 1) -> str:
    """Run a command that must fail; returns its one line."""
    assert run(list(argv)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("path", "said"),
    [("/missing", "answers 404"), ("/file.bin", "not a web page"), ("/empty", "none holds text")],
)
def test_crawl_of_a_bad_address(capsys: pytest.CaptureFixture[str], site: str, path: str, said: str) -> None:
    line = fails(capsys, "crawl", f"http://{site}{path}", "--site", "s", "--delay", "0", "--allow-host", site)

    assert said in line
    assert not Path("kefu-data/sites/s/site.json").exists()


def test_crawl_of_an_unreachable_address(capsys: pytest.CaptureFixture[str]) -> None:
    line = fails(capsys, "crawl", "http://127.0.0.1:9/", "--site", "s", "--allow-host", "127.0.0.1:9")

    assert "cannot be reached" in line


def test_crawl_of_a_private_address_says_how_to_allow_it(capsys: pytest.CaptureFixture[str], site: str) -> None:
    assert f"--allow-host {site}" in fails(capsys, "crawl", f"http://{site}/", "--site", "s")


@pytest.mark.parametrize(
    "argv",
    [
        ("ask", "hi", "--site", "nowhere"),
        ("search", "hi", "--site", "nowhere"),
        ("crawl", "--site", "nowhere"),
        ("rm", "--site", "nowhere"),
        ("serve", "--site", "nowhere"),
        ("ask", "hi"),
    ],
)
def test_a_site_that_is_not_there(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]) -> None:
    assert "kefu crawl URL" in fails(capsys, *argv)


def test_what_a_stranger_wrote_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    for line in (show, say):
        line("Cheap\x1b[2J\x9b2J\u202e pens\tfor 1 €")

    assert ("Cheap[2J2J pens\tfor 1 €\n",) * 2 == tuple(capsys.readouterr())


def test_a_site_name_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.jsonl").write_text('{"answer":"x"}', "utf-8")

    assert "a–z, 0–9 and hyphens" in fails(capsys, "import", "a.jsonl", "--site", "../up")


def test_a_named_model_that_is_not_to_be_had(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "kefu models" in fails(capsys, "models", "pull", "no-such-model")


@pytest.mark.parametrize("argv", [("crawl", "--max-pages", "0"), ("nonsense",), ("search", "--colour"), ("import",)])
def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]) -> None:
    assert "kefu --help" in fails(capsys, *argv, code=2)


@pytest.mark.parametrize("url", ["nonsense url", "ftp://shop.example/", "https://user:pw@shop.example/", "https:///"])
def test_crawl_of_what_is_no_address_makes_nothing(capsys: pytest.CaptureFixture[str], url: str) -> None:
    fails(capsys, "crawl", url)

    assert not Path("kefu-data").exists()


def test_the_scheme_of_an_address_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert "https://127.0.0.1:9/" in fails(capsys, "crawl", "127.0.0.1:9/faq", "--allow-host", "127.0.0.1:9")


def test_a_pattern_that_is_none(capsys: pytest.CaptureFixture[str], site: str) -> None:
    assert "regular expression" in fails(capsys, "crawl", f"http://{site}/", "--include", "(")


@pytest.mark.parametrize(("name", "value"), [("KEFU_PORT", "x"), ("KEFU_GENRATOR", "quote")])
def test_a_setting_that_cannot_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert "kefu config" in fails(capsys, "status")


def test_an_unknown_key_in_kefu_toml(capsys: pytest.CaptureFixture[str]) -> None:
    Path("kefu.toml").write_text('genrator = "quote"\n', "utf-8")

    assert "genrator" in fails(capsys, "status")


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_DATABASE", "postgresql://user:hunter2@db/kefu")

    assert run(["config"]) == 0
    assert "hunter2" not in capsys.readouterr().out


def test_extract_prints_one_line_for_each_page(capsys: pytest.CaptureFixture[str]) -> None:
    Path("faq.html").write_text("<title>FAQ</title><dl><dt>如何退货？</dt><dd>三十天内退回。</dd></dl>", "utf-8")
    Path("plain.html").write_text("<h1>About us</h1><p>We bind notebooks by hand in a small town.</p>", "utf-8")

    assert run(["extract", "faq.html", "plain.html", "--json"]) == 0

    faq, plain = map(json.loads, capsys.readouterr().out.splitlines())
    assert [entry["question"] for entry in faq["entries"]] == ["如何退货？"]
    assert set(faq["entries"][0]) == {"question", "answer", "url", "anchor", "section", "language", "source"}
    assert plain["entries"] == []
    assert plain["passages"] == [
        {"heading": "About us", "text": "We bind notebooks by hand in a small town.", "anchor": ""}
    ]


def test_extract_goes_on_after_a_page_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("faq.html").write_text("<details><summary>Q?</summary>A.</details>", "utf-8")

    assert run(["extract", "missing.html", "faq.html", "--json"]) == 1

    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "missing.html cannot be read" in err


def test_status_and_models_without_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sites"] == []
    assert run(["models", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("kefu ")
