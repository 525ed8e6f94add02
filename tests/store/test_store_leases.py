"""Leases: one owner at a time, fenced, ending by themselves; a killed process leaves nothing behind that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot import model, ports
from bot.store import batches, engine
from tests.store.making import NOON, SOURCE, after, batch, intent, item, live, operation

KINDS = ("cards", "anomalies", "sources", "lanes", "intents", "batches", "operations", "remarks")


async def test_one_of_many_takers_wins(store: engine.Store) -> None:
    for kind in KINDS:
        leases = await asyncio.gather(*(store.leases.take(kind, "k", NOON, 30) for _ in range(8)))
        (won,) = [lease for lease in leases if lease is not None]
        assert (won.kind, won.keys, won.until) == (kind, ("k",), after(30))
        assert await store.leases.take(kind, "k", after(29.9), 30) is None
        passed = await store.leases.take(kind, "k", after(30), 30)
        assert passed is not None and passed.token != won.token
        await store.leases.release(won)
        assert await store.leases.take(kind, "k", after(31), 30) is None
        await store.leases.release(passed)
        assert await store.leases.take(kind, "k", after(31), 30) is not None


async def test_of_several_those_are_taken_that_nobody_has(store: engine.Store) -> None:
    one = await store.leases.take("anomalies", "b", NOON, 30)
    some = await store.leases.take("anomalies", ["c", "b", "a", "c"], NOON, 30)
    assert one is not None and some is not None
    assert some.keys == ("a", "c")
    assert await store.leases.take("anomalies", ["a", "b", "c"], after(1), 30) is None
    await store.leases.release(one, some)
    whole = await store.leases.take("anomalies", ["a", "b", "c"], after(2), 30)
    assert whole is not None and whole.keys == ("a", "b", "c")


async def test_two_who_want_the_same_many_share_them_without_waiting_for_each_other(store: engine.Store) -> None:
    keys = [str(number) for number in range(100)]
    taken = await asyncio.gather(*(store.leases.take("anomalies", keys[turn:] + keys[:turn], NOON, 30) for turn in range(8)))
    got = [key for lease in taken if lease is not None for key in lease.keys]
    assert sorted(got) == sorted(keys)


async def test_a_lease_lasts_as_long_as_it_is_renewed(store: engine.Store) -> None:
    lease = await store.leases.take("anomalies", ["a", "b"], NOON, 20)
    other = await store.leases.take("sources", SOURCE, NOON, 20)
    assert lease is not None and other is not None
    for at in (5, 20, 30):
        assert await store.leases.renew([lease, other], after(at), 20)
    assert await store.leases.take("anomalies", "a", after(49), 20) is None
    assert await store.leases.take("anomalies", "b", after(50), 20) is not None
    assert not await store.leases.renew([lease], after(51), 20)
    assert await store.leases.renew([other], after(51), 20)


async def test_a_released_lease_is_not_renewed(store: engine.Store) -> None:
    lease = await store.leases.take("sources", SOURCE, NOON, 20)
    assert lease is not None
    await store.leases.release(lease)
    assert not await store.leases.renew([lease], after(1), 20)


async def test_a_source_that_is_worked_on_keeps_its_standing(store: engine.Store) -> None:
    assert await store.leases.take("sources", SOURCE, NOON, 30)
    await store.anomalies.save(ports.Observation(SOURCE, [], read_at=NOON, now=NOON, cursor="here"))
    assert (await store.health.get(SOURCE)).cursor == "here"
    assert await store.leases.take("sources", SOURCE, after(1), 30) is None


async def test_all_leases_of_a_dead_process_are_let_go_at_once(store: engine.Store) -> None:
    card = await store.cards.put(live(1), NOON)
    await store.leases.take("cards", card.id, NOON, 3600)
    await store.leases.take("lanes", card.channel, NOON, 3600)
    await store.journal.begin(intent("k"), NOON, 3600)
    await store.batches.create(batch("b1", 1), [item(1)])
    assert await store.batches.confirm("b1", NOON) and await store.leases.take("batches", "b1", NOON, 3600)
    assert not await store.cards.due(after(1), posted=False) and not await store.journal.unfinished(after(1))
    await store.operations.add([operation("o1", model.OperationState.RUNNING, look=NOON)])
    assert await store.leases.take("operations", "o1", NOON, 3600)
    assert not await store.batches.runnable(after(1)) and not await store.operations.due(after(1))
    await store.leases.release_all()
    assert await store.cards.due(after(1), posted=False) and await store.journal.unfinished(after(1))
    assert await store.cards.due_channels(after(1)) == [card.channel]
    assert await store.batches.runnable(after(1)) == ["b1"] and await store.operations.due(after(1)) == ["o1"]


async def test_a_channel_in_which_somebody_posts_is_nobody_elses(store: engine.Store) -> None:
    card = await store.cards.put(live(1), NOON)
    lane = await store.leases.take("lanes", card.channel, NOON, 30)
    assert lane is not None and await store.cards.due_channels(after(1)) == []
    await store.leases.release(lane)
    assert await store.cards.due_channels(after(1)) == [card.channel]


async def test_what_ended_long_ago_is_forgotten(store: engine.Store) -> None:
    assert await store.leases.take("sources", "gone", NOON, 30) and await store.leases.take("sources", SOURCE, NOON, 3600)
    assert await store.leases.sweep(after(31)) == 1
    assert await store.leases.take("sources", SOURCE, after(32), 30) is None


# --- the database's own clock ------------------------------------------------------------------------------------------------


@pytest.fixture
async def server_time(store: engine.Store) -> AsyncIterator[engine.Store]:
    """The same store, which goes by the clock of its server."""
    store.db.own_clock = True
    yield store
    store.db.own_clock = False


LONG_AGO, LATER = NOON - timedelta(days=900), datetime(2099, 1, 1, tzinfo=UTC)
"""Clocks that are wrong."""


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_wrong_clock_makes_no_second_owner(server_time: engine.Store) -> None:
    store = server_time
    lease = await store.leases.take("cards", "k", LONG_AGO, 60)
    assert lease is not None
    assert await store.leases.take("cards", "k", LATER, 60) is None
    assert await store.leases.renew([lease], LONG_AGO, 60)
    assert await store.leases.take("cards", "k", LATER, 60) is None
    short = await store.leases.take("cards", "short", LATER, 0.0)
    assert short is not None and await store.leases.take("cards", "short", LONG_AGO, 60) is not None


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_what_is_written_under_a_lease_that_ran_out_is_refused_by_any_clock(server_time: engine.Store) -> None:
    store = server_time
    card = await store.cards.put(live(1), NOON)
    ended = await store.leases.take("cards", card.id, LATER, 0.0)
    assert ended is not None and not await store.cards.begin(ended, LONG_AGO)
    held = await store.leases.take("cards", card.id, LONG_AGO, 60)
    assert held is not None and await store.cards.begin(held, LONG_AGO)
    begun = await store.cards.get(card.id)
    assert begun is not None and begun.posting is not None
    assert abs(begun.posting - datetime.now(UTC)) < timedelta(minutes=1), "stamped by the database, not by whoever asked"
    assert not await store.cards.due(LATER, posted=False)
    await store.leases.release(held)
    assert [one.id for one in await store.cards.due(LATER, posted=False)] == [card.id]


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_who_writes_under_a_lease_keeps_takers_waiting_until_it_is_written(server_time: engine.Store) -> None:
    """The lease runs out between the look at it and the end of the transaction: the taker comes after the write."""
    store = server_time
    await store.batches.create(batch("b1", 1), [item(1)])
    assert await store.batches.confirm("b1", NOON)
    lease = await store.leases.take("batches", "b1", NOON, 0.4)
    assert lease is not None
    async with store.db.writer.begin() as connection:
        assert await batches.settle(connection, store.db, lease, [item(1, model.Fate.DONE)])
        await asyncio.sleep(0.5)
        taking = asyncio.create_task(store.leases.take("batches", "b1", NOON, 30))
        await asyncio.wait({taking}, timeout=0.3)
        assert not taking.done()
    assert await taking is not None
    assert [one.fate for one in await store.batches.items("b1")] == [model.Fate.DONE]
