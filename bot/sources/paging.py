"""Reading a list page by page: eight pages abreast, and within bounds that are ours. How long a list is and where it ends is what the
system says; how much of it is read is not."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot import errors
from bot.sources import base, judging

ABREAST = 8
"""Pages of one list that are read at once."""
DEADLINE = 300.0
"""Seconds that the reading of one list may take in all."""
ANOMALIES = 1_000_000
"""Anomalies of one list: what a desk can follow. The first contact with a deployment reads all that is open there."""
LOOKUPS = 100_000
"""Things of one list in which names and ids are looked up."""
UNTOLD = 10_000
"""Items of a list that does not say how long it is: it may have no end at all."""
STALE = 3
"""So many pages in a row that bring nothing new are the end of a list, whatever it says. One may be a list that grew by a whole page
while it was read."""
WINDOW = 3 * ABREAST
"""Pages of a stream of which it is known what was on them."""
AGAIN = 20
"""So often some pages of a stream are read again; a list that goes on losing items is read as well as it can be."""
SLICE = 1_000
"""Items that are worked on before everybody else gets a turn."""


class Page(Protocol):
    """A page of any list: how long it says that the list is, how many items its pages have, and the ids on this one."""

    @property
    def total(self) -> int | None: ...
    @property
    def size(self) -> int: ...
    @property
    def ids(self) -> Sequence[Hashable]: ...


AnyPage = TypeVar("AnyPage", bound=Page)
Thing = TypeVar("Thing")
Read = Callable[[int, int], Awaitable[AnyPage]]
"""read(number, size): one page; size 0 for as many items as it likes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of one list of a system is read: `items` at most, within `seconds`. `what` it is a list of, for people."""

    source: str
    title: str
    what: str
    items: int
    seconds: float = DEADLINE

    def fault(self, told: int | None, ceiling: int) -> errors.SourceGarbled:
        """The list is longer than anybody can want."""
        says = f"says that its list of {self.what} is {told:,} long" if told is not None else f"gives a list of {self.what} without an end"
        return errors.SourceGarbled(
            self.source,
            f"{self.title} {says}; this desk reads {ceiling:,} at most, so it was not read. Narrow what is asked for.",
        )

    def late(self) -> errors.SourceUnavailable:
        """The list takes longer than anybody can wait."""
        said = f"{self.title} did not give its whole list of {self.what} within {judging.spoken(self.seconds)}."
        return errors.SourceUnavailable(self.source, said)


class Meter:
    """Counts what a reading brought. `ended`: the pages bring nothing new any more."""

    def __init__(self, bounds: Bounds, window: int = 0) -> None:
        """`window`: of so many pages it knows what was on them (0: of all)."""
        self._bounds, self._window = bounds, window
        self._count, self._stale = 0, 0
        self._seen: set[Hashable] = set()
        self._lately: deque[Sequence[Hashable]] = deque()

    @property
    def ended(self) -> bool:
        """Whether the last pages brought nothing new."""
        return self._stale >= STALE

    def take(self, page: Page) -> None:
        """Another page. Raises SourceGarbled when they have become too many."""
        known = len(self._seen)
        self._seen.update(page.ids)
        self._stale = 0 if len(self._seen) > known else self._stale + 1
        if self._window:
            self._forget(page.ids)
        self._count += len(page.ids)
        ceiling = self._bounds.items if page.total is not None else min(self._bounds.items, UNTOLD)
        if self._count > ceiling:
            raise self._bounds.fault(page.total if page.total is not None and page.total > ceiling else None, ceiling)

    def again(self) -> None:
        """What comes now may have come before."""
        self._stale = 0
        self._seen.clear()
        self._lately.clear()

    def _forget(self, ids: Sequence[Hashable]) -> None:
        self._lately.append(ids)
        if len(self._lately) > 2 * self._window:
            while len(self._lately) > self._window:
                self._lately.popleft()
            self._seen = {ident for few in self._lately for ident in few}


async def every(read: Read[AnyPage], bounds: Bounds, *, first: AnyPage | None = None, most: int = 0) -> list[AnyPage]:
    """The pages of a list, in order; at most `most` of them (0: all). `first` is the first one where it was read already. Where the list
    does not say how long it is, one page after the other until one is not full.

    Raises SourceGarbled for a list that is too long, before any of it is read when it says so, and SourceUnavailable when it takes too
    long."""
    async with within(bounds):
        first = first or await read(1, 0)
        if first.total is not None and first.total > bounds.items and not most:
            raise bounds.fault(first.total, bounds.items)
        meter = Meter(bounds)
        meter.take(first)
        if first.total is None:
            return await _blindly(read, first, meter, most)
        last = math.ceil(first.total / first.size)
        numbers = range(2, (min(last, most) if most else last) + 1)
        rest = (_one(read, number, first.size, meter) for number in _until_stale(numbers, meter))
        return [first, *await base.together(rest, ABREAST)]


async def stream(read: Read[AnyPage], bounds: Bounds) -> AsyncIterator[AnyPage]:
    """The same pages one after the other, a wave of them read abreast and none kept. Where the list becomes shorter meanwhile, what comes
    behind moves towards the front: as many pages as it lost are read again, so that nothing is missed, and some may come twice."""
    first = await _timely(read(1, 0), bounds)
    if first.total is not None and first.total > bounds.items:
        raise bounds.fault(first.total, bounds.items)
    meter = Meter(bounds, window=WINDOW)
    meter.take(first)
    yield first
    number, total, count, again = 2, first.total, len(first.ids), AGAIN
    while not meter.ended and (number <= math.ceil(total / first.size) if total is not None else count >= first.size):
        wave = range(number, min(number + ABREAST, math.ceil(total / first.size) + 1)) if total is not None else range(number, number + 1)
        pages = await _timely(base.together((_reading(read, one, first.size) for one in wave), ABREAST), bounds)
        for page in pages:
            meter.take(page)
            yield page
        count, number = len(pages[-1].ids), wave.stop
        told = min((page.total for page in pages if page.total is not None), default=total)
        if total is not None and told is not None and told < total and again:
            again -= 1
            meter.again()
            number, total = max(1, wave.start - math.ceil((total - told) / first.size)), told


async def _reading(read: Read[AnyPage], number: int, size: int) -> AnyPage:
    return await read(number, size)


async def _timely(reading: Awaitable[Thing], bounds: Bounds) -> Thing:
    async with within(bounds):
        return await reading


@contextlib.asynccontextmanager
async def within(bounds: Bounds) -> AsyncIterator[None]:
    """The deadline of a whole reading. Raises SourceUnavailable when it is over."""
    try:
        async with asyncio.timeout(bounds.seconds):
            yield
    except TimeoutError as error:
        raise bounds.late() from error


def _until_stale(numbers: Iterable[int], meter: Meter) -> Iterator[int]:
    for number in numbers:
        if meter.ended:
            return
        yield number


async def _one(read: Read[AnyPage], number: int, size: int, meter: Meter) -> AnyPage:
    page = await read(number, size)
    meter.take(page)
    await asyncio.sleep(0)
    return page


async def _blindly(read: Read[AnyPage], first: AnyPage, meter: Meter, most: int) -> list[AnyPage]:
    pages = [first]
    while len(pages[-1].ids) >= first.size and not meter.ended and not (most and len(pages) >= most):
        pages.append(await _one(read, len(pages) + 1, first.size, meter))
    return pages


async def kept(things: Sequence[Thing], holds: Callable[[Thing], bool]) -> list[Thing]:
    """Those that a test holds for; everybody else gets a turn in between."""
    found: list[Thing] = []
    for start in range(0, len(things), SLICE):
        found += [one for one in things[start : start + SLICE] if holds(one)]
        await asyncio.sleep(0)
    return found


def ids(items: Iterable[Any]) -> list[Hashable]:
    """What tells the items of a page apart: their ids, their names where they have none, else all that they are."""
    return [_ident(item) for item in items]


def _ident(item: Any) -> Hashable:
    if isinstance(item, Mapping):
        for key in ("id", "name"):
            if isinstance(found := item.get(key), (int, str)):
                return found
    return repr(item)
