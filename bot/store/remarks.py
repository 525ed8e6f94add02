"""Comments that tell in a system who acted, until they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import leases, mappers, transactions, work_tables

_REMARKS = work_tables.remarks


class Remarks:
    """The port `Remarks`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def due(self, now: datetime, limit: int = 50) -> Sequence[ports.Remark]:
        """Those to be left by now that nobody holds, the longest due first."""
        waiting = sa.select(_REMARKS).where(_REMARKS.c.due <= now, leases.free(leases.REMARKS, _REMARKS.c.key, self._db, now))
        statement = waiting.order_by(_REMARKS.c.due, _REMARKS.c.key).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[ports.Remark]:
            return [mappers.remark(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def ask(self, lease: model.Lease, tries: int, now: datetime) -> bool:
        """Row before call: from now on it may be there. False when it was tried more often than that: whoever read it knows too little."""
        as_read = sa.and_(leases.held(lease, self._db), _REMARKS.c.tries == tries)
        return await self._change(sa.update(_REMARKS).where(as_read).values(asked=self._db.moment(now), tries=tries + 1))

    async def later(self, lease: model.Lease, until: datetime) -> bool:
        """Try again at that time."""
        return await self._change(sa.update(_REMARKS).where(leases.held(lease, self._db)).values(due=until))

    async def settle(self, lease: model.Lease) -> bool:
        """It is there, or never will be: forget it."""
        return await self._change(sa.delete(_REMARKS).where(leases.held(lease, self._db)))

    async def _change(self, statement: Any) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount == 1

        return await self._db.write(work)
