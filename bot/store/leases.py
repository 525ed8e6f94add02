"""Leases: what one process owns for a while. One conditional statement takes it, a token fences it, time ends it.

Times are the server's own (`clock_timestamp()`) on PostgreSQL, so that no process's clock makes two owners; SQLite has one process, and
its clock will do.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import bulk_rows, columns, tables, transactions, work_tables

ANOMALIES, INTENTS, CARDS, REMARKS, PICTURES, COURSES, BATCHES, OPERATIONS, LANES = (
    "anomalies",
    "intents",
    "cards",
    "remarks",
    "pictures",
    "courses",
    "batches",
    "operations",
    "lanes",
)
"""Kinds that statements of other modules name."""

_LEASES = work_tables.leases

_ROWS: Mapping[str, sa.Column[Any]] = {
    CARDS: tables.cards.c.id,
    INTENTS: work_tables.intents.c.key,
    REMARKS: work_tables.remarks.c.key,
    PICTURES: work_tables.pictures.c.key,
    COURSES: work_tables.courses.c.key,
    BATCHES: work_tables.batches.c.id,
    OPERATIONS: work_tables.operations.c.id,
}
"""Kinds whose rows are written under a lease."""

Thing = tuple[str, str]
"""A kind and a key."""


class Leases:
    """The port `Leases`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db
        self._left: dict[Thing, set[str]] = {}

    async def take(self, kind: str, keys: str | Sequence[str], now: datetime, seconds: float) -> model.Lease | None:
        """Own these for `seconds`, in one statement: those of them that nobody else owns are the keys of the lease. None when that is
        none of them. They need not be rows of anything."""
        wanted = [keys] if isinstance(keys, str) else sorted(set(keys))
        lease = new(kind, wanted, now, seconds)
        left = {token for key in wanted for token in self._left.get((kind, key), ())}
        try:
            got = await self._db.write(lambda connection: grab(connection, self._db, [lease], now, seconds, left))
        except BaseException:
            self._leave([lease])  # the answer may be lost, and not the lease
            raise
        for thing in got:
            self._left.pop(thing, None)
        keys = tuple(key for key in wanted if (kind, key) in got)
        return model.Lease(kind, keys, lease.token, lease.until) if keys else None

    async def renew(self, leases: Sequence[model.Lease], now: datetime, seconds: float) -> bool:
        """Own them for `seconds` from now on. False when one of them has passed to somebody else."""
        change = sa.update(_LEASES).where(_these(leases)).values(until=self._db.moment(now, seconds))

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == sum(len(lease.keys) for lease in leases)

        return await self._db.write(work, aside=True)

    async def release(self, *leases: model.Lease) -> None:
        """Give them back; nothing happens to what has passed to somebody else. Where that fails, this process may take them again at once:
        a database that is gone for a moment must not keep everybody from the work for as long as they last."""

        try:
            await self._db.write(lambda connection: give_back(connection, leases))
        except BaseException:
            self._leave(leases)
            raise

    def _leave(self, leases: Iterable[model.Lease]) -> None:
        for lease in leases:
            for key in lease.keys:
                self._left.setdefault((lease.kind, key), set()).add(lease.token)

    async def release_all(self) -> None:
        """Forget every lease. Only for a store that this process owns alone (`Store.alone`)."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(sa.delete(_LEASES))

        await self._db.write(work)

    async def sweep(self, before: datetime) -> int:
        """Forget those that ended before this time: of what died with them, or was done for good. Returns how many."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(sa.delete(_LEASES).where(_LEASES.c.until < before))).rowcount

        return await self._db.write(work)


def new(kind: str, keys: Sequence[str], now: datetime, seconds: float, token: str = "") -> model.Lease:
    """A lease with a token of its own, not yet written anywhere."""
    return model.Lease(kind, tuple(keys), token or uuid.uuid4().hex, now + timedelta(seconds=seconds))


async def grab(
    connection: AsyncConnection,
    db: transactions.Database,
    leases: Sequence[model.Lease],
    now: datetime,
    seconds: float,
    left: Collection[str] = (),
) -> frozenset[Thing]:
    """Write them as a part of a transaction, in one statement and in the order of their names, so that two who want the same never wait
    for each other; returns what was free. `left` are tokens of this process that could not be given back."""
    until = db.moment(now, seconds)
    rows = [(lease.kind, columns.storable(key), lease.token) for lease in leases for key in lease.keys]
    kind, key, token = bulk_rows.unpacked(connection).subquery().c
    over = _LEASES.c.until <= db.moment(now)
    adding = transactions.insert(connection, _LEASES).from_select(
        ["kind", "key", "token", "until"], sa.select(kind, key, token, until).order_by(kind, key)
    )
    adding = adding.on_conflict_do_update(
        index_elements=[_LEASES.c.kind, _LEASES.c.key],
        set_={"token": adding.excluded.token, "until": adding.excluded.until},
        where=sa.or_(over, _LEASES.c.token.in_(sorted(left))) if left else over,
    )
    got = await connection.execute(adding.returning(_LEASES.c.kind, _LEASES.c.key), {"rows": rows})
    return frozenset((row.kind, row.key) for row in got)


async def give_back(connection: AsyncConnection, leases: Iterable[model.Lease]) -> None:
    """`Leases.release` as a part of a transaction."""
    await connection.execute(sa.delete(_LEASES).where(_these(leases)))


def held(lease: model.Lease, db: transactions.Database) -> sa.ColumnElement[bool]:
    """The condition that fences a write: it is to the row that the lease is on, and the lease has not passed to somebody else. Whoever
    would take it waits until the write is committed."""
    mine = sa.select(_LEASES.c.key).where(_LEASES.c.kind == lease.kind, _LEASES.c.key == lease.key, _LEASES.c.token == lease.token)
    if db.own_clock:
        mine = mine.where(_LEASES.c.until > db.moment(lease.until))
    return sa.and_(_ROWS[lease.kind] == lease.key, mine.with_for_update(read=True).scalar_subquery().is_not(None))


def free(kind: str, key: sa.ColumnElement[str], db: transactions.Database, now: datetime) -> sa.ColumnElement[bool]:
    """The condition that nobody owns what a row is about."""
    taken = sa.exists().where(_LEASES.c.kind == kind, _LEASES.c.key == key, _LEASES.c.until > db.moment(now))
    return ~taken


def _these(leases: Iterable[model.Lease]) -> sa.ColumnElement[bool]:
    each = [sa.and_(_LEASES.c.kind == one.kind, _LEASES.c.key.in_(one.keys), _LEASES.c.token == one.token) for one in leases]
    return sa.or_(*each)
