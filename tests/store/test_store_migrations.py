"""Building the tables, bringing those of earlier releases up to date, and the way back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import autogenerate, command, config
from alembic.runtime import migration

from bot import errors, ports
from bot.store import batches, columns, connections, engine, journal, mappers, transactions, work_tables
from bot.store.migrations import revisions, runner
from tests.store import earlier, processes
from tests.store.making import NOON, SOURCE, after, anomaly, batch, intent, item, line, live, operation, ref, scan


def _drift(connection: sa.Connection) -> list[Any]:
    """What Alembic would have to change to make the database what `tables` says."""
    context = migration.MigrationContext.configure(connection, opts={"compare_type": True})
    return list(autogenerate.compare_metadata(context, columns.metadata))


async def test_the_migrations_build_exactly_the_tables(store: engine.Store) -> None:
    async with store.db.reader.connect() as connection:
        assert await connection.run_sync(_drift) == []


async def test_partial_indices_have_the_same_conditions_in_migrations_and_tables(store: engine.Store) -> None:
    """Alembic does not compare conditions, and an index without its condition would be as large as its table."""

    def conditions(connection: sa.Connection) -> dict[str, str]:
        option = f"{connection.dialect.name}_where"
        inspector = sa.inspect(connection)
        indices = [index for name in inspector.get_table_names() for index in inspector.get_indexes(name)]
        found = {str(index["name"]): index.get("dialect_options", {}).get(option) for index in indices}
        return {name: _bare(where) for name, where in found.items() if where is not None}

    declared = {
        str(index.name): _bare(index.dialect_options["sqlite"]["where"])
        for table in columns.metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    async with store.db.reader.connect() as connection:
        assert await connection.run_sync(conditions) == declared


def _bare(condition: object) -> str:
    return re.sub(r"\w+\.|[()]|::text", "", str(condition)).lower()


async def test_migrating_again_or_at_the_same_time_does_no_harm(url: str) -> None:
    assert await engine.current(url) == ""
    revisions = await asyncio.gather(*(engine.migrate(url) for _ in range(4)))
    assert set(revisions) == {runner.head()} == {await engine.current(url)}


@pytest.mark.long
async def test_two_processes_may_migrate_at_once(url: str) -> None:
    code = "import asyncio, sys; from bot.store import engine; print(asyncio.run(engine.migrate(sys.argv[1])))"
    started = [await processes.python(code, url) for _ in range(2)]
    told = [(await process.communicate())[0] for process in started]
    assert told == [f"{runner.head()}\n".encode()] * 2 and [process.returncode for process in started] == [0, 0]


async def test_a_database_without_tables_is_not_opened(url: str) -> None:
    with pytest.raises(errors.ConfigError, match="python -m bot migrate"):
        await engine.open(url)
    await engine.migrate(url)
    await (await engine.open(url)).close()


async def test_a_database_of_a_later_release_is_opened(url: str) -> None:
    """While a release is rolled out, processes of the last one restart on migrated tables."""
    await engine.migrate(url)
    store = await engine.open(url)
    async with store.db.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await store.close()
    await (await engine.open(url)).close()


def test_the_revision_that_is_needed_is_the_one_that_alembic_leads_to() -> None:
    assert revisions.head() == runner.head()


async def test_tables_of_today_are_opened_without_alembic(url: str) -> None:
    """It would stay in memory as long as the desk runs."""
    await engine.migrate(url)
    code = (
        "import asyncio, sys; from bot.store import engine; url = sys.argv[1]; print(asyncio.run(engine.migrate(url)));"
        "asyncio.run(engine.open(url)); print('alembic' in sys.modules)"
    )
    process = await processes.python(code, url)
    assert (await process.communicate())[0] == f"{revisions.head()}\nFalse\n".encode()


def test_asking_for_the_revision_makes_no_file(tmp_path: Path) -> None:
    assert asyncio.run(engine.current(f"sqlite:///{tmp_path}/none.db")) == ""
    assert not list(tmp_path.iterdir())


async def to_revision(url: str, revision: str, move: Callable[[config.Config, str], None] = command.upgrade) -> None:
    """Bring the tables to one revision, forwards or back."""

    def work(connection: sa.Connection) -> None:
        made = runner.settings()
        made.attributes["connection"] = connection
        move(made, revision)

    async with engine._single(engine.parse(url)) as one, one.begin() as connection:
        await connection.run_sync(work)


async def _clicked(db: transactions.Database) -> None:
    """A click that was accepted and not ended, as a desk before 0008 wrote it."""
    row = mappers.intent_values(intent("click-1")) | {"claim_token": "x", "claim_until": after(60)}
    await db.write(lambda connection: connection.execute(sa.insert(work_tables.intents).values(row)))


async def _filled_at_0001(url: str) -> None:
    """A database as the first release left it, written by a desk of that time: it knew nothing of batches."""
    await to_revision(url, "0001")
    db = engine._database(engine.parse(url), connections.Patience())
    await earlier.insert(db, [anomaly(1), anomaly(2)], cursor="c", drafts=[live(1)])
    await _clicked(db)
    await db.close()


async def test_a_database_of_the_first_release_keeps_what_it_holds_and_learns_batches(url: str) -> None:
    await _filled_at_0001(url)
    with pytest.raises(errors.ConfigError, match="python -m bot migrate"):
        await engine.open(url)
    assert await engine.migrate(url) == runner.head() != "0001"
    store = await engine.open(url)
    try:
        assert (await store.anomalies.get([ref(1), ref(2)])) == {ref(1): anomaly(1, version=1), ref(2): anomaly(2, version=1)}
        assert [card.ref for card in await store.cards.due(NOON, posted=False)] == [ref(1)]
        assert (await store.health.get(SOURCE)).cursor == "c"
        assert [one.key for one in await store.journal.unfinished(after(60))] == ["click-1"]
        await store.batches.create(batch("b1", 1), [item(1)])
        assert await store.batches.confirm("b1", NOON) and await store.batches.next("b1", 1) == [item(1)]
        async with store.db.reader.connect() as connection:
            assert await connection.run_sync(_drift) == []
    finally:
        await store.close()


async def _filled_at_0002(url: str) -> None:
    """A database as the second release left it: it knew nothing of operations, and closed anomalies."""
    await to_revision(url, "0002")
    db = engine._database(engine.parse(url), connections.Patience())
    await earlier.insert(db, [anomaly(1), anomaly(2)], drafts=[live(1)])
    await journal.Journal(db).finish("x", [line(1, "archive", after(5)), line(2, at=after(6))], after(6))
    await batches.Batches(db).create(batch("b1", 1), [item(1)])
    assert await batches.Batches(db).confirm("b1", NOON)
    await db.close()


async def test_a_database_of_the_second_release_keeps_what_it_holds_and_learns_operations(url: str) -> None:
    await _filled_at_0002(url)
    with pytest.raises(errors.ConfigError, match="python -m bot migrate"):
        await engine.open(url)
    assert await engine.migrate(url) == runner.head() != "0002"
    store = await engine.open(url)
    try:
        assert set(await store.anomalies.get([ref(1), ref(2)])) == {ref(1), ref(2)}
        assert [card.ref for card in await store.cards.due(NOON, posted=False)] == [ref(1)]
        assert await store.batches.runnable(NOON) == ["b1"] and await store.batches.next("b1", 1) == [item(1)]
        assert await store.journal.closed(SOURCE, NOON, "", 9) == ["1"]
        assert await store.operations.add([operation("o1", plan="p1"), operation("o2", scan=scan(7))]) == ["o1", "o2"]
        assert await store.operations.confirm("p1", NOON) and await store.operations.due(NOON) == ["o1"]
        async with store.db.reader.connect() as connection:
            assert await connection.run_sync(_drift) == []
    finally:
        await store.close()


async def test_a_database_of_the_third_release_goes_on_with_its_intents_and_learns_remarks(url: str) -> None:
    await to_revision(url, "0003")
    db = engine._database(engine.parse(url), connections.Patience())
    await _clicked(db)
    await batches.Batches(db).create(batch("b1", 1), [item(1)])
    await db.close()
    assert await engine.migrate(url) == runner.head() != "0003"
    store = await engine.open(url)
    try:
        (unfinished,) = await store.journal.unfinished(after(60))
        assert unfinished == replace(intent("click-1"), sent=intent("click-1").at)
        remark = ports.Remark("click-1", ref(1), "Acknowledged by Dana via Slack.", after(62))
        assert await store.records.record(
            ports.Record(SOURCE, [anomaly(1)], after(62), after(62), adopting=True, remarks=[remark], intent="click-1")
        )
        assert await store.remarks.due(after(62)) == [remark] and await store.journal.unfinished(after(99)) == []
        async with store.db.reader.connect() as connection:
            assert await connection.run_sync(_drift) == []
    finally:
        await store.close()


async def test_the_way_back_to_the_second_release_drops_operations_alone(url: str) -> None:
    await _filled_at_0002(url)
    await engine.migrate(url)
    store = await engine.open(url)
    await store.operations.add([operation("o1")])
    await store.close()
    await to_revision(url, "0002", command.downgrade)
    assert await engine.current(url) == "0002"
    await engine.migrate(url)
    store = await engine.open(url)
    try:
        assert await store.operations.get("o1") is None and await store.batches.get("b1") is not None
        assert await store.journal.closed(SOURCE, NOON, "", 9) == ["1"]
    finally:
        await store.close()


async def test_the_way_back_to_the_first_release_drops_what_came_later_alone(url: str) -> None:
    await _filled_at_0001(url)
    await engine.migrate(url)
    store = await engine.open(url)
    await store.batches.create(batch("b1", 1), [item(1)])
    await store.operations.add([operation("o1")])
    await store.close()
    await to_revision(url, "0001", command.downgrade)
    assert await engine.current(url) == "0001"
    await engine.migrate(url)
    store = await engine.open(url)
    try:
        assert await store.batches.get("b1") is None and await store.operations.get("o1") is None
        assert set(await store.anomalies.get([ref(1)])) == {ref(1)}
    finally:
        await store.close()
