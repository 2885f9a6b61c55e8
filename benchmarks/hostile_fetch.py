"""What a hostile web can do to the fetcher, and to other clients in its place: the long runs of tests/test_hostile_fetch.py.

usage: python benchmarks/hostile_fetch.py [SECURITY_DIR] [--deadline 20]

SECURITY_DIR holds ssrf/ssrf_urls.tsv, go-fuzz-corpus/ and scrapy-compressed/ (default ../shared/security); what is not there
is left out. All servers are on loopback, and nothing is sent beyond it: connections elsewhere are recorded and refused. A line
marked "control" is another client under the same attack; where it does no worse than ours, the attack proves nothing. Peak
memory is resident memory above that of the start, of this process with its servers (Linux only).
"""

import argparse
import gzip
import ipaddress
import random
import socket
import sys
import threading
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock
from urllib.parse import urlparse

import requests
import urllib3

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the attacks are those of the tests

from crawler.connect import connect  # noqa: E402
from crawler.errors import CrawlerError, UrlRefused  # noqa: E402
from crawler.fetch import FetchLimits, open_fetch  # noqa: E402
from crawler.response import Fetch, Response  # noqa: E402
from tests import hostile  # noqa: E402
from tests.hostile import PUBLIC, Recorder, answer_kept, page, path_of, say, serve  # noqa: E402

MEGABYTE = 2**20


def line(what: str, figures: str) -> None:
    print(f"{what:<44} {figures}", flush=True)


def attempt(fetch: Callable[[str], object], url: str) -> str:
    """`answered`, or the name of what was raised; anything but our own errors, and those of requests, is a crash."""
    try:
        fetch(url)
    except UrlRefused:
        return "refused"
    except (CrawlerError, requests.RequestException, urllib3.exceptions.HTTPError):
        return "failed"
    except Exception as error:  # noqa: BLE001 - that there is none is what is to be shown
        return f"CRASH {type(error).__name__}"
    return "answered"


def counted(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))


def resident_bytes(name: str) -> int:
    status = Path("/proc/self/status").read_text("utf-8")
    return int(next(row for row in status.splitlines() if row.startswith(name)).split()[1]) * 1024


def peak_of(call: Callable[[], object]) -> str:
    """What `call` added to the resident memory at its highest."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak begins anew
        before = resident_bytes("VmRSS")
        call()
        return f"+{max(0, resident_bytes('VmHWM') - before) / MEGABYTE:.1f} MB"
    except OSError:
        call()
        return "not measured here"


def plain_requests(url: str) -> None:
    session = requests.Session()
    session.trust_env = False
    session.get(url, timeout=5)


@contextmanager
def recorded_connections(recorder: Recorder) -> Iterator[None]:
    """Whatever urllib3 would dial, and the system look up, is recorded and refused."""

    def stub(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        for found in hostile.resolve_like_the_system(address[0].strip("[]"), address[1]):
            with suppress(ConnectionRefusedError):
                recorder(found, address[1], 1.0)
        raise ConnectionRefusedError

    with mock.patch("urllib3.util.connection.create_connection", stub), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def checked_once(url: str) -> None:
    """The common rule: parse, look up, every address is global; then hand the URL to requests."""
    host = urlparse(url).hostname or ""
    if all(ipaddress.ip_address(found).is_global for found in hostile.resolve_like_the_system(host, 80)):
        plain_requests(url)


def ssrf(folder: Path) -> None:
    path = folder / "ssrf/ssrf_urls.tsv"
    urls = list(hostile.REFUSED_URLS)
    if path.exists():
        rows = path.read_text("utf-8").splitlines()[1:]
        urls = [row.split("\t")[0].encode().decode("unicode_escape") for row in rows]
    recorder = Recorder()
    ours = open_fetch(resolve=hostile.resolve_like_the_system, connect=recorder)
    outcomes = Counter(attempt(ours, url) for url in urls)
    line(f"{len(urls)} addresses", f"{len(recorder.forbidden)} special connections; {counted(outcomes)}")
    for name, client in (("requests", plain_requests), ("is_global, then requests", checked_once)):
        recorder = Recorder()
        with recorded_connections(recorder):
            reached = sum(_reached(client, url, recorder) for url in urls)
        line(f"  control: {name}", f"{reached} URLs made special connections")
    leaks = [message for message in map(_message, secret_urls()) if "hunter2" in message]
    line("200 addresses with a password", f"{len(leaks)} messages repeat it")


def _reached(client: Callable[[str], None], url: str, recorder: Recorder) -> bool:
    before = len(recorder.forbidden)
    with suppress(Exception):
        client(url)
    return len(recorder.forbidden) > before


def _message(url: str) -> str:
    try:
        open_fetch(resolve=hostile.resolve_like_the_system, connect=Recorder())(url)
    except CrawlerError as error:
        return str(error)
    return f"FETCHED {url}"


def secret_urls() -> list[str]:
    rests = [
        *(f"{host}/" for host in ("shop.example", "127.0.0.1", "[::1]", "shop.example:99999", "[::1")),
        "/",
        "@x/",
        "",
    ]
    users = [f"http://{user}:{secret}@" for user in ("", "u", "%75", "a b", "a:b") for secret in _SECRETS]
    return [user + rest for user in users for rest in rests]


_SECRETS = ("hunter2", "hunter2/x", "hunter2?", "hunter2#", "hunter2\\")


def rebinding(rounds: int = 1000) -> None:
    with serve(say(page(b"private"))) as port:
        reached = Counter[str]()

        def dial(address: str, _: int, timeout_s: float, *, who: str) -> socket.socket:
            if address != "127.0.0.1":
                raise ConnectionRefusedError
            reached[who] += 1
            return connect(address, port, timeout_s)

        for _ in range(rounds):
            answers = iter([[PUBLIC], ["127.0.0.1"]])
            fetch = open_fetch(
                resolve=lambda *_, answers=answers: next(answers), connect=lambda *to: dial(*to, who="ours")
            )
            attempt(fetch, "http://shop.example/")
            attempt(fetch, "http://shop.example/")  # the second look-up is checked as the first
            answers = iter([[PUBLIC], ["127.0.0.1"]])
            checked, dialled = next(answers), next(answers)  # what checking first and handing on the name comes to
            if all(ipaddress.ip_address(found).is_global for found in checked):
                dial(dialled[0], 80, 1.0, who="control").close()
    line(f"{rounds} names that change their address", f"{reached['ours']} connections to loopback")
    line("  control: check, then look up again", f"{reached['control']} connections to loopback")


def mixed(rounds: int = 1000) -> None:
    chance, outcomes, recorder = random.Random(1), Counter[str](), Recorder()
    private = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "64:ff9b::7f00:1", "100.100.100.200"]
    for _ in range(rounds):
        answers = [PUBLIC] * chance.randrange(1, 5)
        answers.insert(chance.randrange(len(answers) + 1), chance.choice(private))
        fetch = open_fetch(resolve=lambda *_, answers=answers: answers, connect=recorder)
        outcomes[attempt(fetch, "http://shop.example/")] += 1
    line(f"{rounds} names with one private address", f"{len(recorder.sent_to)} connections; {counted(outcomes)}")


def redirects() -> None:
    outcomes, hops, forbidden = Counter[str](), [], 0
    for code in hostile.REDIRECT_CODES:
        seen: list[str] = []
        with serve(answer_kept(lambda request, code=code, seen=seen: _moved(request, code, seen))) as port:
            recorder = Recorder((port,))
            fetch = open_fetch(
                allow_hosts=[f"127.0.0.1:{port}"], resolve=hostile.resolve_like_the_system, connect=recorder
            )
            for kind in ("direct", "chain", "loop"):
                for number in range(len(hostile.REDIRECT_TARGETS)):
                    seen.clear()
                    outcomes[attempt(fetch, f"http://127.0.0.1:{port}/{kind}/{number}")] += 1
                    hops.append(len(seen) - 1)
            forbidden += len(recorder.sent_to) - len([1 for _, to in recorder.sent_to if to == port])
    line(
        f"{sum(outcomes.values())} redirects (7 codes × 20 targets × 3)",
        f"{forbidden} forbidden connections, at most {max(hops)} hops; {counted(outcomes)} (300 and 305 are answers)",
    )


def _moved(request: bytes, code: int, seen: list[str]) -> bytes:
    path = path_of(request)
    seen.append(path)
    kind, number = path.strip("/").split("/")
    inside = {
        "chain": f"/chain2/{number}",
        "chain2": f"/direct/{number}",
        "loop": f"/loop2/{number}",
        "loop2": f"/loop/{number}",
    }
    return page(b"moved", f"{code} Moved", Location=inside.get(kind, hostile.REDIRECT_TARGETS[int(number)]))


def redirect_bomb() -> None:
    bomb = hostile.members(200)

    def answer(request: bytes) -> bytes:
        return page() if path_of(request) == "/" else page(bomb, "302 Found", Location="/", Content_Encoding="gzip")

    with serve(answer_kept(answer)) as port:
        fetch = opened(port)
        url = f"http://127.0.0.1:{port}/moved"
        line("302 with a body of 200 MiB, gzipped", f"peak {peak_of(lambda: fetch(url))}")
        peak = peak_of(lambda: requests.get(url, allow_redirects=False, stream=True, timeout=5).close())
        line("  control: requests, told not to follow", f"peak {peak}")


def opened(port: int, deadline_s: float = 20.0) -> Fetch:
    return open_fetch(allow_hosts=[f"127.0.0.1:{port}"], limits=FetchLimits(deadline_s=deadline_s))


def bombs(folder: Path) -> None:
    bodies = hostile.bombs()
    bodies |= {path.name: ("gzip", path.read_bytes()) for path in folder.glob("scrapy-compressed/bomb-gzip.bin")}
    for name, encoding in (("br", "br"), ("deflate", "deflate"), ("zstd", "zstd")):
        bodies |= {p.name: (encoding, p.read_bytes()) for p in folder.glob(f"scrapy-compressed/bomb-{name}.bin")}
    slowest, outcomes = 0.0, Counter[str]()
    with serve(answer_kept(lambda request: _bomb(request, list(bodies.values())))) as port:
        fetch = opened(port)

        def all_of_them() -> None:
            nonlocal slowest
            for number in range(len(bodies)):
                began = time.perf_counter()
                outcomes[attempt(fetch, f"http://127.0.0.1:{port}/{number}")] += 1
                slowest = max(slowest, time.perf_counter() - began)

        peak = peak_of(all_of_them)
        line(f"{len(bodies)} bombs", f"peak {peak}, slowest {slowest:.2f} s; {counted(outcomes)}")
        worst = f"http://127.0.0.1:{port}/{list(bodies).index('200 MiB in one member')}"
        peak = peak_of(lambda: requests.get(worst, timeout=5).content)
        line("  control: requests, .content of one", f"peak {peak}")


def _bomb(request: bytes, bodies: list[tuple[str, bytes]]) -> bytes:
    encoding, body = bodies[int(path_of(request).strip("/"))]
    return page(body, Content_Encoding=encoding)


def corpora(folder: Path) -> None:
    """Fuzzed gzip bodies, and whole fuzzed answers, 20 mutations of each."""
    files = [
        p
        for name in ("go-fuzz-corpus/gzip/corpus", "scrapy-compressed")
        for p in (folder / name).glob("*")
        if p.is_file()
    ]
    bodies = [path.read_bytes() for path in files]
    outcomes = Counter[str]()
    with serve(
        answer_kept(lambda request: page(bodies[int(path_of(request).strip("/"))], Content_Encoding="gzip"))
    ) as port:
        fetch = opened(port)
        for number, body in enumerate(bodies):
            outcome = attempt(fetch, f"http://127.0.0.1:{port}/{number}")
            outcomes[outcome + (" though Python reads it" if outcome != "answered" and _is_gzip(body) else "")] += 1
    line(f"{len(bodies)} fuzzed gzip bodies", counted(outcomes))
    whole = [p.read_bytes() for p in (folder / "go-fuzz-corpus/httpresp").rglob("*") if p.is_file()]
    whole += [
        page(gzip.compress(b"<p>hello" * 100), Content_Encoding="gzip", ETag='"1"'),
        page(b"", "302 Found", Location="/"),
    ]
    whole += [hostile.OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<p>hi\r\n3;x=y\r\nyou\r\n0\r\nX-A: b\r\n\r\n"]
    chance, outcomes = random.Random(1), Counter[str]()

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        hostile.heard(peer)
        peer.sendall(mangled(chance.choice(whole), chance))

    with serve(talk) as port:
        fetch = opened(port, 2.0)
        outcomes.update(attempt(fetch, f"http://127.0.0.1:{port}/{number}") for number in range(5000))
    line("5000 mangled answers", counted(outcomes))


def _is_gzip(body: bytes) -> bool:
    try:
        gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return False
    return True


def mangled(answer: bytes, chance: random.Random) -> bytes:
    changed = bytearray(answer)
    pieces = [b"", b"\x00", b"\r\n", b"\n", b"\xff\xfe", b":", b"-", b"9" * 30, b"Content-Length: 3\r\n"]
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = chance.choice(pieces)
    return bytes(changed)


def evil(deadline_s: float) -> None:
    servers = [(name, "http", talk) for name, talk in hostile.evil_servers(0.5).items()]
    servers += [(name, "https", talk) for name, talk in hostile.evil_tls_servers(0.5).items()]
    times: dict[str, float] = {}
    outcomes: Counter[str] = Counter()

    def meet(name: str, scheme: str, talk: hostile.Talk) -> None:
        with serve(talk) as port:
            fetch = opened(port, deadline_s)
            began = time.monotonic()
            outcomes[attempt(fetch, f"{scheme}://127.0.0.1:{port}/")] += 1
            times[name] = time.monotonic() - began

    def all_of_them() -> None:
        with ThreadPoolExecutor(max_workers=len(servers)) as pool:
            list(pool.map(lambda each: meet(*each), servers))

    peak = peak_of(all_of_them)
    late = [name for name, seconds in times.items() if seconds > deadline_s + 1]
    line(
        f"{len(servers)} evil servers at a time",
        f"{len(late)} held us past {deadline_s + 1:g} s, longest {max(times.values()):.2f} s, peak of all {peak}; {counted(outcomes)}",
    )
    for name, seconds in sorted(times.items(), key=lambda pair: -pair[1]):
        line(f"    {name}", f"{seconds:.2f} s")
    evil_control(deadline_s)


def evil_control(deadline_s: float) -> None:
    """requests with a time-out of 5 s, reading at most 2 MiB, against the servers that are slow but never silent."""
    slow = {name: talk for name, talk in hostile.evil_servers(0.5).items() if "ribble" in name or "redirects" in name}
    release = threading.Event()
    ready: list[str] = []

    def host(talk: hostile.Talk) -> None:
        with serve(talk) as port:
            ready.append(f"http://127.0.0.1:{port}/")
            release.wait()

    hosts = [threading.Thread(target=host, args=(talk,)) for talk in slow.values()]
    for each in hosts:
        each.start()
    while len(ready) < len(hosts):
        time.sleep(0.01)
    with ThreadPoolExecutor(max_workers=len(ready)) as pool:
        waiting = [pool.submit(attempt, _first_two_megabytes, url) for url in ready]
        held = len(wait(waiting, timeout=deadline_s + 1).not_done)
        release.set()
    for each in hosts:
        each.join()
    line("  control: requests, timeout=5, of the slow", f"{held} of {len(slow)} held it past {deadline_s + 1:g} s")


def _first_two_megabytes(url: str) -> None:
    size = 0
    with requests.get(url, timeout=5, stream=True) as answer:
        for piece in answer.iter_content(65536):
            size += len(piece)
            if size > 2 * MEGABYTE:
                return


def crawl_goes_on() -> None:
    with serve(answer_kept(lambda _: page())) as port:
        fetch = opened(port)
        fetch(f"http://127.0.0.1:{port}/")
        began, spent = time.perf_counter(), time.process_time()
        pages: list[Response] = [fetch(f"http://127.0.0.1:{port}/{number}") for number in range(1000)]
        seconds, spent = time.perf_counter() - began, time.process_time() - spent
    line(
        "1000 good pages, one connection",
        f"{len(pages) / seconds:.0f} pages/s, {spent:.2f} ms CPU each with their server",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "security", metavar="SECURITY_DIR"
    )
    parser.add_argument("--deadline", type=float, default=20.0)
    args = parser.parse_args()
    ssrf(args.folder)
    rebinding()
    mixed()
    redirects()
    redirect_bomb()
    bombs(args.folder)
    if (args.folder / "go-fuzz-corpus").exists():
        corpora(args.folder)
    evil(args.deadline)
    crawl_goes_on()


if __name__ == "__main__":
    main()
