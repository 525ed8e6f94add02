"""Leases: what one process owns for a while. One conditional UPDATE takes it, a token fences it, time ends it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import health_tables, tables, transactions, work_tables

_KEYS: Mapping[str, sa.Column[Any]] = {
    "cards": tables.cards.c.id,
    "sources": health_tables.sources.c.source,
    "intents": work_tables.intents.c.key,
    "remarks": work_tables.remarks.c.key,
    "batches": work_tables.batches.c.id,
    "operations": work_tables.operations.c.id,
}


class Leases:
    """The port `Leases`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db
        self._left: dict[tuple[str, str], set[str]] = {}

    async def take(self, table: str, key: str, now: datetime, seconds: float) -> model.Lease | None:
        """Own a row for `seconds`; None when somebody else does, or when there is no such row.

        A source may be leased before anything is known of it. Raises KeyError for a table that knows no leases.
        """
        lease = new(table, key, now, seconds)
        left = list(self._left.get((table, key), ()))
        try:
            taken = await self._db.write(lambda connection: _take(connection, lease, now, left))
        except BaseException:
            self._leave(lease)  # the answer may be lost, and not the lease
            raise
        self._left.pop((table, key), None)
        return lease if taken else None

    async def release(self, lease: model.Lease) -> None:
        """Give it back; nothing happens when it has passed to somebody else. Where that fails, this process may take it again at once:
        a database that is gone for a moment must not keep everybody from the work for as long as the lease lasts."""
        target = _KEYS[lease.table].table

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(sa.update(target).where(held(lease)).values(claim_token=None, claim_until=None))

        try:
            await self._db.write(work)
        except BaseException:
            self._leave(lease)
            raise

    def _leave(self, lease: model.Lease) -> None:
        self._left.setdefault((lease.table, lease.key), set()).add(lease.token)

    async def release_all(self) -> None:
        """Forget every lease. Only for a store that this process owns alone (`Store.alone`)."""

        async def work(connection: AsyncConnection) -> None:
            for column in _KEYS.values():
                target = column.table
                claimed = target.c.claim_until.is_not(None)
                await connection.execute(sa.update(target).where(claimed).values(claim_token=None, claim_until=None))

        await self._db.write(work)


def new(table: str, key: str, now: datetime, seconds: float) -> model.Lease:
    """A lease with a token of its own, not yet written anywhere."""
    return model.Lease(table, key, uuid.uuid4().hex, now + timedelta(seconds=seconds))


def held(lease: model.Lease) -> sa.ColumnElement[bool]:
    """The condition that fences a write: the row still carries this token."""
    column = _KEYS[lease.table]
    return sa.and_(column == lease.key, column.table.c.claim_token == lease.token)


def free(target: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    """The condition that nobody owns the row at `now`."""
    return sa.or_(target.c.claim_until.is_(None), target.c.claim_until <= now)


async def _take(connection: AsyncConnection, lease: model.Lease, now: datetime, left: Sequence[str]) -> bool:
    """`left` are tokens of this process that could not be given back."""
    column = _KEYS[lease.table]
    target = column.table
    values = {"claim_token": lease.token, "claim_until": lease.until}
    ours = sa.or_(free(target, now), target.c.claim_token.in_(left)) if left else free(target, now)
    taken = await connection.execute(sa.update(target).where(column == lease.key, ours).values(values))
    if taken.rowcount or lease.table != "sources":
        return taken.rowcount == 1
    if await connection.scalar(sa.select(column).where(column == lease.key)) is not None:
        return False
    await connection.execute(sa.insert(target).values(source=lease.key, **values))
    return True
