"""SQLite in threads of its own: how often the store goes there, and what becomes of one that is not waited for any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import engine, sqlite_threads


class Counted(sqlite_threads.Engine):
    """Counts the trips."""

    trips = 0

    async def _trip(self, work: Any, *arguments: Any) -> Any:
        self.trips += 1
        return await super()._trip(work, *arguments)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Counted]:
    made = Counted(engine.parse(f"sqlite:///{tmp_path}/trips.db").url, "BEGIN IMMEDIATE", ["journal_mode=WAL"])
    await made.run(lambda connection: connection.exec_driver_sql("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    made.trips = 0
    yield made
    await made.dispose()


async def _add(connection: AsyncConnection, *names: str) -> list[tuple[int, str]]:
    for name in names:
        await connection.execute(sa.text("INSERT INTO things (name) VALUES (:name)"), {"name": name})
        await asyncio.sleep(0)
    return [(row.id, row.name) for row in await connection.execute(sa.text("SELECT id, name FROM things ORDER BY id"))]


async def test_a_transaction_is_one_trip(file: Counted) -> None:
    assert await file.run(lambda connection: _add(connection, "a", "b")) == [(1, "a"), (2, "b")]
    assert file.trips == 1


async def test_a_refused_statement_takes_everything_back_and_leaves_the_connection_usable(file: Counted) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await file.run(lambda connection: _add(connection, "a", "a"))
    assert await file.run(lambda connection: _add(connection, "a")) == [(1, "a")]


async def test_one_that_is_not_waited_for_any_more_is_taken_back(file: Counted) -> None:
    loop, added, let_go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    async def work(connection: AsyncConnection) -> None:
        await _add(connection, "a")
        loop.call_soon_threadsafe(added.set)
        let_go.wait(5)
        await _add(connection, "b")

    task = asyncio.create_task(file.run(work))
    await added.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    let_go.set()
    assert await file.run(_add) == []


async def test_one_that_never_began_is_left_out(file: Counted) -> None:
    let_go = threading.Event()

    async def waits(_: AsyncConnection) -> None:
        let_go.wait(5)

    first = asyncio.create_task(file.run(waits))
    second = asyncio.create_task(file.run(lambda connection: _add(connection, "a")))
    await asyncio.sleep(0)
    second.cancel()
    let_go.set()
    await first
    assert await file.run(_add) == []


async def test_a_transaction_that_waits_for_something_else_is_an_error(file: Counted) -> None:
    async def work(_: AsyncConnection) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError):
        await file.run(work)


async def test_what_happens_between_its_statements_holds_nobody_up(file: Counted) -> None:
    async with file.begin() as connection:
        assert await _add(connection, "a") == [(1, "a")]
        assert await connection.scalar(sa.text("SELECT count(*) FROM things")) == 1
    with pytest.raises(LookupError):
        async with file.begin() as connection:
            await _add(connection, "b")
            raise LookupError
    assert await file.run(_add) == [(1, "a")]
