"""The body of an answer, as sent or gzipped, within its size. Reads what a connection hands over; opens none."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import urllib3

from crawler.errors import FetchFailed
from crawler.inflate import gunzip

CHUNK_BYTES = 64 * 1024


def receive(raw: Any, url: str, max_bytes: int) -> bytes:
    """The whole body of a urllib3 response whose headers have been read, at most `max_bytes` sent and inflated.

    Raises:
        FetchFailed: it is larger, slower, cut off, or in an encoding other than gzip.

    """
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        named = "".join(char for char in encoding[:40] if char.isprintable())
        raise FetchFailed(f"{url} is sent as {named}, not as gzip or plain. Change the server's compression")
    if (raw.length_remaining or 0) > max_bytes:
        raise _too_large(url, max_bytes)
    pieces = _capped(_chunks(raw, url), url, max_bytes)
    try:
        return b"".join(_capped(gunzip(pieces), url, max_bytes) if "gzip" in encoding else pieces)
    except zlib.error as error:
        raise FetchFailed(
            f"{url} is sent as gzip but is not, or not all of it. Check the server's compression"
        ) from error


def _chunks(raw: Any, url: str) -> Iterator[bytes]:
    # read1 returns what has come so far; read(n) would wait for n bytes.
    try:
        while chunk := raw.read1(CHUNK_BYTES, decode_content=False):
            yield chunk
    except urllib3.exceptions.TimeoutError as error:
        raise FetchFailed(f"{url} was too slow and was left out. Try again later") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise FetchFailed(f"{url} broke off while it was read. Try again later") from error


def _capped(pieces: Iterable[bytes], url: str, max_bytes: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise _too_large(url, max_bytes)
        yield piece


def _too_large(url: str, max_bytes: int) -> FetchFailed:
    return FetchFailed(f"{url} is larger than {max_bytes // 1024} KiB and was left out")
