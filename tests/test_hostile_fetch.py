"""The way out to a hostile web. Long runs and the controls with other clients: benchmarks/hostile_fetch.py."""

import ast
import gc
import gzip
import random
import shutil
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import urllib3

from crawler.connect import connect
from crawler.errors import CrawlerError, UrlRefused
from crawler.fetch import FetchLimits, open_fetch
from crawler.inflate import gunzip
from crawler.response import Fetch, Response, Validators
from crawler.urls import canonical, refused_address
from tests import hostile
from tests.conftest import absent
from tests.hostile import PUBLIC, Recorder, answer_kept, heard, page, path_of, say, serve

ROOT = Path(__file__).resolve().parents[1]
SECURITY = ROOT.parent / "shared" / "security"
MEGABYTE = 2**20


def shared(name: str) -> Path:
    if not (SECURITY / name).exists():
        absent(f"{name} of the shared hostile inputs is not here")
    return SECURITY / name


def opened(port: int, **options: object) -> Fetch:
    return open_fetch(allow_hosts=[f"127.0.0.1:{port}"], **options)  # type: ignore[arg-type]


def failure(call: Callable[[], Response]) -> str:
    with pytest.raises(CrawlerError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


# Addresses


@pytest.mark.parametrize("url", hostile.REFUSED_URLS)
def test_a_forbidden_address_is_refused_before_anything_is_sent(url: str) -> None:
    recorder = Recorder()

    with pytest.raises(UrlRefused):
        open_fetch(resolve=hostile.resolve_like_the_system, connect=recorder)(url)

    assert recorder.sent_to == []


def test_no_known_trick_leads_to_a_special_address() -> None:
    lines = shared("ssrf/ssrf_urls.tsv").read_text("utf-8").splitlines()[1:]
    urls = [line.split("\t")[0].encode().decode("unicode_escape") for line in lines]
    recorder = Recorder()
    fetch = open_fetch(resolve=hostile.resolve_like_the_system, connect=recorder)

    answers = [url for url in urls if not failure(lambda url=url: fetch(url))]

    assert 1412 == len(urls)
    assert [] == answers
    assert [] == recorder.forbidden
    # The rest of the list is public names: those, and only those, were dialled.
    assert {PUBLIC} == {address for address, _ in recorder.sent_to}
    assert {80, 443} >= {port for _, port in recorder.sent_to}


def test_whatever_parses_the_address_finds_the_host_that_was_checked() -> None:
    urls = [*hostile.REFUSED_URLS, "http://商店.example/%E9%97%AE?q=%CD%CB&a=|", "https://a_b.example:8443/x;y?z[]=1"]
    if (SECURITY / "ssrf").exists():
        lines = (SECURITY / "ssrf/ssrf_urls.tsv").read_text("utf-8").splitlines()[1:]
        urls += [line.split("\t")[0].encode().decode("unicode_escape") for line in lines]
    accepted = []
    for url in urls:
        try:
            accepted.append(canonical(url))
        except UrlRefused:
            continue

    assert len(accepted) > 30
    for url in accepted:
        assert url == canonical(url)
        assert url == requests.Request("GET", url).prepare().url  # that is: not spelt anew
        assert urlsplit(url).hostname == (urllib3.util.parse_url(url).host or "").strip("[]")


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "private", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "64:ff9b::7f00:1", "no-ip"]
)
def test_one_private_answer_spoils_them_all(private: str, position: int) -> None:
    recorder = Recorder()
    answers = [PUBLIC, "1.1.1.1"]
    answers.insert(position, private)

    with pytest.raises(
        UrlRefused, match=r"^shop\.example is a private or special address.*--allow-host shop\.example:80$"
    ):
        open_fetch(resolve=lambda *_: answers, connect=recorder)("http://shop.example/")

    assert recorder.sent_to == []


def test_a_name_server_that_changes_its_mind_reaches_nothing_private() -> None:
    with serve(say(page(b"private"))) as port:
        sent_to = []

        def to_loopback(address: str, _: int, timeout_s: float) -> socket.socket:
            sent_to.append(address)
            if address != "127.0.0.1":
                raise ConnectionRefusedError
            return connect(address, port, timeout_s)

        for _ in range(50):
            answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
            fetch = open_fetch(resolve=lambda *_, answers=answers: next(answers), connect=to_loopback)
            assert "cannot be reached" in failure(lambda fetch=fetch: fetch("http://shop.example/"))
            assert "private" in failure(lambda fetch=fetch: fetch("http://shop.example/"))

    assert {PUBLIC} == set(sent_to)


def test_a_name_is_looked_up_once_for_a_connection_and_the_rest_goes_by_the_name() -> None:
    asked = []
    seen = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return page()

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    with serve(answer_kept(answer)) as port:
        fetch = open_fetch(allow_hosts=[f"Shop.example:{port}"], resolve=resolve)
        for number in range(5):
            fetch(f"http://shop.example:{port}/{number}")

    assert [("shop.example", port)] == asked
    assert all(f"\r\nHost: shop.example:{port}\r\n".encode() in request for request in seen)


def test_the_next_address_is_tried_when_one_does_not_connect() -> None:
    tried = []

    def first_is_down(address: str, port: int, timeout_s: float) -> socket.socket:
        tried.append((address, timeout_s))
        if address == "1.1.1.1":
            raise TimeoutError
        return connect("127.0.0.1", port, timeout_s)

    with serve(say(page())) as port:
        fetch = open_fetch(
            allow_hosts=[f"shop.example:{port}"], resolve=lambda *_: ["1.1.1.1", "2.2.2.2"], connect=first_is_down
        )
        assert 200 == fetch(f"http://shop.example:{port}/").status

    assert ["1.1.1.1", "2.2.2.2"] == [address for address, _ in tried]
    assert tried[0][1] < 5.1  # half of the time to connect: the other half is for the next


@pytest.mark.parametrize(
    ("error", "said"), [(TimeoutError, "did not answer in time"), (ConnectionRefusedError, "cannot be reached")]
)
def test_the_reason_why_no_address_connects_is_said(error: type[OSError], said: str) -> None:
    def down(address: str, port: int, timeout_s: float) -> socket.socket:
        raise error

    fetch = open_fetch(resolve=lambda *_: [PUBLIC], connect=down)
    assert f"http://shop.example/ {said}" in failure(lambda: fetch("http://shop.example/"))


def test_a_look_up_that_hangs_is_left_behind() -> None:
    stop = threading.Event()
    fetch = open_fetch(resolve=lambda *_: [PUBLIC] * stop.wait(30), limits=FetchLimits(deadline_s=0.3))
    began = time.monotonic()

    assert "was not found within" in failure(lambda: fetch("http://shop.example/"))
    assert time.monotonic() - began < 1.3
    stop.set()


def test_a_name_without_addresses_is_not_found() -> None:
    assert "has no address" in failure(lambda: open_fetch(resolve=lambda *_: [])("http://shop.example/"))


@pytest.mark.parametrize("network", hostile.SPECIAL, ids=str)
def test_both_ends_of_every_special_network_are_refused(network: hostile.ipaddress.IPv4Network) -> None:
    assert refused_address(str(network[0]))
    assert refused_address(str(network[-1]))


def secret_urls() -> Iterator[str]:
    for user in ("", "user", "%75ser", "us er", "a:b"):
        for secret in (
            "hunter2",
            "hunter2/x",
            "hunter2?",
            "hunter2#",
            "@hunter2",
            "hunter2\\",
            "hunter2:80",
            "%68hunter2",
        ):
            for rest in ("shop.example/", "127.0.0.1/", "shop.example:99999/", "[::1/", "/"):
                yield f"http://{user}:{secret}@{rest}"


def test_a_password_in_an_address_is_neither_sent_nor_repeated() -> None:
    recorder = Recorder()
    fetch = open_fetch(resolve=hostile.resolve_like_the_system, connect=recorder)

    messages = [failure(lambda url=url: fetch(url)) for url in secret_urls()]

    assert 200 == len(messages)
    assert [] == [message for message in messages if "hunter2" in message]
    assert recorder.sent_to == []


def test_only_the_fetch_side_opens_sockets() -> None:
    network = {"socket", "ssl", "http", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "socketserver"}
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "crawler").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.partition(".")[0] in network or name == "urllib.request"
    }

    # receive.py names the errors of urllib3; connect.py alone dials.
    assert {"crawler/connect.py", "crawler/fetch.py", "crawler/receive.py"} == users


# Redirects


@pytest.mark.parametrize("code", hostile.REDIRECT_CODES)
def test_no_redirect_leads_off_the_site(code: int) -> None:
    requests_seen = []

    def answer(request: bytes) -> bytes:
        path = path_of(request)
        requests_seen.append(path)
        kind, number = path.strip("/").split("/")
        goes_to = {
            "direct": hostile.REDIRECT_TARGETS[int(number)],
            "chain": f"/chain2/{number}",
            "chain2": f"/direct/{number}",
            "loop": f"/loop2/{number}",
            "loop2": f"/loop/{number}",
        }[kind]
        return page(b"moved", f"{code} Moved", Location=goes_to)

    with serve(answer_kept(answer)) as port:
        recorder = Recorder((port,))
        fetch = opened(port, connect=recorder, resolve=hostile.resolve_like_the_system)
        for kind in ("direct", "chain", "loop"):
            for number in range(len(hostile.REDIRECT_TARGETS)):
                requests_seen.clear()
                url = f"http://127.0.0.1:{port}/{kind}/{number}"
                if code in (300, 305):  # no redirects, or none that a client may follow by itself
                    assert (code, b"") == (fetch(url).status, fetch(url).body)
                    continue
                message = failure(lambda url=url: fetch(url))
                assert "hunter2" not in message
                assert len(requests_seen) == {"direct": 1, "chain": 3, "loop": 6}[kind]

    assert {port} == {port for _, port in recorder.sent_to}


def test_the_body_of_a_redirect_is_not_read() -> None:
    bomb = hostile.members(200)

    def answer(request: bytes) -> bytes:
        if path_of(request) == "/":
            return page()
        return page(bomb, "302 Found", Location="/", Content_Encoding="gzip")

    with serve(answer_kept(answer)) as port:
        fetch = opened(port)
        assert b"<p>hello" == fetch(f"http://127.0.0.1:{port}/").body
        assert peak_of(lambda: fetch(f"http://127.0.0.1:{port}/moved")) < MEGABYTE


def test_validators_are_for_the_page_that_they_came_from() -> None:
    def answer(request: bytes) -> bytes:
        if b'If-None-Match: "1"' in request:
            return page(b"", "302 Found", Location="/new") if path_of(request) == "/old" else page(b"", "304 Same")
        return page(b"new")

    with serve(answer_kept(answer)) as port:
        fetch = opened(port)
        assert (304, b"") == (fetch(f"http://127.0.0.1:{port}/", Validators('"1"')).status, b"")
        assert b"new" == fetch(f"http://127.0.0.1:{port}/old", Validators('"1"')).body


def test_a_304_that_nobody_asked_for_is_no_answer() -> None:
    with serve(say(page(b"", "304 Not Modified"))) as port:
        assert "304 to a question that was not asked" in failure(lambda: opened(port)(f"http://127.0.0.1:{port}/"))


def test_without_redirects_a_redirect_is_an_answer() -> None:
    with serve(say(page(b"moved", "301 Moved", Location="/问 x"))) as port:
        response = opened(port, limits=FetchLimits(max_redirects=0))(f"http://127.0.0.1:{port}/")

    assert (301, b"", "/%E9%97%AE%20x") == (response.status, response.body, response.headers["location"])


# Time


@pytest.fixture(scope="module")
def ended() -> dict[str, tuple[float, str]]:
    """Seconds and message of every evil server under a deadline of one second, all at a time."""
    plain = [(name, "http", talk) for name, talk in hostile.evil_servers().items()]
    secret = [(name, "https", talk) for name, talk in hostile.evil_tls_servers().items()]

    def meet(name: str, scheme: str, talk: hostile.Talk) -> tuple[str, tuple[float, str]]:
        with serve(talk) as port:
            fetch = opened(port, limits=FetchLimits(deadline_s=1.0))
            began = time.monotonic()
            message = failure(lambda: fetch(f"{scheme}://127.0.0.1:{port}/"))
            return name, (time.monotonic() - began, message)

    with ThreadPoolExecutor(max_workers=len(plain + secret)) as pool:
        return dict(pool.map(lambda each: meet(*each), plain + secret))


@pytest.mark.parametrize("name", [*hostile.evil_servers(), *hostile.evil_tls_servers()])
def test_an_evil_server_is_left_in_time(name: str, ended: dict[str, tuple[float, str]]) -> None:
    seconds, message = ended[name]

    assert seconds < 2.5  # 1.0 and the rush of thirty servers on one machine
    assert message.startswith(("http://", "https://", "127.0.0.1 "))


@pytest.mark.parametrize(
    ("name", "deadline_s", "expected"),
    [
        ("dribbled headers", 1, "did not answer in time"),
        ("dribbled chunk size", 1, "too slow"),
        ("flood of 100 Continue", 30, "more than 64 KiB of headers"),
        ("endless headers", 30, "more than 64 KiB of headers"),
        ("a gigabyte declared", 30, "larger than 2048 KiB"),
        ("endless chunks", 30, "larger than 2048 KiB"),
        ("wrong Content-Length", 30, "broke off while it was read"),
        ("broken off chunk", 30, "broke off while it was read"),
        ("speaks no HTTP", 30, "does not speak HTTP"),
        ("silent handshake", 1, "did not answer in time"),
        ("dribbled handshake", 1, "did not answer in time"),
        ("no TLS at all", 30, "no TLS connection could be agreed on"),
    ],
)
def test_the_reason_is_said(name: str, deadline_s: float, expected: str) -> None:
    secret = hostile.evil_tls_servers()
    with serve(secret.get(name) or hostile.evil_servers()[name]) as port:
        fetch = opened(port, limits=FetchLimits(deadline_s=deadline_s, connect_s=deadline_s))
        assert expected in failure(lambda: fetch(f"{'https' if name in secret else 'http'}://127.0.0.1:{port}/"))


@pytest.mark.parametrize("name", ["endless trailers", "endless chunk extension"])
def test_what_is_around_a_body_is_limited_too(name: str) -> None:
    small = FetchLimits(max_bytes=4096, max_sitemap_bytes=4096)
    with serve(hostile.evil_servers()[name]) as port:
        assert "broke off while it was read" in failure(lambda: opened(port, limits=small)(f"http://127.0.0.1:{port}/"))


def test_a_server_that_pours_meets_the_deadline_too() -> None:
    unlimited = FetchLimits(max_sitemap_bytes=10**12, deadline_s=0.5)
    with serve(hostile.evil_servers()["endless trailers"]) as port:
        began = time.monotonic()

        assert "too slow" in failure(lambda: opened(port, limits=unlimited)(f"http://127.0.0.1:{port}/"))
        assert time.monotonic() - began < 1.5


def test_a_crawl_goes_on_after_an_evil_server() -> None:
    def talk(peer: socket.socket, stop: threading.Event) -> None:
        if path_of(heard(peer)) == "/evil":
            hostile.endless(hostile.OK, b"X-A: a\r\n" * 100)(peer, stop)
        else:
            peer.sendall(page())

    with serve(talk) as port:
        fetch = opened(port, limits=FetchLimits(deadline_s=1.0))
        for _ in range(3):  # were its connections lost, the third would find none
            failure(lambda: fetch(f"http://127.0.0.1:{port}/evil"))
        assert 200 == fetch(f"http://127.0.0.1:{port}/").status


# Size and encoding


def peak_of(call: Callable[[], object]) -> int:
    """Bytes that Python had allocated at most while `call` ran."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


BOMBS = hostile.bombs()


@pytest.fixture(scope="module")
def bomb_port() -> Iterator[int]:
    def answer(request: bytes) -> bytes:
        encoding, body = list(BOMBS.values())[int(path_of(request).strip("/"))]
        return page(body, Content_Encoding=encoding)

    with serve(answer_kept(answer)) as port:
        yield port


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory(name: str, bomb_port: int) -> None:
    fetch = opened(bomb_port)
    began = time.monotonic()

    peak = peak_of(lambda: failure(lambda: fetch(f"http://127.0.0.1:{bomb_port}/{list(BOMBS).index(name)}")))

    assert time.monotonic() - began < 2
    assert peak < 8 * MEGABYTE


TEXT = b"<p>" + b"".join(b"%d " % number for number in range(20_000))


def in_chunks(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 10**6])
@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(TEXT),
        gzip.compress(TEXT[:5000]) + gzip.compress(b"") + gzip.compress(TEXT[5000:]),
        gzip.compress(TEXT) + b"junk",
        gzip.compress(TEXT) + b"\x1f",
        gzip.compress(TEXT) + b"\0" * 512,
    ],
    ids=["one member", "three members", "junk", "half a beginning", "padding"],
)
def test_gzip_however_it_is_cut(body: bytes, size: int) -> None:
    assert TEXT == b"".join(gunzip(in_chunks(body, size)))


@pytest.mark.parametrize("cut", [1, 5, 18, 1000, -8, -1])
def test_gzip_that_is_cut_off_is_an_error(cut: int) -> None:
    with pytest.raises(zlib.error):
        list(gunzip(in_chunks(gzip.compress(TEXT)[:cut], 100)))


def test_all_of_a_bomb_comes_out_in_pieces() -> None:
    sizes = [len(piece) for piece in gunzip(in_chunks(hostile.members(20), 100))]

    assert (20 * MEGABYTE, True) == (sum(sizes), max(sizes) <= 65536)


def test_fuzzed_gzip_is_read_as_python_reads_it_or_refused() -> None:
    corpora = [shared("go-fuzz-corpus/gzip/corpus"), shared("scrapy-compressed")]
    files = sorted(path for folder in corpora for path in folder.iterdir() if path.is_file())

    alike = 0
    for path in files:
        body = path.read_bytes()
        try:
            expected = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            expected = None
        try:
            ours = b"".join(gunzip(in_chunks(body, 97)))
        except zlib.error as error:  # reserved flags are an error by RFC 1952; Python lets them pass
            assert expected is None or "unknown header flags" in str(error), path.name  # noqa: PT017
            continue
        assert expected in (ours, None), path.name  # Python refuses junk at the end
        alike += expected == ours
    assert len(files) > 340
    assert alike >= 60


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/", "text/html; charset=gbk", True),
        ("/", "Text/HTML, text/html", True),
        ("/", "application/xhtml+xml", True),
        ("/robots.txt", "text/plain", True),
        ("/robots.txt", "application/octet-stream", True),
        ("/sitemap.xml", "application/rss+xml", True),
        ("/sitemap", "text/xml", True),
        ("/sitemap.xml.gz", "application/x-gzip", True),
        ("/sitemap.XML.GZ", "binary/octet-stream", True),
        ("/x", "application/octet-stream", False),
        ("/x", "image/png", False),
        ("/x", "video/mp4", False),
        ("/x", "application/pdf", False),
        ("/x.json", "application/json", False),
    ],
)
def test_only_what_somebody_reads_is_downloaded(path: str, kind: str, expected: bool) -> None:
    with serve(say(page(Content_Type=kind))) as port:
        response = opened(port)(f"http://127.0.0.1:{port}{path}")

    assert (200, kind, b"<p>hello" * expected) == (response.status, response.content_type, response.body)


def test_a_film_of_a_gigabyte_costs_nothing() -> None:
    film = hostile.OK.replace(b"text/html", b"video/mp4") + b"Content-Length: 1000000000\r\n\r\n"
    with serve(hostile.endless(film, b"x" * 65536)) as port:
        assert b"" == opened(port, limits=FetchLimits(deadline_s=1))(f"http://127.0.0.1:{port}/film").body


def test_what_says_that_it_is_too_large_is_not_waited_for() -> None:
    with serve(hostile.endless(hostile.OK + b"Content-Length: 1000000000\r\n\r\n", b"", 0.1)) as port:
        fetch = opened(port, limits=FetchLimits(deadline_s=1))
        assert "larger than 2048 KiB" in failure(lambda: fetch(f"http://127.0.0.1:{port}/"))


@pytest.mark.parametrize(
    ("kind", "size", "fits"),
    [("text/html", 2, True), ("text/html", 3, False), ("application/xml", 10, True), ("application/xml", 11, False)],
)
def test_sitemaps_may_be_larger_than_pages(kind: str, size: int, fits: bool) -> None:
    for body, encoding in ((b"x" * size * MEGABYTE, "identity"), (hostile.members(size), "gzip")):
        with serve(say(page(body, Content_Type=kind, Content_Encoding=encoding))) as port:
            fetch = opened(port)
            if fits:
                assert size * MEGABYTE == len(fetch(f"http://127.0.0.1:{port}/").body)
            else:
                assert "larger than" in failure(lambda fetch=fetch, port=port: fetch(f"http://127.0.0.1:{port}/"))


def test_an_error_page_is_not_read() -> None:
    with serve(say(page(b"gone", "404 Not Found", Content_Encoding="br"))) as port:
        assert Response(f"http://127.0.0.1:{port}/", 404, "text/html", b"") == opened(port)(f"http://127.0.0.1:{port}/")


def test_headers_are_those_that_are_used_and_readable() -> None:
    with serve(
        say(page(ETag='W/"1"', X_Robots_Tag="noindex", Link='</问>; rel="canonical"', Set_Cookie="a=b", Server="x"))
    ) as port:
        headers = opened(port)(f"http://127.0.0.1:{port}/").headers

    assert {"etag": 'W/"1"', "x-robots-tag": "noindex", "link": '</问>; rel="canonical"'} == headers


@pytest.mark.parametrize("etag", ['"1"\r\nX: y', '"问"', '"\x00"', "\n"])
def test_a_validator_that_is_no_header_is_not_sent(etag: str) -> None:
    with serve(answer_kept(lambda request: page(b"%d" % request.count(b"If-None-Match")))) as port:
        assert b"0" == opened(port)(f"http://127.0.0.1:{port}/", Validators(etag)).body


def test_a_contact_in_chinese_does_not_break_the_request() -> None:
    with serve(answer_kept(lambda request: page(request))) as port:
        sent = opened(port, contact="客服 help@shop.example\r\nX: y")(f"http://127.0.0.1:{port}/").body

    assert b"contact: help@shop.exampleX: y)\r\n" in sent


def test_no_cookie_is_kept() -> None:
    with serve(answer_kept(lambda request: page(request, Set_Cookie="id=1; Path=/"))) as port:
        fetch = opened(port)
        fetch(f"http://127.0.0.1:{port}/")
        assert b"cookie" not in fetch(f"http://127.0.0.1:{port}/").body.lower()


def test_the_request_is_the_address_that_was_checked() -> None:
    asked = "/%CE%CA;x=(1)!*'/%7C%5B?q=%CD%CB&b[]=|&123&e=a+b%20c%2B"
    with serve(answer_kept(lambda request: page(path_of(request).encode()))) as port:
        response = opened(port)(f"http://127.0.0.1:{port}{asked}")

    assert response.url == f"http://127.0.0.1:{port}{response.body.decode()}"


@pytest.mark.parametrize("seed", range(4))
def test_mangled_answers_break_nothing(seed: int) -> None:
    chance = random.Random(seed)
    whole = [
        page(gzip.compress(TEXT), Content_Encoding="gzip", ETag='"1"'),
        hostile.OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<p>hi\r\n3;x=y\r\nyou\r\n0\r\nX-A: b\r\n\r\n",
        page(b"", "302 Found", Location="/next"),
    ]

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        heard(peer)
        answer = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(answer))
            answer[at : at + chance.randrange(3)] = chance.choice(
                [b"", b"\x00", b"\r\n", b"\xff\xfe", b":", b"-", b"9" * 30]
            )
        peer.sendall(answer)

    with serve(talk) as port:
        fetch = opened(port, limits=FetchLimits(deadline_s=1))
        for number in range(100):
            with suppress(CrawlerError):
                fetch(f"http://127.0.0.1:{port}/{number}")


# Connections


def test_connections_are_kept_and_there_are_at_most_two() -> None:
    connections = []
    open_now, most = 0, 0
    lock = threading.Lock()

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        nonlocal open_now, most
        with lock:
            connections.append(peer)
            open_now += 1
            most = max(most, open_now)
        try:
            answer_kept(lambda request: page(path_of(request).encode()))(peer, stop)
        finally:
            with lock:
                open_now -= 1

    with serve(talk) as port:
        fetch = opened(port)
        base = f"http://127.0.0.1:{port}"
        for number in range(10):
            fetch(f"{base}/{number}")
        assert 1 == len(connections)

        with ThreadPoolExecutor(max_workers=6) as pool:
            bodies = list(pool.map(lambda number: fetch(f"{base}/{number}").body, range(60)))

        assert [b"/%d" % number for number in range(60)] == bodies
        assert most <= 2
        assert len(connections) <= 2


def test_connections_are_closed_with_the_fetch_that_made_them() -> None:
    gone = threading.Event()

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        answer_kept(lambda _: page())(peer, stop)
        gone.set()

    with serve(talk) as port:
        opened(port)(f"http://127.0.0.1:{port}/")
        gc.collect()  # a socket left open would be a ResourceWarning, and so an error
        assert gone.wait(2)


@pytest.mark.parametrize(
    "answer", [page(b"", "304 Not Modified"), page(b"", "204 No Content"), page(b"", "302 Found", Location="/x")]
)
def test_an_answer_without_a_body_keeps_its_connection(answer: bytes) -> None:
    connections = []

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        connections.append(peer)
        answer_kept(lambda _: answer)(peer, stop)

    with serve(talk) as port:
        fetch = opened(port, limits=FetchLimits(max_redirects=0))
        for _ in range(5):
            fetch(f"http://127.0.0.1:{port}/", Validators('"1"'))

    assert 1 == len(connections)


def test_a_kept_connection_that_the_server_gave_up_is_no_failure() -> None:
    connections = []

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        connections.append(peer)
        heard(peer)
        peer.sendall(page())
        heard(peer)  # the next request came just before the server closed

    with serve(talk) as port:
        fetch = opened(port)
        assert [200, 200, 200] == [fetch(f"http://127.0.0.1:{port}/{number}").status for number in range(3)]
    assert 3 == len(connections)


# TLS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext, list[str]]:
    """Its certificate, its server side, and the names that it was asked for."""
    if not shutil.which("openssl"):
        absent("openssl is not installed")
    cert, context = hostile.certificate(tmp_path_factory.mktemp("shop"))
    names: list[str] = []
    context.sni_callback = lambda _, name, __: names.append(name or "")
    return cert, context, names


Shop = tuple[Path, ssl.SSLContext, list[str]]


def shop_fetch(port: int, cert: str, **options: object) -> Fetch:
    hosts = [f"shop.example:{port}", f"other.example:{port}"]
    return open_fetch(allow_hosts=hosts, resolve=lambda *_: ["127.0.0.1"], ca_file=cert, **options)  # type: ignore[arg-type]


def test_tls_goes_by_the_name_and_not_by_the_pinned_address(shop: Shop) -> None:
    cert, context, names = shop
    with serve(answer_kept(lambda request: page(request)), context) as port:
        fetch = shop_fetch(port, str(cert))
        first = fetch(f"https://shop.example:{port}/").body
        fetch(f"https://shop.example:{port}/again")

        assert f"\r\nHost: shop.example:{port}\r\n".encode() in first
        assert ["shop.example"] == names
        assert "certificate is not valid" in failure(lambda: fetch(f"https://other.example:{port}/"))
        assert "certificate is not valid" in failure(lambda: shop_fetch(port, "")(f"https://shop.example:{port}/"))


@pytest.mark.parametrize("name", ["dribbled headers", "dribbled body", "dribbled chunk size", "flood of 100 Continue"])
def test_the_deadline_holds_over_tls(name: str, shop: Shop) -> None:
    cert, context, _ = shop
    with serve(hostile.evil_servers()[name], context) as port:
        fetch = shop_fetch(port, str(cert), limits=FetchLimits(deadline_s=0.7))
        began = time.monotonic()

        failure(lambda: fetch(f"https://shop.example:{port}/"))

        assert time.monotonic() - began < 1.7
