"""Fetching from a real server on this machine, within limits."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crawler.errors import FetchFailed, UrlRefused
from crawler.fetch import FetchLimits, fake_fetch, open_fetch, user_agent
from crawler.response import Fetch, Response

LIMITS = FetchLimits(max_bytes=4096, deadline_s=5, connect_s=2, max_redirects=3)
Answer = Callable[[BaseHTTPRequestHandler], None]


def say(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Type": "text/html", "Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def go_to(target: str) -> Answer:
    return say(b"moved", 302, Location=target)


def dribble(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.2)


def break_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"only this")


def echo(handler: BaseHTTPRequestHandler) -> None:
    names = ("User-Agent", "Accept-Encoding", "Authorization", "Cookie")
    say(repr([handler.headers[name] for name in names]).encode())(handler)


def go_to_www(handler: BaseHTTPRequestHandler) -> None:
    go_to(f"http://www.{handler.headers['Host']}/")(handler)


ANSWERS: dict[str, Answer] = {
    "/": say("你好".encode(), Content_Type="text/html; charset=utf-8"),
    "/gone": say(b"gone", 410),
    "/moved": go_to("/there/"),
    "/there/": go_to("../"),
    "/moved-to-chinese": go_to("/问".encode().decode("latin-1")),
    "/%E9%97%AE": say(b"asked"),
    "/abroad": go_to("http://other.example/"),
    "/to-a-file": go_to("file:///etc/passwd"),
    "/to-www": go_to_www,
    "/loop": go_to("/loop"),
    "/nowhere": say(b"a 302 without Location", 302),
    "/full": say(b"x" * 4096),
    "/large": say(b"x" * 4097),
    "/gzip": say(gzip.compress(b"inflated"), Content_Encoding="gzip"),
    "/bomb": say(gzip.compress(b"\0" * 2**20), Content_Encoding="gzip"),
    "/no-gzip": say(b"this is no gzip", Content_Encoding="gzip"),
    "/brotli": say(b"?", Content_Encoding="br"),
    "/dribble": dribble,
    "/break-off": break_off,
    "/echo": echo,
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with suppress(OSError):
            ANSWERS[self.path](self)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """`127.0.0.1:port` of a running server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def fetch(host: str) -> Fetch:
    return open_fetch(allow_hosts=[host], limits=LIMITS)


def failure(fetch: Fetch, url: str) -> str:
    with pytest.raises(FetchFailed) as error:
        fetch(url)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_page(fetch: Fetch, host: str) -> None:
    assert Response(f"http://{host}/", 200, "text/html; charset=utf-8", "你好".encode()) == fetch(f"http://{host}")


def test_an_error_page_is_an_answer(fetch: Fetch, host: str) -> None:
    assert 410 == fetch(f"http://{host}/gone").status


def test_a_redirect_inside_the_site_is_followed(fetch: Fetch, host: str) -> None:
    response = fetch(f"http://{host}/moved")

    assert (f"http://{host}/", "你好") == (response.url, response.body.decode())


def test_a_redirect_to_a_path_in_plain_utf8(fetch: Fetch, host: str) -> None:
    assert b"asked" == fetch(f"http://{host}/moved-to-chinese").body


def test_a_redirect_to_another_host_is_refused(fetch: Fetch, host: str) -> None:
    assert "redirects to another site (other.example)" in failure(fetch, f"http://{host}/abroad")


def test_a_redirect_to_another_scheme_is_refused(fetch: Fetch, host: str) -> None:
    with pytest.raises(UrlRefused, match="no web address"):
        fetch(f"http://{host}/to-a-file")


def test_every_hop_is_checked(host: str) -> None:
    port = host.rpartition(":")[2]
    fetch = open_fetch(allow_hosts=[f"localhost:{port}"], limits=LIMITS)

    with pytest.raises(UrlRefused, match=rf"--allow-host www\.localhost:{port}"):
        fetch(f"http://localhost:{port}/to-www")


def test_a_redirect_loop_ends(fetch: Fetch, host: str) -> None:
    assert "more than 3 redirects" in failure(fetch, f"http://{host}/loop")


def test_a_redirect_to_nowhere_is_an_answer(fetch: Fetch, host: str) -> None:
    assert 302 == fetch(f"http://{host}/nowhere").status


def test_a_page_may_be_as_large_as_the_limit_and_no_larger(fetch: Fetch, host: str) -> None:
    assert 4096 == len(fetch(f"http://{host}/full").body)
    assert "larger than 4 KiB" in failure(fetch, f"http://{host}/large")


def test_gzip_is_inflated(fetch: Fetch, host: str) -> None:
    assert b"inflated" == fetch(f"http://{host}/gzip").body


def test_a_gzip_bomb_is_left_out(fetch: Fetch, host: str) -> None:
    assert "4 KiB and was left out" in failure(fetch, f"http://{host}/bomb")


def test_gzip_that_is_none_fails(fetch: Fetch, host: str) -> None:
    assert "is sent as gzip but is not" in failure(fetch, f"http://{host}/no-gzip")


def test_an_encoding_that_was_not_asked_for_fails(fetch: Fetch, host: str) -> None:
    assert "is sent as br" in failure(fetch, f"http://{host}/brotli")


def test_a_body_that_breaks_off_fails(fetch: Fetch, host: str) -> None:
    assert "broke off" in failure(fetch, f"http://{host}/break-off")


def test_a_server_that_dribbles_meets_the_deadline(host: str) -> None:
    fetch = open_fetch(allow_hosts=[host], limits=FetchLimits(deadline_s=1))
    began = time.monotonic()

    assert "too slow" in failure(fetch, f"http://{host}/dribble")
    assert 0.9 < time.monotonic() - began < 2.5


def test_a_server_that_says_nothing_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        fetch = open_fetch(allow_hosts=[host], limits=FetchLimits(deadline_s=0.3))

        assert "did not answer" in failure(fetch, f"http://{host}/")


def test_a_port_where_nobody_listens_fails() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"

        assert f"http://{host}/ cannot be reached" in failure(open_fetch(allow_hosts=[host]), f"http://{host}/")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"])
def test_loopback_is_refused_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"private or special address.*--allow-host"):
        open_fetch(limits=LIMITS)(url)


def test_an_allowed_host_allows_no_other_port(host: str) -> None:
    with pytest.raises(UrlRefused, match="only ports 80 and 443"):
        open_fetch(allow_hosts=["127.0.0.1:1"], limits=LIMITS)(f"http://{host}/")


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_one_private_address_among_public_ones_is_refused(address: str) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["1.1.1.1", address]

    with pytest.raises(UrlRefused, match=r"shop\.example is a private or special address"):
        open_fetch(resolve=resolve)("https://shop.example/faq")
    assert [("shop.example", 443)] == asked


def test_a_host_that_cannot_be_found_fails() -> None:
    assert "cannot be found" in failure(open_fetch(), "http://no-such-shop.invalid/")


def test_a_request_says_who_asks_and_nothing_of_the_environment(
    fetch: Fetch, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    assert repr([user_agent(), "gzip", None, None]) == fetch(f"http://{host}/echo").body.decode()


def test_the_user_agent_names_a_contact() -> None:
    assert "contact: me@shop.example" in user_agent("me@shop.example")
    assert user_agent().startswith("Kefu/")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/html; charset=gbk", b"", True),
        ("Application/XHTML+XML", b"", True),
        ("", b"<p>", True),
        ("", b"plain", False),
        ("", b"<\x00", False),
        ("application/pdf", b"<p>", False),
    ],
)
def test_what_is_html(kind: str, body: bytes, expected: bool) -> None:
    assert expected == Response("https://shop.example/", 200, kind, body).is_html


def test_the_fake_answers_from_a_table() -> None:
    page = Response("https://shop.example/", 200, "text/html", b"<p>")
    fetch = fake_fetch({page.url: page})

    assert page == fetch(page.url)
    assert 404 == fetch("https://shop.example/other").status
