"""Work that one process does at a time: its lease is renewed while it goes on, it is cut off when that is lost, and gives it back at the
end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from bot import errors, model, ports

SECONDS = 20.0
"""How long the work of a process that died is nobody's."""

EVERY = 5.0
"""How often a lease is renewed."""

Renew = Callable[[], Awaitable[bool]]


@asynccontextmanager
async def trying(leases: ports.Leases, clock: ports.Clock, kind: str, keys: str | Sequence[str]) -> AsyncIterator[model.Lease | None]:
    """Do it under a lease on those of these that nobody has; None when somebody has them all."""
    lease = await leases.take(kind, keys, clock.now(), SECONDS)
    if lease is None:
        yield None
        return
    async with holding(leases, clock, lease):
        yield lease


@asynccontextmanager
async def holding(leases: ports.Leases, clock: ports.Clock, *held: model.Lease) -> AsyncIterator[list[model.Lease]]:
    """Do it under these leases, and under those that are added to what is handed out; what is taken out of it was given back. Raises
    LeaseLost when one is lost meanwhile."""
    mine = list(held)

    async def renew() -> bool:
        some = list(mine)
        return not some or await leases.renew(some, clock.now(), SECONDS) or some != mine

    try:
        async with kept(renew):
            yield mine
    finally:
        if mine:
            await leases.release(*mine)


@contextmanager
def ending(held: list[model.Lease]) -> Iterator[Sequence[model.Lease]]:
    """What is done in here gives these back as a part of its transaction, so that nobody renews them meanwhile; where it fails they are
    held as before."""
    given = list(held)
    held.clear()
    try:
        yield given
    except BaseException:
        held.extend(given)
        raise


@asynccontextmanager
async def kept(renew: Renew) -> AsyncIterator[None]:
    """Renew as long as the body goes on; cut it off, and raise LeaseLost, when somebody else has it, or may have it."""
    limit, over = asyncio.timeout(None), asyncio.Event()
    try:
        async with limit:
            keeper = asyncio.create_task(_keep(renew, limit, over))
            try:
                yield
            finally:
                over.set()
                await keeper  # not cancelled: that would cut off a connection to the database
    except TimeoutError:
        if limit.expired():
            raise errors.LeaseLost from None
        raise


async def _keep(renew: Renew, limit: asyncio.Timeout, over: asyncio.Event) -> None:
    """By the loop's clock, which nobody sets: it holds for `SECONDS` from when the last good renewal was asked for."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    while not await _within(EVERY, over):
        asked = loop.time()
        try:
            async with asyncio.timeout_at(since + SECONDS):
                good = await renew()
        except TimeoutError:
            good = False
        except errors.StoreError:
            good, asked = asked + EVERY < since + SECONDS, since
        if not good:
            limit.reschedule(loop.time())
            return
        since = asked


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
