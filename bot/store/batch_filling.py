"""A batch that is being filled, slice by slice: its row says that it has no items yet, so that nobody can confirm a half of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import leases, mappers, transactions, work_tables

SECONDS = 20.0
"""How long one that nobody fills any more is nobody's; whoever fills it renews its lease meanwhile."""

_BATCHES, _ITEMS = work_tables.batches, work_tables.batch_items

_UNFILLED = sa.and_(_BATCHES.c.state == model.BatchState.PREVIEW.value, _BATCHES.c.total == 0)


async def open(connection: AsyncConnection, db: transactions.Database, batch: model.Batch, now: datetime) -> model.Lease | None:
    """A row without a total, and the lease on it. One that somebody began to fill and died over is begun anew."""
    lease = leases.new(leases.BATCHES, [batch.id], now, SECONDS)
    if not await leases.grab(connection, db, [lease], now, SECONDS):
        return None
    found = (await connection.execute(sa.select(_BATCHES).where(_BATCHES.c.id == batch.id).with_for_update())).one_or_none()
    if found is not None:
        if found.state != model.BatchState.PREVIEW or found.total:
            await leases.give_back(connection, [lease])
            return None
        await connection.execute(sa.delete(_ITEMS).where(_ITEMS.c.batch == batch.id))
        await connection.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch.id))
    unfilled = replace(batch, state=model.BatchState.PREVIEW, confirmed=None, total=0)
    await connection.execute(sa.insert(_BATCHES).values(mappers.batch_values(unfilled)))
    return lease


async def fill(connection: AsyncConnection, db: transactions.Database, lease: model.Lease, items: Sequence[tuple[int, model.Item]]) -> bool:
    """Some more items; one that is in it already stays as it is."""
    if await connection.scalar(_mine(db, lease)) is None:
        return False
    for chunk in transactions.chunks(items):
        known = await _known(connection, lease.key, [item.ref for _, item in chunk])
        fresh = {item.ref: (turn, item) for turn, item in reversed(chunk) if item.ref not in known}
        if fresh:
            values = [{"batch": lease.key, "turn": turn, **mappers.item_values(item)} for turn, item in fresh.values()]
            await connection.execute(sa.insert(_ITEMS), values)
    return True


def _mine(db: transactions.Database, lease: model.Lease) -> sa.Select[str]:
    """The batch, as long as it is being filled under this lease."""
    return sa.select(_BATCHES.c.id).where(leases.held(lease, db), _UNFILLED)


async def _known(connection: AsyncConnection, batch: str, refs: Sequence[model.Ref]) -> frozenset[model.Ref]:
    found: set[model.Ref] = set()
    for source in sorted({ref.source for ref in refs}):
        theirs = _ITEMS.c.anomaly.in_([ref.id for ref in refs if ref.source == source])
        statement = sa.select(_ITEMS.c.anomaly).where(_ITEMS.c.batch == batch, _ITEMS.c.source == source, theirs)
        found.update(model.Ref(source, ident) for ident in await connection.scalars(statement))
    return frozenset(found)


async def seal(connection: AsyncConnection, db: transactions.Database, lease: model.Lease, batch: model.Batch) -> model.Batch | None:
    """The number of its items, and the state that it is to have."""
    number = await connection.scalar(sa.select(sa.func.count()).select_from(_ITEMS).where(_ITEMS.c.batch == lease.key))
    whole = replace(batch, total=number or 0)
    changed = await connection.execute(sa.update(_BATCHES).where(leases.held(lease, db), _UNFILLED).values(mappers.batch_values(whole)))
    return whole if changed.rowcount else None


async def drop(connection: AsyncConnection, db: transactions.Database, lease: model.Lease) -> bool:
    """A slice of it; whether something is left."""
    if await connection.scalar(_mine(db, lease)) is None:
        return False
    turns = list(await connection.scalars(sa.select(_ITEMS.c.turn).where(_ITEMS.c.batch == lease.key).limit(transactions.CHUNK)))
    if turns:
        await connection.execute(sa.delete(_ITEMS).where(_ITEMS.c.batch == lease.key, _ITEMS.c.turn.in_(turns)))
        return True
    await connection.execute(sa.delete(_BATCHES).where(leases.held(lease, db)))
    return False
