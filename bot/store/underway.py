"""What actions of ours are about at this moment: whatever is different there is theirs to tell."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import work_tables

_INTENTS, _BATCHES, _ITEMS = work_tables.intents, work_tables.batches, work_tables.batch_items


async def others(connection: AsyncConnection, source: str, own: str) -> frozenset[str]:
    """The ids of one source that intents which are not finished and batches that run are changing, but for the intent or batch `own`."""
    intents = sa.select(_INTENTS.c.refs).where(_INTENTS.c.finished.is_(None), _INTENTS.c.key != own)
    clicked = {ident for refs in await connection.scalars(intents) for system, ident in refs if system == source}
    running = sa.select(_BATCHES.c.id).where(work_tables.RUNNING, _BATCHES.c.id != own)
    asked = sa.and_(_ITEMS.c.batch.in_(running), _ITEMS.c.fate == model.Fate.SENT.value, _ITEMS.c.source == source)
    return frozenset(clicked | set(await connection.scalars(sa.select(_ITEMS.c.anomaly).where(asked))))
