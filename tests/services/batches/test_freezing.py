"""A batch that is filled slice by slice: whole or not there, whoever dies meanwhile, and as much memory as a page."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import errors, model
from bot.render.kit import spreadsheet
from bot.services import browse, selecting, slicing
from bot.services.batches import freezing
from tests.services import cast
from tests.services.desk import ACK, CHANNEL, DANA, INVALID, Fuse, World, killed
from tests.services.test_browse import ME, looking

MANY, SOME = 100_000, 20_000
PAGE = 100
MEMORY = 12 * 2**20
"""Bytes that a selection may cost, however long it is."""


class Endless(cast.System):
    """A system that makes its anomalies while they are read; one that is asked for all of them at once has lost."""

    def __init__(self, many: int = MANY, name: str = "qualytics") -> None:
        super().__init__(name=name)
        self.many, self.made = many, 0

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        for start in range(0, self.many, PAGE):
            self.made += PAGE
            some = [cast.anomaly(-start - number, weight=float(number)) for number in range(PAGE)]
            yield [replace(one, ref=model.Ref(self.name, one.ref.id)) for one in some]

    async def find(self, query: model.Query) -> model.Found:
        raise AssertionError("everything at once")

    async def count(self, query: model.Query) -> int:
        return self.many


async def peak(work: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        await work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Bucket:
    """A store of batches that keeps nothing but numbers."""

    def __init__(self) -> None:
        self.items = 0

    async def open(self, batch: model.Batch, now: object) -> model.Lease:
        return model.Lease("batches", (batch.id,), "t", cast.NOON)

    async def fill(self, lease: model.Lease, items: Sequence[tuple[int, model.Item]]) -> bool:
        self.items += len(items)
        return True

    async def release(self, *leases: model.Lease) -> None:
        pass

    async def seal(self, lease: model.Lease, batch: model.Batch) -> model.Batch:
        return batch


def batch(ident: str = "b1") -> model.Batch:
    return model.Batch(ident, "qualytics", ACK, "", DANA.id, "Dana", CHANNEL, model.BatchState.PREVIEW, cast.NOON, 0)


async def _frozen(system: Endless) -> None:
    found = await looking(system).select(model.Query(), ME)

    async def items() -> AsyncIterator[Sequence[model.Item]]:
        async for page in found.pages():
            yield [model.Item(one.ref, model.Snapshot(one.state, one.status)) for one in page]

    bucket: Any = Bucket()
    await freezing.filled(bucket, bucket, cast.Clock(), batch(), items())
    assert bucket.items == system.many


async def _listed(system: Endless) -> None:
    found = await looking(system).listing(model.Query(min_weight=1), ME, offset=20)
    assert found.total == system.many // PAGE * (PAGE - 1) and len(found.anomalies) == 10


async def _counted(system: Endless) -> None:
    assert (await looking(system).count(model.Query(min_weight=1), ME)).total == system.many // PAGE * (PAGE - 1)


@pytest.mark.long
@pytest.mark.parametrize(("ask", "many"), [(_frozen, MANY), (_listed, SOME), (_counted, SOME)])
async def test_a_hundred_thousand_cost_as_much_as_a_page(ask: Callable[[Endless], Any], many: int) -> None:
    system = Endless(many)
    assert await peak(lambda: ask(system)) < MEMORY
    assert system.made == many


@pytest.mark.long
async def test_a_selection_of_several_systems_costs_as_much_as_a_page_of_each() -> None:
    system, other = Endless(SOME), Endless(SOME, "anomify")
    sources: Any = {"qualytics": system, "anomify": other}
    bucket: Any = Bucket()

    async def freeze() -> None:
        found = await replace(looking(system), sources=sources).select(model.Query(), ME)

        async def items() -> AsyncIterator[Sequence[model.Item]]:
            async for page in found.pages():
                yield [model.Item(one.ref, model.Snapshot(one.state, one.status)) for one in page]

        await freezing.filled(bucket, bucket, cast.Clock(), batch(), items())

    assert await peak(freeze) < MEMORY
    assert bucket.items == 2 * SOME


@pytest.mark.long
async def test_a_file_of_many_holds_its_lines_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MOST_EXPORTED", SOME)
    system, lines = Endless(SOME), 0

    async def write() -> None:
        nonlocal lines
        found = await looking(system).export(model.Query(), ME)
        content, lines = await slicing.streamed(found.pages(), spreadsheet.anomalies, browse.bounded)
        assert content.count(b"\n") == lines + 1

    assert await peak(write) < MEMORY
    assert lines == SOME


async def test_what_is_too_much_for_a_file_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MOST_EXPORTED", 5 * PAGE)
    system = Endless()
    found = await looking(system).export(model.Query(min_weight=0), ME)
    with pytest.raises(errors.NotSupported, match="a file holds 500 at most"):
        await slicing.streamed(found.pages(), spreadsheet.anomalies, browse.bounded)
    assert system.made == 6 * PAGE


# --- whole or not there -------------------------------------------------------------------------------------------------------


async def pages(world: World, *pages: Sequence[int], fault: Exception | None = None) -> AsyncIterator[Sequence[model.Anomaly]]:
    for page in pages:
        yield [world.system.there[str(ident)] for ident in page]
    if fault is not None:
        raise fault


async def chosen(world: World, *some: Sequence[int], fault: Exception | None = None) -> selecting.Selection:
    found = await selecting.begun(pages(world, *some, fault=fault))
    assert found is not None
    return found


async def test_one_that_moved_to_another_page_meanwhile_is_in_it_once(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3)
    preview = await desk.batches.freeze(ACK, await chosen(world, [1, 2], [2, 3]), "words", DANA, CHANNEL)
    assert preview.batch.total == preview.todo == 3
    assert sorted(item.ref.id for item in await world.store.batches.items(preview.batch.id)) == ["1", "2", "3"]


async def test_what_is_not_whole_cannot_be_confirmed_and_is_swept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "SLICE", 1)
    desk, fuse = world.desk(), Fuse()
    await desk.met(1, 2, 3)
    fuse.left = 3  # its row, the first slice, the second
    dying = world.desk(fuse)
    assert await killed(dying.batches.freeze(ACK, await chosen(world, [1], [2], [3]), "words", DANA, CHANNEL))
    lines = await world.store.db.read(lambda connection: connection.exec_driver_sql("SELECT id FROM batches"))
    (half,) = [row[0] for row in lines]
    with pytest.raises(errors.Stale):
        await desk.batches.confirm(half, DANA)
    assert not await world.store.batches.cancel(half, world.clock.now())
    world.clock.pass_by(days=2)
    await desk.runs.work()
    assert await world.store.batches.get(half) is None and await world.store.batches.items(half) == []


async def test_a_system_that_fails_on_the_way_leaves_nothing_behind(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    fault = errors.SourceUnavailable("qualytics", "Qualytics did not answer.")
    with pytest.raises(errors.SourceUnavailable):
        await desk.batches.freeze(ACK, await chosen(world, [1], [2], fault=fault), "words", DANA, CHANNEL)
    assert await world.store.batches.sweep(world.clock.now() + timedelta(days=9)) == 0


async def test_an_undo_that_was_not_whole_is_made_anew_and_two_at_once_are_one(world: World) -> None:
    desk, fuse = world.desk(), Fuse()
    await desk.met(1, 2)
    ident = await desk.ask(INVALID, 1, 2)
    await desk.runs.work()
    dying = world.desk(fuse)
    fuse.left = 3  # the batch, the row of its undo, what was done
    assert await killed(dying.batches.undo(ident, DANA, ""))
    with pytest.raises(errors.Stale, match="being taken back already"):
        await desk.batches.undo(ident, DANA, "")
    world.clock.pass_by(seconds=61)
    both = await asyncio.gather(*(desk.batches.undo(ident, DANA, "") for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["Batch", "Stale"]
    await desk.runs.work()
    assert [world.system.there[one].state for one in ("1", "2")] == [model.State.ACTIVE] * 2
