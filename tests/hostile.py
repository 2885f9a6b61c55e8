"""What a hostile web does, for tests/test_hostile_fetch.py and benchmarks/hostile_fetch.py: addresses, servers, bodies.

Everything is on loopback, and every server ends with its `with` block.
"""

import gzip
import ipaddress
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from crawler.connect import connect

PUBLIC = "93.184.215.14"
PATIENCE_S = 10.0  # of a server with a client that neither speaks nor goes: a busy machine is no reason to hang up
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

# The judge of the tests, written apart from the code's own rule: the IANA special-purpose registries and two clouds' own.
SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
        "::/8 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 "
        "fec0::/10 ff00::/8"
    ).split()
]

# Each must be refused before anything is sent; none may reach a connection.
REFUSED_URLS = r"""
http://127.0.0.1/ http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.1/ http://0177.0.0.1/
http://0/ http://0.0.0.0/ http://00000000177.0.0.1/ http://127.0.0.1./ http://127.0.0.1.../ http://[::1]/ http://[::]/
http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::127.0.0.1]/ http://[::1%25lo]/
http://[fe80::1%25eth0]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b:1::7f00:1]/ http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/
http://[fec0::1]/ http://[fd00:ec2::254]/ http://[ff02::1]/ http://[5f00::1]/ http://[3fff::1]/ http://[2001:db8::1]/
http://10.0.0.1/ http://172.16.0.1/ http://192.168.1.1/ http://100.64.0.1/ http://100.100.100.200/ http://169.254.169.254/
http://168.63.129.16/ http://192.0.0.192/ http://192.88.99.1/ http://198.18.0.1/ http://224.0.0.1/ http://255.255.255.255/
http://localhost/ http://LOCALHOST./ http://metadata.google.internal/ http://127.0.0.1.nip.io/ http://①②⑦.⓪.⓪.①/
http://１２７．０．０．１/ http://127。0。0。1/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/ http://shop.example@127.0.0.1/ http://127.0.0.1@shop.example/
http://shop.example:80@127.0.0.1:22/ http://@127.0.0.1/ http://127.0.0.1\@shop.example/ http://127.0.0.1:80\@shop.example/
http://127.0.0.1%2f@shop.example/ http://127.0.0.1%00.shop.example/ http://127.0.0.1%09/ http://%31%32%37.0.0.1/
http://shop.example:22/ http://shop.example:6379/ https://shop.example:8443/ http://[::1]x/ http://x[::1]/ http://[127.0.0.1]/
http://127.0.0.1:80:80/ http:127.0.0.1 http:///127.0.0.1/ //127.0.0.1/ http://a..b/ http://shop.example:-80/ http://shop.example:٨٠/
file:///etc/passwd FILE://localhost/etc/passwd gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/ ftp://127.0.0.1/
ldap://127.0.0.1/ jar:http://127.0.0.1!/ data:text/html,x javascript:alert(1) view-source:file:///x unix:///run/x.sock
""".split()

# Where a server may want to send us; none is on its own site.
REDIRECT_TARGETS = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1/",
    "http://127.0.0.1:22/",
    "http://localhost:6379/",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://2852039166/",
    "http://0x7f.1/",
    "http://10.0.0.1/",
    "http://100.100.100.200/",
    "//169.254.169.254/",
    "http://user:hunter2@127.0.0.1/",
    "http://metadata.google.internal/",
    "https://other.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://shop.example\\@169.254.169.254/",
)
REDIRECT_CODES = (300, 301, 302, 303, 305, 307, 308)


def is_special(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in SPECIAL if network.version == ip.version)


def resolve_like_the_system(host: str, port: int) -> list[str]:
    """What a system's look-up makes of a name, without asking anyone: old spellings of numbers, local names, nip.io."""
    host = host.rstrip(".").lower()
    with suppress(OSError):
        return [socket.inet_ntoa(socket.inet_aton(host))]
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host.partition("%")[0]))]
    if host.endswith(".nip.io"):
        return resolve_like_the_system(host.removesuffix(".nip.io"), port)
    if host in ("localhost", "ip6-localhost", "ip6-loopback"):
        return ["127.0.0.1", "::1"]
    return ["169.254.169.254"] if host.startswith(("metadata", "rancher-metadata")) else [PUBLIC]


@dataclass
class Recorder:
    """A `connect` that notes where it was sent; it lets through what goes to a port of `mine`, and nothing else."""

    mine: tuple[int, ...] = ()
    sent_to: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.sent_to.append((address, port))
        if port not in self.mine:
            raise ConnectionRefusedError("recorded")
        return connect(address, port, timeout_s)

    @property
    def forbidden(self) -> list[tuple[str, int]]:
        """Connections to special addresses other than our own servers."""
        return [(address, port) for address, port in self.sent_to if port not in self.mine and is_special(address)]


Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serve(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that lets `talk` have every connection; `talk` ends when its peer or the block does."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        threads = [threading.Thread(target=_accept, args=(listener, talk, tls, stop))]
        threads[0].start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            threads[0].join()


def _accept(listener: socket.socket, talk: Talk, tls: ssl.SSLContext | None, stop: threading.Event) -> None:
    talks = []
    while not stop.is_set():
        with suppress(TimeoutError):
            peer, _ = listener.accept()
            # A second handle on the connection: TLS takes the first one, and only a shutdown wakes a talk that waits.
            connection = peer.dup()
            talks.append((connection, threading.Thread(target=_converse, args=(peer, connection, talk, tls, stop))))
            talks[-1][1].start()
    for connection, each in talks:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        each.join()


def _converse(
    peer: socket.socket, connection: socket.socket, talk: Talk, tls: ssl.SSLContext | None, stop: threading.Event
) -> None:
    peer.settimeout(PATIENCE_S)
    with suppress(OSError), connection, peer:
        if tls is None:
            talk(peer, stop)
            return
        with tls.wrap_socket(peer, server_side=True) as secret:
            talk(secret, stop)


def heard(peer: socket.socket) -> bytes:
    """One request; b"" when the peer has gone, or says nothing for a while."""
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = peer.recv(65536)
        if not chunk:
            return b""
        head += chunk
    return head


def path_of(request: bytes) -> str:
    return request.split(b" ")[1].decode() if request else ""


def say(*parts: bytes) -> Talk:
    """Answer one request with these bytes, then hang up."""

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        if heard(peer):
            peer.sendall(b"".join(parts))

    return talk


def answer_kept(answers: Callable[[bytes], bytes]) -> Talk:
    """Answer request after request on a connection that is kept."""

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                request = heard(peer)
                if not request:
                    return
                peer.sendall(answers(request))

    return talk


def page(body: bytes = b"<p>hello", status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content_Type": "text/html", "Content_Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def endless(head: bytes, again: bytes, every_s: float = 0.0) -> Talk:
    """Say `head`, then `again` for ever."""

    def talk(peer: socket.socket, stop: threading.Event) -> None:
        heard(peer)
        _pour(peer, stop, head, again, every_s)

    return talk


def _pour(peer: socket.socket, stop: threading.Event, head: bytes, again: bytes, every_s: float) -> None:
    peer.settimeout(5)
    peer.sendall(head)
    while not stop.wait(every_s) if every_s else not stop.is_set():
        peer.sendall(again)


def silent(peer: socket.socket, stop: threading.Event) -> None:
    stop.wait()


def dribble_a_handshake(peer: socket.socket, stop: threading.Event) -> None:
    """A TLS record header that announces a handshake message, then one byte of it at a time."""
    _pour(peer, stop, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x00", 0.1)


def slow_redirects(peer: socket.socket, stop: threading.Event) -> None:
    """Each hop is quick enough for itself."""
    heard(peer)
    if not stop.wait(0.4):
        peer.sendall(page(b"", "302 Found", Location=f"/{threading.get_ident()}"))


def evil_servers(pause_s: float = 0.1) -> dict[str, Talk]:
    """Servers that never come to an end, or to no good one; `pause_s` is how long the slow ones wait between bytes."""
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    empty_member = gzip.compress(b"")
    return {
        "says nothing": silent,
        "hangs up at once": lambda peer, stop: None,
        "hangs up after the request": say(b""),
        "speaks no HTTP": say(b"220 mail.example ESMTP\r\n"),
        "endless status line": endless(b"HTTP/1.1 200 ", b"K" * 4096),
        "dribbled status line": endless(b"HTTP/1.1 200 ", b"K", pause_s),
        "dribbled headers": endless(OK + b"X-A: ", b"a", pause_s),
        "dribbled whole headers": endless(OK, b"X: a\r\n", pause_s * 3),
        "endless headers": endless(OK, b"X-A: " + b"a" * 2000 + b"\r\n"),
        "endless folded header": endless(OK + b"X-A: a\r\n", b" " + b"a" * 2000 + b"\r\n"),
        "flood of 100 Continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "dribble of 100 Continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause_s),
        "dribbled body": endless(OK + b"\r\n", b"x", pause_s),
        "dribbled body of known length": endless(OK + b"Content-Length: 1000000\r\n\r\n", b"x", pause_s),
        "endless body": endless(OK + b"\r\n", b"x" * 65536),
        "a gigabyte declared": endless(OK + b"Content-Length: 1000000000\r\n\r\n", b"x" * 65536),
        "endless chunks": endless(chunked, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        "dribbled chunks": endless(chunked, b"1\r\nx\r\n", pause_s),
        "dribbled chunk size": endless(chunked, b"0", pause_s),
        "endless chunk extension": endless(chunked + b"1;", b"x" * 4096),
        "endless trailers": endless(chunked + b"1\r\nx\r\n0\r\n", b"X-A: a\r\n" * 100),
        "wrong Content-Length": say(OK, b"Content-Length: 100\r\n\r\nonly this"),
        "two Content-Lengths": say(OK, b"Content-Length: 9\r\nContent-Length: 4\r\n\r\nonly this"),
        "broken off chunk": say(chunked, b"40\r\nonly this"),
        "chunk size that is none": say(chunked, b"-5\r\nonly this"),
        "endless empty gzip members": endless(OK + b"Content-Encoding: gzip\r\n\r\n", empty_member * 50),
        "dribbled gzip": endless(OK + b"Content-Encoding: gzip\r\n\r\n" + empty_member[:10], b"\x00", pause_s),
        "slow redirects": slow_redirects,
        "endless body of a redirect": endless(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x" * 65536),
    }


def evil_tls_servers(pause_s: float = 0.1) -> dict[str, Talk]:
    """The same in front of, or instead of, a TLS handshake: these speak raw bytes on a port that is asked for https."""
    return {
        "silent handshake": silent,
        "dribbled handshake": dribble_a_handshake,
        "no TLS at all": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096, pause_s),
    }


def members(size: int, piece: bytes = b"\0" * 2**20) -> bytes:
    """A gzip body of many members that inflates to `size` MiB, made in a moment."""
    return gzip.compress(piece) * size


def bombs() -> dict[str, tuple[str, bytes]]:
    """Content-Encoding and body of what must never be inflated, each by its name."""
    small = gzip.compress(b"<p>" + bytes(range(256)) * 40)
    deflated = zlib.compress(b"\0" * 2**24, 9)
    broken = {
        f"cut off after {cut} of {len(small)} bytes": small[:cut]
        for cut in (1, 2, 5, 10, 11, 50, len(small) - 8, len(small) - 1)
    }
    broken |= {
        "bad checksum": small[:-8] + b"\0\0\0\0" + small[-4:],
        "bad length": small[:-4] + b"\0\0\0\0",
        "bad method": small[:2] + b"\x07" + small[3:],
        "reserved flags": small[:3] + b"\xe0" + small[4:],
        "bad block": small[:10] + b"\xff" * 100,
        "endless file name": small[:3] + b"\x08" + small[4:10] + b"a" * 100_000,
        "endless comment": small[:3] + b"\x10" + small[4:10] + b"a" * 100_000,
        "bad second member": small + b"\x1f\x8b\x08\xff\xff",
        "cut off second member": small + small[:-1],
        "100,000 empty members": gzip.compress(b"") * 100_000,
        "zlib, not gzip": deflated,
        "plain text": b"<p>hello",
        "zeros": b"\0" * 1000,
    }
    large = {
        "200 MiB in one member": _one_member(200),
        "200 MiB in 200 members": members(200),
        "3 MiB": members(3),
        "one byte too many": gzip.compress(b"x" * (2 * 2**20 + 1)),
        "200 MiB and junk": members(200) + b"junk",
    }
    other = {
        "gzip twice": ("gzip, gzip", gzip.compress(members(200))),
        "gzip 200 times": (", ".join(["gzip"] * 200), members(2)),
        "deflate": ("deflate", deflated),
        "raw deflate": ("deflate", deflated[2:-4]),
        "brotli": ("br", b"\x5b\xff\xff\x7f\x00\x24\x00\xe2\xb1\x40\x62\xee\x77\x01"),
        "zstd": ("zstd", b"\x28\xb5\x2f\xfd\xa4\x00\x00\xc0\x00" + b"\x00" * 100),
        "compress": ("compress", b"\x1f\x9d\x90"),
        "brotli and gzip": ("br, gzip", members(2)),
        "gzip and identity": ("gzip, identity", members(2)),
        "no known encoding": ("rot13", b"<p>uryyb"),
        "larger than allowed": ("identity", b"x" * (2 * 2**20 + 1)),
        "larger than allowed, unnamed": ("", b"x" * (3 * 2**20)),
    }
    gzipped = {name: ("gzip", body) for name, body in (broken | large).items()}
    return gzipped | {"x-gzip, 200 MiB": ("x-gzip", members(200)), "GZIP, 200 MiB": ("GZIP", members(200))} | other


def _one_member(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    begins = packer.compress(b"\0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return begins + block * (size - 1)


def certificate(folder: Path, name: str = "shop.example") -> tuple[Path, ssl.SSLContext]:
    """A new certificate for `name`, its own authority, and the server side of it. Needs openssl; lives two days."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    asks = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
    named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(["openssl", *asks, "-keyout", key, "-out", cert, *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
