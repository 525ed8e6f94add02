"""What a process of release 0007 or before writes of anomalies: it knows nothing of the columns that came later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import mappers, outbox, source_health, tables, transactions
from tests.store.making import NOON, SOURCE


def _values(one: model.Anomaly, at: datetime) -> dict[str, Any]:
    body = mappers.encoded(one)
    return {
        "state": one.state.value,
        "created": one.created,
        "digest": mappers.digest(body),
        "body": body,
        "fingerprint": one.fingerprint,
        "container": one.container.name if one.container else "",
        "read_at": at,
        "closed": at if one.state is model.State.ARCHIVED else None,
    }


async def insert(
    db: transactions.Database,
    seen: Sequence[model.Anomaly],
    *,
    cursor: str = "",
    drafts: Sequence[model.CardDraft] = (),
    at: datetime = NOON,
) -> None:
    """What is new, with its cards."""

    async def work(connection: AsyncConnection) -> None:
        rows = [{"source": one.ref.source, "id": one.ref.id, "version": 1, "reason": "waiting", **_values(one, at)} for one in seen]
        await connection.execute(sa.insert(tables.anomalies), rows)
        await outbox.insert(connection, drafts, at)
        if cursor:
            await source_health.update(connection, SOURCE, cursor=cursor, contacted=at)

    await db.write(work)


async def update(db: transactions.Database, one: model.Anomaly, version: int, at: datetime = NOON) -> None:
    """What is different from before."""
    row = sa.and_(tables.anomalies.c.source == one.ref.source, tables.anomalies.c.id == one.ref.id)
    change = sa.update(tables.anomalies).where(row).values(version=version, **_values(one, at))
    await db.write(lambda connection: connection.execute(change))
