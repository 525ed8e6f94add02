"""SQLite in threads of its own: how often the store goes there, and what becomes of one that is not waited for any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import engine, sqlite_threads


class Counted(sqlite_threads.Engine):
    """Counts the trips, and the commits."""

    trips = commits = 0

    async def _trip(self, work: Any, *arguments: Any) -> Any:
        self.trips += 1
        return await super()._trip(work, *arguments)

    def _next(self) -> None:
        self.trips += 1
        super()._next()

    def committed(self, _: sa.Connection) -> None:
        self.commits += 1


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Counted]:
    made = Counted(engine.parse(f"sqlite:///{tmp_path}/trips.db").url, "BEGIN IMMEDIATE", ["journal_mode=WAL"])
    event.listen(made.sync_engine, "commit", made.committed)
    await made.run(lambda connection: connection.exec_driver_sql("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    made.trips = made.commits = 0
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


async def _behind_one(file: Counted, *works: sqlite_threads.Work[Any]) -> list[Any]:
    """What becomes of transactions that came while another one ran: they wait in the line together."""
    loop, begun, let_go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    async def waits(_: AsyncConnection) -> None:
        loop.call_soon_threadsafe(begun.set)
        let_go.wait(5)

    first = asyncio.create_task(file.run(waits))
    await begun.wait()
    running = [asyncio.create_task(file.run(work)) for work in works]
    await asyncio.sleep(0)
    let_go.set()
    await first
    return await asyncio.gather(*running, return_exceptions=True)


def _adding(*names: str) -> sqlite_threads.Work[Any]:
    return lambda connection: _add(connection, *names)


async def test_those_that_wait_for_the_writer_are_committed_together(file: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_threads, "LONG", 60)
    told = await _behind_one(file, *(_adding(name) for name in "abcde"))
    assert [len(rows) for rows in told] == [1, 2, 3, 4, 5], "each sees what those before it wrote"
    assert file.commits == 2
    assert len(await file.run(_add)) == 5


async def test_nobody_waits_for_the_commit_of_long_ones(file: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_threads, "LONG", 0)
    await _behind_one(file, _adding("a"), _adding("b"), _adding("c"))
    assert file.commits == 4


async def test_one_that_is_refused_among_others_is_taken_back_alone(file: Counted) -> None:
    first, second, third = await _behind_one(file, _adding("a"), _adding("b", "a"), _adding("c"))
    assert isinstance(second, sa.exc.IntegrityError)
    assert [name for _, name in await file.run(_add)] == ["a", "c"] == [name for _, name in third]
    assert len(first) == 1


async def test_one_among_others_that_is_not_waited_for_any_more_is_taken_back_alone(file: Counted) -> None:
    loop, cut = asyncio.get_running_loop(), threading.Event()

    async def cut_off(connection: AsyncConnection) -> None:
        await _add(connection, "b")
        loop.call_soon_threadsafe(task.cancel)
        cut.wait(5)
        await _add(connection, "d")

    task = asyncio.create_task(file.run(cut_off))
    task.add_done_callback(lambda _: cut.set())
    others = [asyncio.create_task(file.run(_adding(name))) for name in "ac"]
    await asyncio.gather(*others)
    assert task.cancelled()
    assert [name for _, name in await file.run(_add)] == ["a", "c"]


async def test_what_ends_the_transaction_as_a_whole_is_told_to_all_of_it(file: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_threads, "LONG", 60)

    async def ended(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("ROLLBACK")  # as SQLite does by itself where the disk is full
        raise LookupError

    told = await _behind_one(file, _adding("a"), ended, _adding("c"))
    assert [isinstance(one, LookupError) for one in told] == [True, True, False]
    assert [name for _, name in await file.run(_add)] == ["c"]


async def test_on_a_full_disk_what_is_told_is_what_is_there(file: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_threads, "LONG", 60)
    await file.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 5"))
    told = await _behind_one(file, _adding("a"), _adding("b" * 100_000), _adding("c"))
    there = [name for _, name in await file.run(_add)]
    assert isinstance(told[1], sa.exc.OperationalError)
    assert [name for name, one in zip("ac", (told[0], told[2]), strict=True) if isinstance(one, list)] == there


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
