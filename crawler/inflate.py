"""gzip, piece by piece (RFC 1952), so that the reader can stop before a bomb has gone off. Pure; knows no pages."""

import zlib
from collections.abc import Iterable, Iterator

PIECE_BYTES = 64 * 1024
MAX_MEMBERS = 1000  # empty ones cost time and make no bytes: a cap on the output alone would not stop them
MAGIC = b"\x1f\x8b"


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate every member; no piece is larger than 64 KiB. What follows the last member, and is none, is ignored.

    Raises:
        zlib.error: when it is no gzip, is cut off, or a checksum does not fit.

    """
    inflater, waiting, members = _member(), b"", 0
    for chunk in chunks:
        waiting += chunk
        members = members or 1
        while waiting:
            if inflater.eof:
                if waiting == MAGIC[:1]:
                    break  # the next chunk tells whether a member begins here
                if not waiting.startswith(MAGIC):
                    return
                inflater, members = _member(), members + 1
            if members > MAX_MEMBERS:
                raise zlib.error("too many members")
            piece = inflater.decompress(waiting, PIECE_BYTES)
            waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if piece:
                yield piece
    if members and not inflater.eof:
        raise zlib.error("cut off")


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
