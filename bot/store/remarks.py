"""Comments that tell in a system who acted, until they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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

    async def take(self, remark: ports.Remark, now: datetime, seconds: float) -> model.Lease | None:
        """Row before call: own it, and from now on it may be there. None when somebody owns it, or has tried it since it was read: whoever
        read it knows too little."""
        lease = leases.new(leases.REMARKS, [remark.key], now, seconds)
        as_read = sa.and_(_REMARKS.c.key == remark.key, _REMARKS.c.tries == remark.tries)
        ask = sa.update(_REMARKS).where(as_read).values(asked=self._db.moment(now), tries=remark.tries + 1)

        async def work(connection: AsyncConnection) -> model.Lease | None:
            if not await leases.grab(connection, self._db, [lease], now, seconds):
                return None
            if not (await connection.execute(ask)).rowcount:
                await leases.give_back(connection, [lease])
                return None
            return lease

        return await self._db.write(work)

    async def later(self, lease: model.Lease, until: datetime) -> bool:
        """Try again at that time."""
        change = sa.update(_REMARKS).where(leases.held(lease, self._db)).values(due=until)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._db.write(work)

    async def settle(self, lease: model.Lease) -> bool:
        """It is there, or never will be: forget it, and give the lease back."""
        change = sa.delete(_REMARKS).where(leases.held(lease, self._db))

        async def work(connection: AsyncConnection) -> bool:
            gone = (await connection.execute(change)).rowcount == 1
            await leases.give_back(connection, [lease])
            return gone

        return await self._db.write(work)
