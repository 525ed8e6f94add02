"""Opening, locking, dying."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from bot import errors, model, ports
from bot.store import engine
from tests.store import processes
from tests.store.making import CHANNEL, NOON, SOURCE, after, anomaly, drafts, live, ref

# --- URLs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "it is not a URL"),
        ("anomaly-desk.db", "it is not a URL"),
        ("mysql://host/name", "mysql:// is not known"),
        ("postgresql+psycopg2://host/name", "is not known"),
        ("sqlite://", "a plain path"),
        ("sqlite:///:memory:", "a plain path"),
        ("sqlite:///desk.db?mode=ro", "a plain path"),
        ("sqlite:////no/such/folder/desk.db", "/no/such/folder does not exist"),
        ("postgresql://u:secret@h/n?sslmode=maybe", "sslmode=maybe"),
        ("postgresql://u:secret@h/n?channel_binding=require", "channel_binding is not understood"),
    ],
)
async def test_a_wrong_url_is_refused_with_a_sentence(url: str, words: str) -> None:
    for call in (engine.open, engine.migrate, engine.current):
        with pytest.raises(errors.ConfigError) as refusal:
            await call(url)
        (fault,) = refusal.value.faults
        assert words in fault and fault.startswith("DATABASE_URL: ") and "secret" not in fault


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_names_of_postgresql_are_read_and_sslmode_is_translated(scheme: str) -> None:
    target = engine.parse(f"{scheme}://u:secret@db.example:6543/desk?sslmode=require")
    assert target.url.drivername == "postgresql+asyncpg"
    assert (target.url.username, target.url.password, target.url.host, target.url.port) == ("u", "secret", "db.example", 6543)
    assert not target.url.query and target.options["connect_args"]["ssl"] == "require"
    assert target.name == "desk on db.example"


async def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with pytest.raises(errors.ConfigError) as refusal:
        await engine.open("postgresql://u:secret@127.0.0.1:1/desk")
    assert "desk on 127.0.0.1" in str(refusal.value) and "secret" not in str(refusal.value)


def test_a_missing_driver_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.ConfigError, match=r"anomaly-desk\[postgres\]"):
        engine.parse("postgresql://h/n")


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_text("not a database at all, but long enough to look at " * 40)
    with pytest.raises(errors.ConfigError, match="not a database"):
        await engine.open(f"sqlite:///{tmp_path}/desk.db")


# --- how connections behave -------------------------------------------------------------------------------------------------


async def test_the_store_answers(store: engine.Store, kind: str) -> None:
    await store.can_read()
    assert store.alone is (kind == "sqlite")


async def test_what_the_database_refuses_is_our_error_without_row_data(store: engine.Store) -> None:
    async with store.db.writer.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE source_traits RENAME TO traits_gone")
    try:
        with pytest.raises(errors.StoreError) as failure:
            await store.traits.merge(SOURCE, "k", "row data", NOON)
        assert "source_traits" in str(failure.value) and "row data" not in str(failure.value)
    finally:
        async with store.db.writer.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE traits_gone RENAME TO source_traits")


@pytest.fixture
async def lite(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path}/desk.db"
    await engine.migrate(url)
    opened = await engine.open(url)
    yield opened
    await opened.close()


async def test_sqlite_is_safe_and_readers_do_not_write(lite: engine.Store) -> None:
    for made, query_only in ((lite.db.reader, 1), (lite.db.writer, 0)):
        async with made.connect() as connection:
            found = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
            ]
            assert found == ["wal", 2, 1, 15000, query_only]


async def test_readers_go_on_while_somebody_writes(lite: engine.Store) -> None:
    await lite.traits.merge(SOURCE, "k", "old", NOON)
    async with lite.db.writer.begin() as connection:
        await connection.exec_driver_sql("""UPDATE source_traits SET traits = '"new"'""")
        assert await asyncio.wait_for(lite.traits.get(SOURCE, "k"), 5) == "old"
    assert await lite.traits.get(SOURCE, "k") == "new"


async def test_a_transaction_has_the_right_to_write_from_its_first_look(tmp_path: Path, lite: engine.Store) -> None:
    """Otherwise a migration or a shell that writes between its look and its first write would end it with "database is locked"."""
    told: list[str] = []

    def meddle(old: model.Anomaly, new: model.Anomaly) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "desk.db", timeout=0, isolation_level=None)) as other:
            try:
                other.execute("INSERT INTO readiness VALUES ('meddled', '2026-03-02 12:00:00.000000')")
            except sqlite3.OperationalError as error:
                told.append(str(error))

    await lite.anomalies.save(ports.Observation(SOURCE, [anomaly(1)], read_at=NOON, now=NOON))
    await lite.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=1)], read_at=after(1), now=after(1), note=meddle))
    assert told == ["database is locked"]
    assert (await lite.anomalies.get([ref(1)]))[ref(1)].version == 2


async def test_many_tasks_that_read_and_write_never_find_it_locked(store: engine.Store) -> None:
    async def work(number: int) -> None:
        for turn in range(4):
            await store.health.failed(SOURCE, str(number), after(turn), after(turn))
            await store.cards.put(live(number % 3, payload={"n": number, "turn": turn}), NOON)
            await store.cards.due(after(99), posted=False)

    await asyncio.gather(*(work(number) for number in range(12)))
    assert (await store.health.get(SOURCE)).failures == 48


async def test_a_cancelled_writer_leaves_neither_half_a_transaction_nor_a_stuck_store(store: engine.Store, kind: str) -> None:
    many = [anomaly(number) for number in range(700)]
    loop, entered, cancelled = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def note(old: model.Anomaly, new: model.Anomaly) -> None:
        loop.call_soon_threadsafe(entered.set)
        assert kind == "postgresql" or cancelled.wait(5)  # SQLite's transactions have a thread of their own

    await store.anomalies.save(ports.Observation(SOURCE, many, read_at=NOON, now=NOON))
    changed = [anomaly(number, records=1) for number in range(700)]
    task = asyncio.create_task(store.anomalies.save(ports.Observation(SOURCE, changed, read_at=after(1), now=after(1), note=note)))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    cancelled.set()
    assert {one.version for one in (await store.anomalies.get([one.ref for one in many])).values()} == {1}
    assert len((await store.anomalies.save(ports.Observation(SOURCE, changed, read_at=after(2), now=after(2)))).changed) == 700


# --- one process at a time, and none for ever ---------------------------------------------------------------------------------


async def test_a_second_desk_on_the_same_file_is_refused(tmp_path: Path, lite: engine.Store) -> None:
    assert lite.alone
    with pytest.raises(
        errors.ConfigError, match=rf"Another Anomaly Desk is already running on {tmp_path}/desk.db \(process {os.getpid()}\)"
    ):
        await engine.open(f"sqlite:///{tmp_path}/desk.db")
    await lite.can_read()


async def test_a_closed_desk_lets_the_file_go(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    await engine.migrate(url)
    for _ in range(2):
        store = await engine.open(url)
        await store.close()


VICTIM = """
import asyncio, sys
from bot import ports
from bot.store import engine
from tests.store.making import *

async def main():
    await engine.migrate(sys.argv[1])
    store = await engine.open(sys.argv[1])
    store.db.own_clock = False
    seen = [anomaly(1), anomaly(2)]
    await store.anomalies.save(ports.Observation(SOURCE, seen, NOON, NOON, cursor="c", drafts=drafts(live(1), live(2))))
    one, two = await store.cards.due(NOON, posted=False)
    lease = await store.leases.take("cards", one.id, NOON, 3600)
    assert await store.cards.begin(lease, NOON)
    done = await store.leases.take("cards", two.id, NOON, 3600)
    assert await store.cards.begin(done, NOON) and await store.cards.delivered(done, 1, NOON, ts="1772452800.000200")
    await store.journal.begin(intent("click-1"), NOON, 3600)
    async with store.db.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE cards SET reason = 'refused'")
        print("ready", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.long
async def test_a_killed_process_loses_nothing_and_holds_nothing(url: str, kind: str) -> None:
    """kill -9 in the middle of a transaction: what was committed is there, what was not is not, and the successor goes on."""
    victim = await processes.python(VICTIM, url)
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"ready\n"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    store = await engine.open(url)
    try:
        assert store.alone is (kind == "sqlite")
        await store.leases.release_all()
        assert (await store.health.get(SOURCE)).cursor == "c"
        (card,) = await store.cards.due(after(1), posted=False)
        assert (card.ref, card.posting, card.ts, card.reason) == (ref(1), NOON, "", model.Reason.LEADING)
        finished = await store.cards.at(CHANNEL, "1772452800.000200")
        assert finished is not None and (finished.ref, finished.due) == (ref(2), None)
        assert [one.key for one in await store.journal.unfinished(after(1))] == ["click-1"]
        saved = await store.anomalies.save(ports.Observation(SOURCE, [anomaly(3)], read_at=after(1), now=after(1), drafts=drafts(live(3))))
        assert list(saved.new) == [ref(3)]
    finally:
        await store.close()
