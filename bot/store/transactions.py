"""How the store talks to its database: one way to read, one way to write, and no library error beyond this room."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot import errors
from bot.store import columns, connections, outage, sqlite_threads

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Engine = AsyncEngine | sqlite_threads.Engine

CHUNK = 500
"""Rows of one statement: far below the 32,766 parameters of both databases, and a short hold of the event loop."""

TRIES = 8
PAUSE = 0.01
"""Seconds before the first repeat; doubled each time."""

_CONFLICTS = {"40001", "40P01"}
"""PostgreSQL's serialization_failure and deadlock_detected."""

_OUT_OF_ORDER = ("08", "28", "3D", "53", "57", "58", "25006")
"""PostgreSQL's classes for: connection, password, no such database, out of resources, shut down, system error; and a read-only server."""
_ITS_OWN_FAULT = "57014"
"""A statement that took too long, alone in its class."""
_OUT_OF_ORDER_LITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_BUSY", "SQLITE_CORRUPT", "SQLITE_NOTADB")


class Database:
    """Reads go to `reader`, transactions that write to `writer` (one connection for SQLite, so that writers queue instead of colliding).

    `watch` notices a server that says nothing; `patience` is how long it takes to notice. A server has a clock (`own_clock`) by which all
    processes go.
    """

    def __init__(
        self,
        reader: Engine,
        writer: Engine,
        watch: connections.Watch | None = None,
        patience: connections.Patience | None = None,
        aside: AsyncEngine | None = None,
    ) -> None:
        self.reader, self.writer = reader, writer
        self._watch, self._patience = watch, patience or connections.Patience()
        self.own_clock, self.aside = watch is not None, aside
        self._outage = outage.Outage()

    def moment(self, given: datetime, seconds: float = 0.0) -> sa.ColumnElement[datetime]:
        """This moment, so many seconds later: by the server's clock where it has one, else as the caller's clock gives it."""
        later = timedelta(seconds=seconds)
        if not self.own_clock:
            return sa.literal(given + later, columns.Utc())
        moment: sa.ColumnElement[datetime] = sa.func.clock_timestamp(type_=columns.Utc())
        return sa.type_coerce(moment + sa.literal(later, sa.Interval()), columns.Utc()) if seconds else moment

    async def read(self, work: Work[T]) -> T:
        """Do `work` in one transaction that writes nothing. Raises StoreError."""
        with self._noticed(outage.READ):
            if isinstance(self.reader, sqlite_threads.Engine):
                return await self.reader.run(work)
            async with self._reached(self.reader.connect()) as connection:
                return await work(connection)

    async def write(self, work: Work[T], *, aside: bool = False) -> T:
        """Do `work` in one transaction; all of it again when somebody else was faster. Raises StoreError. `aside` it does not queue for a
        connection with everything else: what keeps other work going must not wait behind it.

        Two transactions that insert the same row are not an error here: the later one runs again and sees the other's row.
        """
        engine = self.aside if aside and self.aside is not None else self.writer
        with self._noticed(outage.WRITE):
            for attempt in range(1, TRIES + 1):
                try:
                    if isinstance(engine, sqlite_threads.Engine):
                        return await engine.run(work)
                    async with self._reached(engine.begin()) as connection:
                        return await work(connection)
                except exc.DBAPIError as error:
                    if attempt == TRIES or not _repeatable(error):
                        raise
                await asyncio.sleep(PAUSE * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """Close all connections; a server that does not answer is not waited for."""
        if self._watch is None:
            await self._dispose()
            return
        closing = asyncio.create_task(self._dispose())
        await asyncio.wait({closing}, timeout=self._patience.close)
        if not closing.done():
            self._watch.cut_all()
        await closing

    async def _dispose(self) -> None:
        await self.reader.dispose()
        if self.writer is not self.reader:
            await self.writer.dispose()
        if self.aside is not None:
            await self.aside.dispose()

    @contextlib.asynccontextmanager
    async def _reached(self, opening: contextlib.AbstractAsyncContextManager[AsyncConnection]) -> AsyncIterator[AsyncConnection]:
        """A connection to a server, within the time that it may take to get one."""
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self._patience.reach if self._watch else None):
                connection = await stack.enter_async_context(opening)
            yield connection

    @contextlib.contextmanager
    def _noticed(self, what: str) -> Iterator[None]:
        """Translate errors, and tell the log once when the database as a whole is the trouble."""
        begun = self._outage.now()
        try:
            with translated():
                yield
        except errors.StoreUnavailable as error:
            self._outage.failed(what, reason(error.__cause__ or error), begun)
            raise
        self._outage.worked(what, begun)


def insert(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that may say what to do where the row is there already: both databases write it alike, and each has its own class."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


async def put(connection: AsyncConnection, table: sa.Table, key: Mapping[str, Any], **values: Any) -> None:
    """Change the row with this key, which is made when it is missing."""
    this = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if not (await connection.execute(sa.update(table).where(this).values(values))).rowcount:
        await connection.execute(sa.insert(table).values({**key, **values}))


def _repeatable(error: exc.DBAPIError) -> bool:
    if isinstance(error, exc.IntegrityError):
        return True
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", "")
    return code in _CONFLICTS or str(code).startswith("SQLITE_BUSY")


def failures() -> tuple[type[Exception], ...]:
    """What libraries raise when a database fails. asyncpg is optional, and raises its own errors while it connects."""
    asyncpg: Any = sys.modules.get("asyncpg")
    extra = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (exc.SQLAlchemyError, OSError, *extra)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what libraries raise into StoreError, without statements or parameters: those may hold row data."""
    try:
        yield
    except failures() as error:
        if _unavailable(error):
            raise errors.StoreUnavailable(f"The database is not available: {reason(error)}.") from error
        raise errors.StoreError(f"The database did not do what was asked: {reason(error)}.") from error


def _unavailable(error: Exception) -> bool:
    """Whether the database as a whole is the trouble, not what was asked of it."""
    if isinstance(error, exc.DBAPIError):
        code = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", ""))
        known = code.startswith((*_OUT_OF_ORDER, *_OUT_OF_ORDER_LITE)) and code != _ITS_OWN_FAULT
        return known or error.connection_invalidated
    return not isinstance(error, exc.SQLAlchemyError) or isinstance(error, exc.TimeoutError | exc.DisconnectionError)


def reason(error: BaseException) -> str:
    """The first line of what the driver itself said."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    if isinstance(cause, TimeoutError) and not lines:
        return "no answer in time"
    return lines[0].rstrip(".") if lines else type(cause).__name__


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut a long list into pieces for one statement each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
