"""Rows of an earlier release are filled with what filters ask for: in slices, beside polls, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot import model, ports
from bot.store import backfill, engine, tables
from tests.store import earlier
from tests.store.making import NOON, SOURCE, after, anomaly, archived, ref
from tests.store.test_store_plans import recorded

HIGH = model.Query(severities=(model.Severity.HIGH,), tags=("pii",), assignees=("7",))
KIM = model.Person(SOURCE, "7", "Kim")


def _high(ident: object, **values: Any) -> model.Anomaly:
    return anomaly(ident, **({"severity": model.Severity.HIGH, "tags": ("PII",), "assignees": (KIM,)} | values))


async def _stale(store: engine.Store) -> int:
    statement = sa.select(sa.func.count()).select_from(tables.anomalies).where(tables.STALE)
    return int(await store.db.read(lambda connection: connection.scalar(statement)) or 0)


async def _found(store: engine.Store) -> set[str]:
    return {one.ref.id for one in await store.open_ones.page(SOURCE, HIGH, limit=5000)}


async def test_rows_of_an_earlier_release_are_filled_and_then_nothing_is_left_to_do(store: engine.Store) -> None:
    many = [_high(number) for number in range(450)]
    await earlier.insert(store.db, [*many, archived("closed", severity=model.Severity.HIGH, tags=("pii",))], cursor="c")
    await store.health.ok(SOURCE, after(1))
    assert await store.open_ones.as_of(SOURCE, HIGH) is None and await _found(store) == set()
    assert await store.backfill.fill() == 451
    assert await _found(store) == {one.ref.id for one in many} and await store.open_ones.as_of(SOURCE, HIGH) == after(1)
    assert await store.anomalies.get([ref(3)]) == {ref(3): replace(many[3], version=1)}, "nothing else is touched"
    with recorded(store) as sent:
        assert await store.backfill.fill() == 0
    assert len(sent) == 1


async def test_a_fill_that_is_cut_off_goes_on_where_it_stopped(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "SLICE", 50)
    await earlier.insert(store.db, [_high(number) for number in range(200)])
    write, slices = store.db.write, 0

    async def cut_off(work: Any) -> Any:
        nonlocal slices
        slices += 1
        if slices == 3:
            raise asyncio.CancelledError
        return await write(work)

    monkeypatch.setattr(store.db, "write", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await store.backfill.fill()
    assert await _stale(store) == 100
    assert await store.backfill.fill() == 100
    assert await _stale(store) == 0 and len(await _found(store)) == 200


async def test_what_a_process_of_the_last_release_writes_meanwhile_is_filled_again(store: engine.Store) -> None:
    """While a release is rolled out it inserts, changes and closes rows beside this one."""
    await store.anomalies.save(ports.Observation(SOURCE, [_high(1), _high(2), _high(3)], read_at=NOON, now=NOON, cursor="c"))
    await store.health.ok(SOURCE, after(1))
    assert await _stale(store) == 0
    await earlier.update(store.db, _high(1, assignees=()), version=2)
    closed = {"state": model.State.ARCHIVED, "status": "Invalid", "archived_as": "Invalid"}
    await earlier.update(store.db, _high(2, **closed), version=2)
    await earlier.insert(store.db, [_high(4)])
    assert await _stale(store) == 3 and await store.open_ones.as_of(SOURCE, HIGH) is None
    assert await store.backfill.fill() == 3
    assert await _found(store) == {"3", "4"} and await store.open_ones.as_of(SOURCE, HIGH) == after(1)
    for side in (tables.anomaly_tags, tables.anomaly_assignees):
        rows = await store.db.read(lambda connection, side=side: connection.execute(sa.select(side.c.anomaly)))  # type: ignore[misc]
        assert "2" not in {row.anomaly for row in rows}, "what is closed has no side rows"


async def test_polls_go_on_beside_it(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "SLICE", 20)
    monkeypatch.setattr(backfill, "PAUSE", 0.0)
    await earlier.insert(store.db, [_high(number) for number in range(300)])
    job = asyncio.create_task(store.backfill.fill())
    told = 0
    while not job.done():
        seen = [_high(told % 300, records=told + 1), _high(1000 + told)]
        await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(told), now=after(told)))
        told += 1
    await job
    assert told > 2 and await _stale(store) == 0
    assert len(await _found(store)) == 300 + told


async def test_a_row_that_nobody_can_read_is_told_once_and_does_not_hold_up_the_rest(
    store: engine.Store, caplog: pytest.LogCaptureFixture
) -> None:
    await earlier.insert(store.db, [_high(1), _high(2)])
    broken = sa.update(tables.anomalies).where(tables.anomalies.c.id == "1").values(body={"state": "of a later release"})
    await store.db.write(lambda connection: connection.execute(broken))
    assert await store.backfill.fill() == 2 and await store.backfill.fill() == 0
    assert await _found(store) == {"2"}
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [
        "qualytics:1 cannot be read as it is stored, and no filter finds it"
    ]
