"""Deliveries: what Slack sends twice is begun once; what nobody ended is begun again. And the processes that are there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.store import engine
from tests.store.making import NOON, after


async def test_of_many_deliveries_of_the_same_one_is_begun(store: engine.Store) -> None:
    begun = await asyncio.gather(*(store.deliveries.begin("trigger", "t1", NOON, 20) for _ in range(6)))
    (one,) = [delivery for delivery in begun if delivery]
    assert await store.deliveries.begin("trigger", "t1", after(19), 20) is None
    assert await store.deliveries.done(one, after(19))
    assert await store.deliveries.begin("trigger", "t1", after(999), 20) is None
    assert await store.deliveries.begin("event", "t1", NOON, 20) and await store.deliveries.begin("trigger", "t2", NOON, 20)


async def test_what_died_with_its_process_is_done_again_and_the_dead_one_ends_nothing(store: engine.Store) -> None:
    dead = await store.deliveries.begin("trigger", "t1", NOON, 20)
    assert dead is not None and await store.deliveries.renew(dead, after(10), 20)
    assert await store.deliveries.begin("trigger", "t1", after(29), 20) is None
    again = await store.deliveries.begin("trigger", "t1", after(30), 20)
    assert again is not None
    assert not await store.deliveries.renew(dead, after(31), 20) and not await store.deliveries.done(dead, after(31))
    await store.deliveries.forget(dead)
    assert await store.deliveries.begin("trigger", "t1", after(32), 20) is None
    assert await store.deliveries.done(again, after(33))


async def test_what_is_forgotten_may_come_again(store: engine.Store) -> None:
    one = await store.deliveries.begin("view", "v1", NOON, 20)
    assert one is not None
    await store.deliveries.forget(one)
    assert await store.deliveries.begin("view", "v1", after(1), 20) is not None


async def test_old_deliveries_are_forgotten(store: engine.Store) -> None:
    await store.deliveries.begin("trigger", "old", NOON, 20)
    await store.deliveries.begin("trigger", "new", after(hours=2), 20)
    assert await store.deliveries.sweep(after(hours=1)) == 1
    assert await store.deliveries.begin("trigger", "new", after(hours=2, seconds=1), 20) is None


async def test_a_process_counts_as_long_as_it_says_so(store: engine.Store) -> None:
    await store.workers.beat("a", "worker", NOON)
    await store.workers.beat("b", "web", after(5))
    crew = await store.workers.beat("c", "worker", after(10))
    assert (crew.roles, crew.working, crew.listening, crew.since, crew.ahead) == ({"worker": 2, "web": 1}, 2, 1, NOON, timedelta(0))
    assert await store.workers.crew(after(10)) == crew
    await store.workers.beat("c", "worker", after(24))
    assert (await store.workers.crew(after(24))).roles == {"worker": 1, "web": 1}, "one said nothing for too long"
    await store.workers.leave("c")
    crew = await store.workers.crew(after(24))
    assert (crew.roles, crew.working) == ({"web": 1}, 1)
    assert await store.workers.sweep(after(24)) == 2


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_the_database_says_how_wrong_a_clock_is(store: engine.Store) -> None:
    store.db.own_clock = True
    wrong = datetime.now(UTC) - timedelta(seconds=130)
    crew = await store.workers.beat("a", "worker", wrong)
    assert abs(crew.ahead - timedelta(seconds=130)) < timedelta(seconds=5) and crew.roles == {"worker": 1}
    again = await store.workers.crew(wrong)
    assert abs(again.ahead - timedelta(seconds=130)) < timedelta(seconds=5) and again.roles == {"worker": 1}
    store.db.own_clock = False
