"""SQLite in threads of its own: a whole transaction is one trip to a thread and back.

Statement by statement each trip would wake a thread and then the event loop: in a click with its fifty statements that cost several times
what SQLite did.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent import futures
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event, pool
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Call = Callable[..., Awaitable[Any]]


class Connection:
    """What the store uses of an `AsyncConnection`. `call` does the work: at once, or in a trip of its own."""

    def __init__(self, inner: sa.Connection, call: Call) -> None:
        self._inner, self._call = inner, call

    @property
    def dialect(self) -> sa.Dialect:
        """As `AsyncConnection.dialect`."""
        return self._inner.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """As `AsyncConnection.execute`."""
        return await self._call(self._inner.execute, statement, parameters)

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        """As `AsyncConnection.scalar`."""
        return await self._call(self._inner.scalar, statement, parameters)

    async def scalars(self, statement: Any, parameters: Any = None) -> Any:
        """As `AsyncConnection.scalars`."""
        return await self._call(self._inner.scalars, statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> Any:
        """As `AsyncConnection.exec_driver_sql`."""
        return await self._call(self._inner.exec_driver_sql, statement, parameters)

    async def run_sync(self, work: Callable[[sa.Connection], T]) -> T:
        """As `AsyncConnection.run_sync`."""
        return cast(T, await self._call(work, self._inner))


class Engine:
    """One file, and so many connections to it, each used by one thread at a time; who comes when all are busy waits in a line."""

    def __init__(self, url: URL, begin: str, pragmas: Sequence[str], *, threads: int = 1, **options: Any) -> None:
        self.sync_engine = sa.create_engine(url, poolclass=pool.QueuePool, pool_size=threads, max_overflow=0, **options)
        self._threads = futures.ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

        def connected(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # the driver's own BEGIN comes too late; `begin` is said instead
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")

        event.listen(self.sync_engine, "connect", connected)
        event.listen(self.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))

    @property
    def dialect(self) -> sa.Dialect:
        """Of all its connections."""
        return self.sync_engine.dialect

    async def run(self, work: Work[T]) -> T:
        """Do it in one transaction. Where the caller is cut off it is taken back, unless it is committed by then."""
        unwanted = threading.Event()

        async def at_once(step: Callable[..., T], *arguments: Any) -> T:
            if unwanted.is_set():
                raise asyncio.CancelledError
            return step(*arguments)

        def transaction() -> T:
            with self.sync_engine.begin() as inner:
                return _driven(_whole(work, inner, at_once))

        try:
            return await self._trip(transaction)
        except asyncio.CancelledError:
            unwanted.set()
            raise

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction whose statements are a trip each: whatever happens between them."""
        inner = await self._trip(self.sync_engine.connect)
        try:
            opened = await self._trip(inner.begin)
            try:
                yield cast(AsyncConnection, Connection(inner, self._trip))
            except BaseException:
                await self._trip(opened.rollback)
                raise
            await self._trip(opened.commit)
        finally:
            await self._trip(inner.close)

    connect = begin

    async def dispose(self) -> None:
        """Close every connection, when what is under way has ended."""
        await asyncio.to_thread(self._threads.shutdown)
        self.sync_engine.dispose()

    async def _trip(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


async def _whole(work: Work[T], inner: sa.Connection, call: Call) -> T:
    return await work(cast(AsyncConnection, Connection(inner, call)))


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """To its end, in this thread: it waits for nothing but the database. Where it gives others a turn they get one, the loop among them."""
    try:
        while True:
            if work.send(None) is not None:
                raise RuntimeError("a transaction waits for something else than its database")
            time.sleep(0)
    except StopIteration as end:
        return cast(T, end.value)
