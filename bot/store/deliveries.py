"""What Slack delivered, so that a second delivery of the same does nothing."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import ports
from bot.store import transactions, work_tables

_DELIVERIES = work_tables.deliveries


class Deliveries:
    """The port `Deliveries`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def begin(self, kind: str, key: str, now: datetime, seconds: float) -> ports.Delivery | None:
        """Write it down before any work, in one statement; None when somebody did, unless they never ended and their time is over."""
        token, until = uuid.uuid4().hex, self._db.moment(now, seconds)
        over = sa.and_(_DELIVERIES.c.done.is_(None), _DELIVERIES.c.until <= self._db.moment(now))

        async def work(connection: AsyncConnection) -> ports.Delivery | None:
            adding = transactions.insert(connection, _DELIVERIES).values(
                kind=kind, key=key, token=token, begun=self._db.moment(now), until=until
            )
            adding = adding.on_conflict_do_update(
                index_elements=[_DELIVERIES.c.kind, _DELIVERIES.c.key],
                set_={"token": adding.excluded.token, "until": adding.excluded.until},
                where=over,
            )
            got = (await connection.execute(adding.returning(_DELIVERIES.c.key))).one_or_none()
            return ports.Delivery(kind, key, token) if got else None

        return await self._db.write(work)

    async def renew(self, delivery: ports.Delivery, now: datetime, seconds: float) -> bool:
        """The work goes on."""
        return await self._change(delivery, until=self._db.moment(now, seconds))

    async def done(self, delivery: ports.Delivery, now: datetime) -> bool:
        """It is done, for good."""
        return await self._change(delivery, done=self._db.moment(now))

    async def forget(self, delivery: ports.Delivery) -> None:
        """It may come again: nothing was done."""
        gone = sa.delete(_DELIVERIES).where(_this(delivery))
        await self._db.write(lambda connection: connection.execute(gone))

    async def sweep(self, before: datetime) -> int:
        """Forget those of before this time; returns how many."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(sa.delete(_DELIVERIES).where(_DELIVERIES.c.begun < before))).rowcount

        return await self._db.write(work)

    async def _change(self, delivery: ports.Delivery, **values: object) -> bool:
        change = sa.update(_DELIVERIES).where(_this(delivery)).values(values)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._db.write(work)


def _this(delivery: ports.Delivery) -> sa.ColumnElement[bool]:
    return sa.and_(_DELIVERIES.c.kind == delivery.kind, _DELIVERIES.c.key == delivery.key, _DELIVERIES.c.token == delivery.token)
