"""The graph of a metric as a PNG: what was measured as a line, what was expected as a band, what is anomalous in red."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

from sandbox.anomify import catalogue, series

WIDTH, HEIGHT, MARGIN = 600, 200, 8
PAPER, BAND, LINE, RED = range(4)
PALETTE = bytes((255, 255, 255, 222, 235, 250, 38, 84, 146, 208, 52, 44))
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def graph(metric: catalogue.Metric, first: int, last: int, dents: Sequence[series.Dent] = ()) -> bytes:
    """A picture of this metric between both times (epoch seconds, first < last)."""
    moments = [first + (last - first) * column // (WIDTH - 1) for column in range(WIDTH)]
    values = [series.value(metric, at, dents) for at in moments]
    bands = [series.band(metric, at) for at in moments]
    low, high = min(*values, *(edge for edge, _ in bands)), max(*values, *(edge for _, edge in bands))
    scale = (HEIGHT - 2 * MARGIN - 1) / ((high - low) or 1)

    def row(value: float) -> int:
        return HEIGHT - 1 - MARGIN - round((value - low) * scale)

    canvas = [bytearray(WIDTH) for _ in range(HEIGHT)]
    before = row(values[0])
    for column, (at, value, (least, most)) in enumerate(zip(moments, values, bands, strict=True)):
        now = row(value)
        _stroke(canvas, column, (row(most), row(least)), BAND)
        _stroke(canvas, column, (before, now), RED if _off(at, dents) else LINE)
        before = now
    return encoded(canvas)


def _off(at: int, dents: Iterable[series.Dent]) -> bool:
    return any(dent.started <= at <= dent.until for dent in dents)


def _stroke(canvas: Sequence[bytearray], column: int, rows: tuple[int, int], colour: int) -> None:
    for line in canvas[min(rows) : max(rows) + 1]:
        line[column] = colour


def encoded(canvas: Sequence[bytearray]) -> bytes:
    """Rows of indexes into the palette as a PNG."""
    head = struct.pack(">IIBBBBB", len(canvas[0]), len(canvas), 8, 3, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + line for line in canvas))
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"PLTE", PALETTE) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
