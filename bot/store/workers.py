"""Which processes there are: each says so now and then."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import columns, transactions, work_tables

LIVE_SECONDS = 20.0
"""Who said nothing for so long is not there any more."""

_WORKERS = work_tables.workers


class Workers:
    """The port `Workers`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def beat(self, ident: str, role: str, now: datetime) -> model.Crew:
        """This process is there; returns who is."""

        async def work(connection: AsyncConnection) -> model.Crew:
            seen = self._db.moment(now)
            adding = transactions.insert(connection, _WORKERS).values(id=ident, role=role, started=seen, seen=seen)
            adding = adding.on_conflict_do_update(index_elements=[_WORKERS.c.id], set_={"seen": adding.excluded.seen})
            at = (await connection.execute(adding.returning(_WORKERS.c.seen))).scalar_one()
            return await _crew(connection, at, at - now)

        return await self._db.write(work, aside=True)

    async def crew(self, now: datetime) -> model.Crew:
        """Who is there."""

        async def work(connection: AsyncConnection) -> model.Crew:
            at = await connection.scalar(sa.select(self._db.moment(now)))
            return await _crew(connection, at or now, (at or now) - now)

        return await self._db.read(work)

    async def leave(self, ident: str) -> None:
        """This process ends."""
        gone = sa.delete(_WORKERS).where(_WORKERS.c.id == ident)
        await self._db.write(lambda connection: connection.execute(gone))

    async def sweep(self, before: datetime) -> int:
        """Forget those that were seen last before this time; returns how many."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(sa.delete(_WORKERS).where(_WORKERS.c.seen < before))).rowcount

        return await self._db.write(work)


async def _crew(connection: AsyncConnection, at: datetime, ahead: timedelta) -> model.Crew:
    live = _WORKERS.c.seen > sa.literal(at - timedelta(seconds=LIVE_SECONDS), columns.Utc())
    found = list(await connection.execute(sa.select(_WORKERS.c.role, _WORKERS.c.started).where(live)))
    return model.Crew(Counter(row.role for row in found), min((row.started for row in found), default=None), ahead)
