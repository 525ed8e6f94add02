"""Answers that come packed: unpacked no further than they are read. A kilobyte may unpack to a gigabyte, and the library's own way makes
all of it at once, however often it was packed."""

from __future__ import annotations

import zlib

GZIP = 16 + zlib.MAX_WBITS
PLAIN, PACKED = ("", "identity"), ("gzip", "x-gzip")
"""Ways of packing that are known; only the first of the packed ones is asked for."""


class Unreadable(Exception):
    """It is not packed in the way that it says, or in one that nobody asked for."""


class Unpacking:
    """One answer, piece by piece; `encoding` is what its `Content-Encoding` says."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in (*PLAIN, *PACKED):
            raise Unreadable("an encoding that nobody asked for")
        self._packed = zlib.decompressobj(GZIP) if name in PACKED else None

    def take(self, piece: bytes, room: int) -> bytes:
        """What a further piece says: at most `room` bytes, after which nothing more is to be taken. Raises Unreadable."""
        if self._packed is None:
            return piece[:room]
        try:
            return self._packed.decompress(piece, room)
        except zlib.error as error:
            raise Unreadable("not packed as it says") from error
