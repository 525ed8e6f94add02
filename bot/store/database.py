"""How the store talks to its database: one way to read, one way to write, and no library error beyond this room."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot import errors

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

CHUNK = 500
"""Rows of one statement: far below the 32,766 parameters of both databases, and a short hold of the event loop."""

TRIES = 8
PAUSE = 0.01
"""Seconds before the first repeat; doubled each time."""

_CONFLICTS = {"40001", "40P01"}
"""PostgreSQL's serialization_failure and deadlock_detected."""


class Database:
    """Reads go to `reader`, transactions that write to `writer` (one connection for SQLite, so that writers queue instead of colliding)."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, work: Work[T]) -> T:
        """Do `work` in one transaction that writes nothing. Raises StoreError."""
        with translated():
            async with self.reader.connect() as connection:
                return await work(connection)

    async def write(self, work: Work[T]) -> T:
        """Do `work` in one transaction; all of it again when somebody else was faster. Raises StoreError.

        Two transactions that insert the same row are not an error here: the later one runs again and sees the other's row.
        """
        with translated():
            for attempt in range(1, TRIES + 1):
                try:
                    async with self.writer.begin() as connection:
                        return await work(connection)
                except exc.DBAPIError as error:
                    if attempt == TRIES or not _repeatable(error):
                        raise
                await asyncio.sleep(PAUSE * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """Close all connections."""
        await self.reader.dispose()
        if self.writer is not self.reader:
            await self.writer.dispose()


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
        raise errors.StoreError(f"The database did not do what was asked: {reason(error)}.") from error


def reason(error: BaseException) -> str:
    """The first line of what the driver itself said."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(cause).__name__


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut a long list into pieces for one statement each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
