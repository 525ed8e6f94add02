"""The driver below the store: what it answers, and how often it goes to its thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.store import aiosqlite_driver


class Counted(aiosqlite_driver.Connection):
    """Counts the trips."""

    trips = 0

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        self.trips += 1
        return await super()._execute(fn, *args, **kwargs)


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Counted]:
    made = await Counted(str(tmp_path / "trips.db"), isolation_level=None)
    await made.cursor().execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    made.trips = 0
    yield made
    await made.close()


async def test_the_private_members_that_the_driver_leans_on_are_where_they_were() -> None:
    """Of aiosqlite itself, before anything of ours: an upgrade that moves one of them says so here. See its bounds in pyproject.toml."""
    plain = aiosqlite.Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
    assert isinstance(plain._thread, threading.Thread) and not plain._thread.is_alive(), "it can still be made a daemon"
    await plain
    assert isinstance(plain._conn, sqlite3.Connection) and not plain.in_transaction
    assert await plain._execute(lambda one, other: one + other, 3, 4) == 7
    cursor = await plain.execute("SELECT 1 AS one")
    assert isinstance(cursor._cursor, sqlite3.Cursor) and cursor._conn is plain
    cursor._cursor = await plain._execute(plain._conn.execute, "SELECT 1 AS other")
    assert [column[0] for column in cursor.description] == ["other"], "what a cursor tells is told by `_cursor`"
    await plain.close()
    plain._thread.join(10)
    assert not plain._thread.is_alive()


async def test_a_select_is_one_trip(connection: Counted) -> None:
    await connection.cursor().executemany("INSERT INTO things (name) VALUES (?)", [("a",), ("b",)])
    connection.trips = 0
    cursor = connection.cursor()
    await cursor.execute("SELECT id, name FROM things ORDER BY id")
    assert await cursor.fetchall() == [(1, "a"), (2, "b")]
    assert [column[0] for column in cursor.description] == ["id", "name"]
    await cursor.close()
    assert connection.trips == 1


async def test_writes_tell_how_many_rows_they_changed(connection: Counted) -> None:
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO things (name) VALUES (?)", [("a",), ("b",), ("c",)])
    assert cursor.rowcount == 3
    await cursor.execute("UPDATE things SET name = name || '!' WHERE id > ?", (1,))
    assert (cursor.rowcount, await cursor.fetchall()) == (2, [])
    await cursor.execute("INSERT INTO things (name) VALUES ('d') RETURNING id")
    assert (await cursor.fetchall(), cursor.lastrowid) == ([(4,)], 4)


async def test_a_refused_statement_leaves_the_connection_usable(connection: Counted) -> None:
    await connection.cursor().execute("INSERT INTO things (name) VALUES ('a')")
    with pytest.raises(sqlite3.IntegrityError):
        await connection.cursor().execute("INSERT INTO things (name) VALUES ('a')")
    cursor = await connection.cursor().execute("SELECT count(*) FROM things")
    assert await cursor.fetchall() == [(1,)]


async def test_a_rollback_goes_to_the_thread_only_when_there_is_something_to_roll_back(connection: Counted) -> None:
    await connection.rollback()
    assert connection.trips == 0
    await connection.cursor().execute("BEGIN")
    await connection.cursor().execute("INSERT INTO things (name) VALUES ('a')")
    await connection.rollback()
    cursor = await connection.cursor().execute("SELECT count(*) FROM things")
    assert await cursor.fetchall() == [(0,)]
    assert not connection.in_transaction
