"""Who has which window of a batch: the batches of a source take turns, and the workers of one share its items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot import model, ports

PAUSE_SECONDS = 0.25
"""How soon it is looked again whether an anomaly that somebody else is changing is free."""

AHEAD = 8
"""Windows that are read from the store at once."""


@dataclass(slots=True)
class Turn:
    """Batches of one source take turns, because two of them may be about the same anomaly; `waiting` counts those that want the next. How
    many calls the windows make at once is for the lanes of the system."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Have it, when it is free."""
        self.waiting += 1
        try:
            await self.lock.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.lock.release()


@dataclass(slots=True)
class Course:
    """A batch under way, or its part of one `source`: hands out its items window by window, each to one worker. `ended`: all settled, or it
    goes on later (`broken`)."""

    store: ports.Batches
    batch: str
    size: int
    shown: datetime
    ended: bool = False
    broken: bool = False
    _stock: Sequence[model.Item] = ()
    _out: set[model.Ref] = field(default_factory=set)
    source: str = ""
    _last: list[model.Item] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self) -> Sequence[model.Item]:
        """The next window; empty when there is nothing left that no other worker has."""
        async with self._lock:
            if not self._stock:
                out = frozenset(self._out)  # from before the reading: what is settled while it goes on still reads as under way
                found = await self.store.next(self.batch, self.size * AHEAD + len(out), self.source)
                self._stock = [item for item in found if item.ref not in out]
                if not self._stock:
                    self._stock, self._last = self._last, []
                self.ended = self.ended or not found
            items, self._stock = self._stock[: self.size], self._stock[self.size :]
            self._out.update(item.ref for item in items)
            return items

    def settled(self, items: Sequence[model.Item]) -> None:
        """A window is done with."""
        self._out.difference_update(item.ref for item in items)

    async def last(self, items: Sequence[model.Item]) -> None:
        """These are being changed by somebody else: they go last, and a little later where there is nothing but them."""
        self._last.extend(items)
        if items and not self._stock:
            await asyncio.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Hand out nothing more; what is under way ends."""
        self.ended = self.broken = True
