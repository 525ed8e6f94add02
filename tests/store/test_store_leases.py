"""Leases: one owner at a time, fenced, ending by themselves; a killed process leaves nothing behind that is lost."""

from __future__ import annotations

import asyncio

import pytest

from bot import model, ports
from bot.store import engine
from tests.store.making import NOON, SOURCE, after, batch, intent, item, live, operation


async def test_one_of_many_takers_wins(store: engine.Store) -> None:
    card = await store.cards.put(live(1), NOON)
    await store.journal.begin(intent("k"), NOON, 0)
    await store.batches.create(batch("b1", 1), [item(1)])
    await store.operations.add([operation("o1")])
    for table, key in (("cards", card.id), ("sources", SOURCE), ("intents", "k"), ("batches", "b1"), ("operations", "o1")):
        leases = await asyncio.gather(*(store.leases.take(table, key, NOON, 30) for _ in range(8)))
        (won,) = [lease for lease in leases if lease is not None]
        assert (won.table, won.key, won.until) == (table, key, after(30))
        assert await store.leases.take(table, key, after(29.9), 30) is None
        passed = await store.leases.take(table, key, after(30), 30)
        assert passed is not None and passed.token != won.token
        await store.leases.release(won)
        assert await store.leases.take(table, key, after(31), 30) is None
        await store.leases.release(passed)
        assert await store.leases.take(table, key, after(31), 30) is not None


async def test_a_row_that_does_not_exist_cannot_be_owned(store: engine.Store) -> None:
    assert await store.leases.take("cards", "nobody", NOON, 30) is None
    assert await store.leases.take("intents", "nobody", NOON, 30) is None
    assert await store.leases.take("batches", "nobody", NOON, 30) is None
    assert await store.leases.take("operations", "nobody", NOON, 30) is None
    with pytest.raises(KeyError):
        await store.leases.take("facts", "x", NOON, 30)


async def test_a_claimed_source_keeps_its_standing(store: engine.Store) -> None:
    assert await store.leases.take("sources", SOURCE, NOON, 30)
    await store.anomalies.save(ports.Observation(SOURCE, [], read_at=NOON, now=NOON, cursor="here"))
    assert (await store.health.get(SOURCE)).cursor == "here"
    assert await store.leases.take("sources", SOURCE, after(1), 30) is None


async def test_all_claims_of_a_dead_process_are_let_go_at_once(store: engine.Store) -> None:
    card = await store.cards.put(live(1), NOON)
    await store.leases.take("cards", card.id, NOON, 3600)
    await store.leases.take("sources", SOURCE, NOON, 3600)
    await store.journal.begin(intent("k"), NOON, 3600)
    await store.batches.create(batch("b1", 1), [item(1)])
    assert await store.batches.confirm("b1", NOON) and await store.leases.take("batches", "b1", NOON, 3600)
    assert not await store.cards.due(after(1), posted=False) and not await store.journal.unfinished(after(1))
    await store.operations.add([operation("o1", model.OperationState.RUNNING, look=NOON)])
    assert await store.leases.take("operations", "o1", NOON, 3600)
    assert not await store.batches.runnable(after(1)) and not await store.operations.due(after(1))
    await store.leases.release_all()
    assert await store.cards.due(after(1), posted=False) and await store.journal.unfinished(after(1))
    assert await store.batches.runnable(after(1)) == ["b1"] and await store.operations.due(after(1)) == ["o1"]
    assert await store.leases.take("sources", SOURCE, after(1), 30)
