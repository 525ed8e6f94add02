"""SQLite in threads of its own: a whole transaction is one trip to a thread and back, and those that wait for the only writer meanwhile are
committed together.

Statement by statement each trip would wake a thread and then the event loop: in a click with its fifty statements that cost several times
what SQLite did. Half of the time of a transaction that writes is its commit, which waits for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent import futures
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event, pool
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Call = Callable[..., Awaitable[Any]]

LONG = 0.005
"""Seconds after which a group of transactions takes no more in: they would wait longer for each other than for the disk."""


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


class _Asked(Generic[T]):
    """A transaction that is waited for."""

    def __init__(self, work: Work[T]) -> None:
        self.done: futures.Future[T] = futures.Future()
        self.unwanted = threading.Event()
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None

    def do(self, inner: sa.Connection) -> None:
        """Do it in this transaction."""
        self._result.append(_driven(_whole(self._work, inner, self._at_once)))

    def attempt(self, inner: sa.Connection) -> None:
        """Do it among others; what it raises is told to who asked. Raises what ended the transaction as a whole: a full disk does."""
        try:
            with inner.begin_nested():
                self._remembered(inner)
        except BaseException as error:  # noqa: BLE001  (who asked hears of it)
            self._error = self._error or error
            if not cast(sqlite3.Connection, inner.connection.driver_connection).in_transaction:
                raise self._error from None

    def _remembered(self, inner: sa.Connection) -> None:
        try:
            self.do(inner)
        except BaseException as error:
            self._error = error
            raise

    def tell(self) -> None:
        """It is committed, or was taken back alone."""
        if self._error is None:
            self.done.set_result(self._result[0])
        else:
            self.done.set_exception(self._error)

    def fail(self, error: BaseException) -> None:
        """Nothing of it is there."""
        self.done.set_exception(self._error or error)

    async def _at_once(self, step: Callable[..., Any], *arguments: Any) -> Any:
        if self.unwanted.is_set():
            raise asyncio.CancelledError
        return step(*arguments)


class Engine:
    """One file, and so many connections to it, each used by one thread at a time; who comes when all are busy waits in a line."""

    def __init__(self, url: URL, begin: str, pragmas: Sequence[str], *, threads: int = 1, **options: Any) -> None:
        self.sync_engine = sa.create_engine(url, poolclass=pool.QueuePool, pool_size=threads, max_overflow=0, **options)
        self._line: deque[_Asked[Any]] = deque()
        self._alone = threads == 1
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
        asked = _Asked(work)
        self._line.append(asked)
        self._threads.submit(self._next)
        try:
            return await asyncio.wrap_future(asked.done)
        except asyncio.CancelledError:
            asked.unwanted.set()
            raise

    def _next(self) -> None:
        """The next one in the line; the only writer does with it, and commits with it, those that wait behind."""
        asked = self._first()
        if asked is None:  # somebody took it along
            return
        group = [asked]
        try:
            with self.sync_engine.begin() as inner:
                if self._alone and self._line:
                    self._together(inner, group)
                else:
                    asked.do(inner)
        except BaseException as error:  # noqa: BLE001  (each hears of it)
            for one in group:
                one.fail(error)
        else:
            for one in group:
                one.tell()

    def _together(self, inner: sa.Connection, group: list[_Asked[Any]]) -> None:
        """Each in a savepoint of its own, so that what one does wrong is taken back alone."""
        began = time.monotonic()
        group[0].attempt(inner)
        while time.monotonic() - began < LONG and (other := self._first()) is not None:
            group.append(other)
            other.attempt(inner)

    def _first(self) -> _Asked[Any] | None:
        """The first that somebody still waits for."""
        with suppress(IndexError):
            while True:
                asked = self._line.popleft()
                if asked.done.set_running_or_notify_cancel():
                    return asked
        return None

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
