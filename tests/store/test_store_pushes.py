"""Pushes as rows: in the order in which they came, each until it is settled, and forgotten when they are old."""

from __future__ import annotations

from bot import model
from bot.store import engine
from tests.store.making import NOON, after

ACME, BELL = "acme", "bell"
CLUES = {"metric": "web-1.cpu", "timestamp": "1599563224"}
SOME = model.News((model.Mention("1001"), model.Mention("1002", CLUES)))
ALL = model.News(everything=True)


async def test_what_is_stored_waits_in_order_until_it_is_settled(store: engine.Store) -> None:
    for news in (SOME, ALL, SOME):
        await store.pushes.add(ACME, news, NOON)
    await store.pushes.add(BELL, ALL, NOON)
    waiting = await store.pushes.waiting(ACME, after(1), 10)
    assert [(one.source, one.news, one.at, one.tries) for one in waiting] == [(ACME, news, NOON, 0) for news in (SOME, ALL, SOME)]
    assert await store.pushes.waiting(ACME, after(1), 2) == waiting[:2]
    assert set(await store.pushes.systems([ACME, BELL, "none"], after(1))) == {ACME, BELL} and not await store.pushes.systems([], NOON)
    await store.pushes.settle(waiting[:2], after(2))
    assert await store.pushes.waiting(ACME, after(3), 10) == waiting[2:]
    await store.pushes.settle(waiting, after(3))
    assert await store.pushes.waiting(ACME, after(4), 10) == [] and await store.pushes.systems([ACME, BELL], after(4)) == [BELL]


async def test_what_waits_is_counted_with_its_oldest(store: engine.Store) -> None:
    assert await store.pushes.backlog(ACME) == (0, None)
    for moment in (after(2), NOON, after(1)):
        await store.pushes.add(ACME, SOME, moment)
    await store.pushes.add(BELL, ALL, NOON)
    assert await store.pushes.backlog(ACME) == (3, NOON)
    await store.pushes.settle([one for one in await store.pushes.waiting(ACME, after(3), 10) if one.at == NOON], after(3))
    assert await store.pushes.backlog(ACME) == (2, after(1))


async def test_what_was_read_in_vain_is_read_again_later_unless_it_is_settled(store: engine.Store) -> None:
    for _ in range(2):
        await store.pushes.add(ACME, SOME, NOON)
    first, second = await store.pushes.waiting(ACME, NOON, 10)
    await store.pushes.settle([second], NOON)
    await store.pushes.again([first, second], after(5))
    assert await store.pushes.waiting(ACME, after(4), 10) == [] and await store.pushes.systems([ACME], after(4)) == []
    assert [(one.id, one.tries) for one in await store.pushes.waiting(ACME, after(5), 10)] == [(first.id, 1)]


async def test_more_than_one_statement_takes_are_settled(store: engine.Store) -> None:
    await store.pushes.add(ACME, ALL, NOON)
    (one,) = await store.pushes.waiting(ACME, NOON, 10)
    await store.pushes.settle([*(model.Push(-number, ACME, ALL, NOON) for number in range(1, 1200)), one], NOON)
    assert await store.pushes.waiting(ACME, after(1), 10) == []


async def test_old_ones_are_forgotten_settled_or_not(store: engine.Store) -> None:
    for moment in (NOON, NOON, after(hours=5)):
        await store.pushes.add(ACME, ALL, moment)
    await store.pushes.settle((await store.pushes.waiting(ACME, NOON, 1)), NOON)
    removed = await store.retention.remove("pushes", after(hours=1), after(hours=6))
    assert dict(removed.rows) == {"pushes": 2}
    assert len(await store.pushes.waiting(ACME, after(hours=6), 10)) == 1
