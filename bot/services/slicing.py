"""Work that grows with the queue, in slices: the loop answers others between two of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
In = TypeVar("In", contravariant=True)

SLICE = 25
"""So many anomalies are formatted in about 2 ms; a request that comes in meanwhile needs a dozen turns of the loop."""


class Writes(Protocol[In]):
    """Makes lines of a file, with its heading or without."""

    def __call__(self, items: Sequence[In], /, *, heading: bool) -> bytes: ...


async def each(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Everything, slice by slice."""
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
        await asyncio.sleep(0)


async def streamed(pages: AsyncIterator[Sequence[T]], write: Writes[T], check: Callable[[int], None] | None = None) -> tuple[bytes, int]:
    """A file of one line for each, of pages that are read meanwhile, and how many lines it has; `check` refuses what has become too
    much."""
    parts, lines = [write((), heading=True)], 0
    async for page in pages:
        lines += len(page)
        if check:
            check(lines)
        async for some in each(page):
            parts.append(write(some, heading=False))
    return b"".join(parts), lines
