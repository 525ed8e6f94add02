"""SQLite's driver, with one trip to its thread for each statement.

aiosqlite makes four of them for a SELECT: the cursor, the statement, its rows, the end of the cursor; and the pool adds a rollback
after each commit. A trip wakes a thread and then the event loop: in a click with its fifty statements they cost more than SQLite did.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import aiosqlite


class Cursor(aiosqlite.Cursor):
    """Fetches the rows with the statement, so that nothing is left to ask for or to end. For whole results, not for streams."""

    _conn: Connection

    def __init__(self, connection: Connection) -> None:  # no super(): there is no cursor before the first statement
        self._conn = connection
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Cursor:
        """Run a statement to its end."""
        self._cursor, self._rows = await self._conn.run(_executed, sql, parameters or ())
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        """Run a statement once for each of the parameters."""
        self._cursor, self._rows = await self._conn.run(_executed_many, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows that came with the statement."""
        return self._rows

    async def close(self) -> None:
        """Nothing: a cursor that has been read to its end holds nothing."""


class Connection(aiosqlite.Connection):
    """Its thread dies with the process."""

    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
        self._thread.daemon = True

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, for which the thread is not asked yet."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back, unless there is nothing to."""
        if self.in_transaction:
            await super().rollback()

    async def run(self, work: Any, *arguments: Any) -> Any:
        """Call `work(connection, *arguments)` in the thread of the connection."""
        return await self._execute(work, self._conn, *arguments)  # type: ignore[no-untyped-call]


def _executed(connection: sqlite3.Connection, sql: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.execute(sql, parameters)
    return cursor, cursor.fetchall() if cursor.description else []


def _executed_many(connection: sqlite3.Connection, sql: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    return connection.executemany(sql, parameters), []
