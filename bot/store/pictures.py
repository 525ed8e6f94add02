"""Pictures that are wanted in threads of cards, until they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import leases, tables, transactions, work_tables

_PICTURES, _MEMBERS, _ANOMALIES = work_tables.pictures, tables.card_members, tables.anomalies


class Wanted:
    """The port `WantedPictures`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def ask(self, card: model.Card, ts: str, refs: Sequence[model.Ref], now: datetime) -> None:
        """Want those of these anomalies in the thread of that card, each once ever."""
        rows = [
            {"key": f"{card.id}/{ref}", "card": card.id, "source": ref.source, "anomaly": ref.id, "channel": card.channel, "ts": ts}
            | {"at": now, "due": now, "begun": [], "tries": 0}
            for ref in refs
        ]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(transactions.insert(connection, _PICTURES).on_conflict_do_nothing(), rows)

        if rows:
            await self._db.write(work)

    async def worst(self, card: str, sources: Sequence[str], limit: int) -> Sequence[model.Ref]:
        """The critical members of a group that are of these systems, the highest score first."""
        same = sa.and_(_ANOMALIES.c.source == _MEMBERS.c.source, _ANOMALIES.c.id == _MEMBERS.c.anomaly)
        statement = (
            sa.select(_ANOMALIES.c.source, _ANOMALIES.c.id)
            .select_from(_MEMBERS.join(_ANOMALIES, same))
            .where(_MEMBERS.c.card == card, _MEMBERS.c.source.in_(sources), _ANOMALIES.c.severity == model.Severity.CRITICAL.value)
            .order_by(sa.func.coalesce(_ANOMALIES.c.score, -1.0).desc(), _ANOMALIES.c.created, _ANOMALIES.c.id)
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> Sequence[model.Ref]:
            return [model.Ref(row.source, row.id) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def due(self, now: datetime, limit: int = 50) -> Sequence[ports.WantedPicture]:
        """Those to be shared by now that nobody holds, the longest due first."""
        waits = sa.and_(_PICTURES.c.done.is_(None), _PICTURES.c.due <= now, leases.free(leases.PICTURES, _PICTURES.c.key, self._db, now))
        statement = sa.select(_PICTURES).where(waits).order_by(_PICTURES.c.due, _PICTURES.c.key).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[ports.WantedPicture]:
            return [_wanted(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def get(self, key: str, now: datetime) -> ports.WantedPicture | None:
        """One as it is; None when it is done, or was put off."""
        statement = sa.select(_PICTURES).where(_PICTURES.c.key == key, _PICTURES.c.done.is_(None), _PICTURES.c.due <= now)

        async def work(connection: AsyncConnection) -> ports.WantedPicture | None:
            row = (await connection.execute(statement)).one_or_none()
            return _wanted(row) if row else None

        return await self._db.read(work)

    async def begun(self, lease: model.Lease, names: Sequence[str]) -> bool:
        """Row before call: these may be there from now on."""
        return await self._change(lease, begun=list(names))

    async def later(self, lease: model.Lease, until: datetime, names: Sequence[str]) -> bool:
        """Go on at that time; but for these it is certain that none is there."""
        return await self._change(lease, due=until, begun=list(names), tries=_PICTURES.c.tries + 1)

    async def settle(self, lease: model.Lease, now: datetime) -> bool:
        """They are there, or never will be."""
        return await self._change(lease, done=self._db.moment(now))

    async def _change(self, lease: model.Lease, **values: Any) -> bool:
        change = sa.update(_PICTURES).where(leases.held(lease, self._db)).values(values)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._db.write(work)


def _wanted(row: Any) -> ports.WantedPicture:
    ref = model.Ref(row.source, row.anomaly)
    return ports.WantedPicture(row.key, ref, row.channel, row.ts, row.at, tuple(row.begun), row.tries)
