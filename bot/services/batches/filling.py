"""Filling a batch, slice by slice: what is frozen is in the store, however many they are, and not here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from bot import errors, model, ports
from bot.services import leasing

ROOM = 1_000_000
"""Turns of one datastore, more than a list has; a turn is a number of 31 bits."""
PLACES = 2_000
SLICE = 500
"""Items of one transaction."""


@dataclass(slots=True)
class _Turns:
    """No call spans systems or datastores: the items of one have turns next to each other, in the order in which they came."""

    given: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, item: model.Item) -> int:
        """The turn of the next item."""
        place = (item.ref.source, item.place) if len(self.given) < PLACES else ("", "")
        turn = self.given.setdefault(place, len(self.given) * ROOM)
        self.given[place] = turn + 1
        return turn


async def filled(
    store: ports.Batches, leases: ports.Leases, clock: ports.Clock, batch: model.Batch, slices: AsyncIterator[Sequence[model.Item]]
) -> model.Batch | None:
    """Store a batch as it is given, with these items; without any nothing is stored, and its total is 0. Until all of them are there it is
    a preview that nobody can confirm, and that is swept should this process die. None when it is there already, or is being filled by
    somebody else. Whatever reading the items raises passes through, and nothing is left of the batch then."""
    lease = await store.open(batch, clock.now())
    if lease is None:
        return None
    try:
        async with leasing.holding(leases, clock, lease):
            return await _filled(store, lease, batch, slices)
    except errors.LeaseLost:
        return None


async def _filled(
    store: ports.Batches, lease: model.Lease, batch: model.Batch, slices: AsyncIterator[Sequence[model.Item]]
) -> model.Batch | None:
    turns = _Turns()
    try:
        async for items in _sized(slices):
            if not await store.fill(lease, [(turns.of(item), item) for item in items]):
                return None
    except Exception:
        await store.drop(lease)
        raise
    if turns.given:
        return await store.seal(lease, batch)
    await store.drop(lease)
    return replace(batch, total=0)


async def _sized(slices: AsyncIterator[Sequence[model.Item]]) -> AsyncIterator[Sequence[model.Item]]:
    """The same in slices that are worth a transaction."""
    some: list[model.Item] = []
    async for items in slices:
        some += items
        if len(some) >= SLICE:
            yield some
            some = []
    if some:
        yield some
