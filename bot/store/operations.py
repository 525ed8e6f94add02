"""Operations that this desk starts or follows: scans and their relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import columns, leases, mappers, transactions, work_tables

_OPERATIONS = work_tables.operations

_PREVIEW = _OPERATIONS.c.state == model.OperationState.PREVIEW.value


class Operations:
    """The port `Operations`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def add(self, operations: Sequence[model.Operation]) -> Sequence[str]:
        """Insert them; returns the ids of those that are new, in their order. One whose id or whose (source, scan id) is there already, or
        is in front of it in the list, is left out."""
        return await self._db.write(lambda connection: _add(connection, operations))

    async def get(self, ident: str) -> model.Operation | None:
        """An operation by its id."""
        return next(iter(await self._found(sa.select(_OPERATIONS).where(_OPERATIONS.c.id == ident))), None)

    async def plan(self, plan: str) -> Sequence[model.Operation]:
        """The operations of one plan, in the order in which they were added; "" is no plan."""
        return await self._found(sa.select(_OPERATIONS).where(_in(plan)).order_by(_OPERATIONS.c.turn))

    async def confirm(self, plan: str, now: datetime) -> bool:
        """PREVIEW -> STARTING for a whole plan, once: confirmed and to be looked at `now`. The second caller gets False."""
        return await self._change(plan, state=model.OperationState.STARTING.value, confirmed=now, look=now)

    async def cancel(self, plan: str, now: datetime) -> bool:
        """PREVIEW -> CANCELLED for a whole plan, once. Nothing was started, so nothing ended: `recent` does not tell it."""
        return await self._change(plan, state=model.OperationState.CANCELLED.value)

    async def due(self, now: datetime, limit: int = 50) -> Sequence[str]:
        """Ids of what starts or runs, is to be looked at by now, and nobody holds; the longest overdue first."""
        statement = (
            sa.select(_OPERATIONS.c.id)
            .where(work_tables.ACTIVE, _OPERATIONS.c.look <= now, leases.free(leases.OPERATIONS, _OPERATIONS.c.id, self._db, now))
            .order_by(_OPERATIONS.c.look, _OPERATIONS.c.turn)
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)

    async def save(self, lease: model.Lease, operation: model.Operation, then: Sequence[model.Operation] = ()) -> bool:
        """Store all of an operation but its id, its source, its birth and who stopped it, and add those that follow it, in one transaction.

        The lease stays as it is, and so does `look` when somebody asked it to stop since it was read: that is not put off. False, and
        nothing stored, when the lease has passed to somebody else, when it is one on another operation, and when another row has this
        (source, scan id) already.
        """
        values = mappers.operation_changes(operation)
        if not operation.aborted_by:
            stopped = _OPERATIONS.c.aborted_by != ""
            values["look"] = sa.case((stopped, _OPERATIONS.c.look), else_=sa.literal(operation.look, columns.Utc()))
        own = sa.and_(leases.held(lease, self._db), _OPERATIONS.c.id == operation.id)
        others = sa.and_(_scan(operation.source, values["scan_id"]), _OPERATIONS.c.id != operation.id)

        async def work(connection: AsyncConnection) -> bool:
            # Before the first write: a refusal must not leave one. Who inserts it after this look is found by the unique index, and by
            # this look when the transaction runs again.
            if values["scan_id"] and await connection.scalar(sa.select(_OPERATIONS.c.id).where(others)) is not None:
                return False
            if not (await connection.execute(sa.update(_OPERATIONS).where(own).values(values))).rowcount:
                return False
            await _add(connection, then)
            return True

        return await self._db.write(work)

    async def stop(self, ident: str, who: str, now: datetime) -> None:
        """Remember who asked it to stop, and have it looked at `now`, whoever holds it; nothing happens when it does not start or run."""
        asked = sa.update(_OPERATIONS).where(_OPERATIONS.c.id == ident, work_tables.ACTIVE).values(aborted_by=who, look=now)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(asked)

        await self._db.write(work)

    async def known(self, source: str, scans: Sequence[str]) -> Mapping[str, str]:
        """Scan id -> operation id, for those that are followed or were."""
        return await self._db.read(lambda connection: _known(connection, source, scans))

    async def running(self) -> Sequence[model.Operation]:
        """What starts or runs, the newest first."""
        newest = (_OPERATIONS.c.created.desc(), _OPERATIONS.c.turn.desc())
        return await self._found(sa.select(_OPERATIONS).where(work_tables.ACTIVE).order_by(*newest))

    async def recent(self, limit: int) -> Sequence[model.Operation]:
        """What ended, the latest first."""
        latest = (_OPERATIONS.c.ended.desc(), _OPERATIONS.c.turn.desc())
        return await self._found(sa.select(_OPERATIONS).where(_OPERATIONS.c.ended.is_not(None)).order_by(*latest).limit(limit))

    async def by_scan(self, source: str, scan: str) -> model.Operation | None:
        """The operation that the system calls `scan`."""
        return next(iter(await self._found(sa.select(_OPERATIONS).where(_scan(source, scan)))), None)

    async def sweep(self, before: datetime) -> int:
        """Forget what was made before this time and never confirmed: old previews, cancelled ones too. Returns how many."""
        old = sa.delete(_OPERATIONS).where(work_tables.UNSTARTED, _OPERATIONS.c.created < before)

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(old)).rowcount

        return await self._db.write(work)

    async def _found(self, statement: sa.Select[Any]) -> Sequence[model.Operation]:
        async def work(connection: AsyncConnection) -> Sequence[model.Operation]:
            return [mappers.operation(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def _change(self, plan: str, **values: Any) -> bool:
        statement = sa.update(_OPERATIONS).where(_in(plan), _PREVIEW).values(values)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount > 0

        return await self._db.write(work)


def _in(plan: str) -> sa.ColumnElement[bool]:
    return sa.and_(work_tables.PLANNED, _OPERATIONS.c.plan == plan)


def _scan(source: str, scan: str | None) -> sa.ColumnElement[bool]:
    return sa.and_(_OPERATIONS.c.source == source, _OPERATIONS.c.scan_id == scan)


async def _add(connection: AsyncConnection, operations: Sequence[model.Operation]) -> Sequence[str]:
    added: list[str] = []
    for chunk in transactions.chunks(operations):
        fresh = await _fresh(connection, chunk)
        if fresh:
            await connection.execute(sa.insert(_OPERATIONS), [mappers.operation_values(one) for one in fresh])
            added += [one.id for one in fresh]
    return added


async def _fresh(connection: AsyncConnection, operations: Sequence[model.Operation]) -> Sequence[model.Operation]:
    """Those of which neither the id nor the scan is stored, nor in front of them in this list."""
    idents = sa.select(_OPERATIONS.c.id).where(_OPERATIONS.c.id.in_([one.id for one in operations]))
    taken = set(await connection.scalars(idents))
    scans: set[tuple[str, str]] = set()
    for source in sorted({one.source for one in operations}):
        wanted = [one.scan.id for one in operations if one.source == source and one.scan]
        scans |= {(source, ident) for ident in await _known(connection, source, wanted)}
    fresh = []
    for one in operations:
        scan = {(one.source, one.scan.id)} if one.scan and one.scan.id else set()
        if one.id not in taken and not scan & scans:
            fresh.append(one)
            taken.add(one.id)
            scans |= scan
    return fresh


async def _known(connection: AsyncConnection, source: str, scans: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for chunk in transactions.chunks(scans):
        statement = sa.select(_OPERATIONS.c.scan_id, _OPERATIONS.c.id).where(_OPERATIONS.c.source == source)
        found |= {row.scan_id: row.id for row in await connection.execute(statement.where(_OPERATIONS.c.scan_id.in_(chunk)))}
    return found
