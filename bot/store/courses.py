"""How the metrics of anomalies with a card of their own went: wanted until it is known, then kept as long as the anomaly is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import leases, outbox, transactions, work_tables

_COURSES = work_tables.courses


class Wanted:
    """The port `WantedCourses`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def ask(self, ref: model.Ref, now: datetime) -> None:
        """Want that of this anomaly, once ever."""
        row = {"key": str(ref), "source": ref.source, "anomaly": ref.id, "at": now, "due": now, "tries": 0, "asked": 0, "metric": ""}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(transactions.insert(connection, _COURSES).on_conflict_do_nothing(), [row])

        await self._db.write(work)

    async def due(self, now: datetime, limit: int = 50) -> Sequence[ports.WantedCourse]:
        """Those to be asked for by now that nobody holds, the longest due first."""
        waits = sa.and_(_COURSES.c.done.is_(None), _COURSES.c.due <= now, leases.free(leases.COURSES, _COURSES.c.key, self._db, now))
        statement = sa.select(_COURSES).where(waits).order_by(_COURSES.c.due, _COURSES.c.key).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[ports.WantedCourse]:
            return [_wanted(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def get(self, key: str, now: datetime) -> ports.WantedCourse | None:
        """One as it is; None when it is done, or was put off."""
        statement = sa.select(_COURSES).where(_COURSES.c.key == key, _COURSES.c.done.is_(None), _COURSES.c.due <= now)

        async def work(connection: AsyncConnection) -> ports.WantedCourse | None:
            row = (await connection.execute(statement)).one_or_none()
            return _wanted(row) if row else None

        return await self._db.read(work)

    async def begin(self, lease: model.Lease, again: datetime) -> bool:
        """Row before call: its system is asked now, and where nobody writes down what it said, at that time again."""
        change = sa.update(_COURSES).where(leases.held(lease, self._db)).values(due=again, tries=_COURSES.c.tries + 1)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._db.write(work)

    async def settle(self, lease: model.Lease, metric: str, points: Sequence[model.Point], now: datetime) -> bool:
        """That of this metric is known, and the cards of the anomaly want an edit; without points none ever will be. One transaction: who
        dies before it asks once more, and after it nobody does."""
        told = [_numbers(point) for point in points if math.isfinite(point.value)]
        values = {"done": self._db.moment(now), "metric": metric, "points": told or None}
        change = sa.update(_COURSES).where(leases.held(lease, self._db)).values(values).returning(_COURSES.c.source, _COURSES.c.anomaly)

        async def work(connection: AsyncConnection) -> bool:
            row = (await connection.execute(change)).one_or_none()
            if row is not None and told:
                await outbox.mark_own_dirty(connection, row.source, row.anomaly, now)
            return row is not None

        return await self._db.write(work)

    async def again(self, ref: model.Ref, known: ports.KnownCourse, now: datetime) -> None:
        """Want that of another metric, unless somebody does by now."""
        same = sa.and_(_COURSES.c.key == str(ref), _COURSES.c.asked == known.asked, _COURSES.c.done.is_not(None))
        change = sa.update(_COURSES).where(same).values(done=None, at=now, due=now, tries=0, asked=known.asked + 1)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self._db.write(work)

    async def known(self, ref: model.Ref) -> ports.KnownCourse:
        """What is known of it, the oldest point first."""
        names = ("metric", "points", "asked", "done")
        statement = sa.select(*(_COURSES.c[name] for name in names)).where(_COURSES.c.key == str(ref))

        async def work(connection: AsyncConnection) -> ports.KnownCourse:
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return ports.KnownCourse()
            return ports.KnownCourse(row.metric, [_point(*told) for told in row.points or ()], row.asked, row.done is not None)

        return await self._db.read(work)


def _wanted(row: Any) -> ports.WantedCourse:
    return ports.WantedCourse(row.key, model.Ref(row.source, row.anomaly), row.at, row.tries)


def _numbers(point: model.Point) -> list[float | None]:
    """JSON has no word for a number that is none or has no end."""
    edges = [edge if edge is not None and math.isfinite(edge) else None for edge in (point.low, point.high)]
    return [point.at.timestamp(), point.value, *edges]


def _point(at: float, value: float, low: float | None, high: float | None) -> model.Point:
    return model.Point(datetime.fromtimestamp(at, UTC), value, low, high)
