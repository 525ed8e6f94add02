"""What is known of every anomaly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import columns, health_tables, ingest, mappers, tables, transactions

CLICKED_WITHIN = timedelta(hours=1)

_ANOMALIES = tables.anomalies


class Anomalies:
    """The port `Anomalies`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]:
        """Those that are known, as they were last seen."""

        async def work(connection: AsyncConnection) -> Mapping[model.Ref, model.Anomaly]:
            found: dict[model.Ref, model.Anomaly] = {}
            for source in sorted({ref.source for ref in refs}):
                ids = sorted({ref.id for ref in refs if ref.source == source})
                found |= await ingest.stored_anomalies(connection, source, ids)
            return found

        return await self._db.read(work)

    async def known(self, refs: Sequence[model.Ref]) -> frozenset[model.Ref]:
        """Which of these are tracked."""

        async def work(connection: AsyncConnection) -> frozenset[model.Ref]:
            found: set[model.Ref] = set()
            for source in sorted({ref.source for ref in refs}):
                for ids in transactions.chunks(sorted({ref.id for ref in refs if ref.source == source})):
                    statement = sa.select(_ANOMALIES.c.id).where(_ANOMALIES.c.source == source, _ANOMALIES.c.id.in_(ids))
                    found.update(model.Ref(source, ident) for ident in await connection.scalars(statement))
            return frozenset(found)

        return await self._db.read(work)

    async def save(self, observation: ports.Observation) -> model.Ingested:
        """Store what was seen, with all that follows from it, in one transaction (`ports.Anomalies.save`).

        Raises ValueError for an anomaly of another source: nothing is stored then.
        """
        if strangers := [str(anomaly.ref) for anomaly in observation.seen if anomaly.ref.source != observation.source]:
            raise ValueError(f"not of {observation.source}: {', '.join(strangers[:5])}")
        return await self._db.write(lambda connection: ingest.save(connection, ingest.Sight(observation)))

    async def newest(self, source: str, limit: int) -> Sequence[model.Anomaly]:
        """The newest that are not archived."""
        statement = (
            sa.select(_ANOMALIES.c.body, _ANOMALIES.c.version)
            .where(_ANOMALIES.c.source == source, _ANOMALIES.c.closed.is_(None))
            .order_by(_ANOMALIES.c.created.desc(), _ANOMALIES.c.id.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> Sequence[model.Anomaly]:
            return await mappers.each(await connection.execute(statement), mappers.anomaly)

        return await self._db.read(work)

    async def reason(self, ref: model.Ref) -> model.Reason | None:
        """Why it was or was not announced when it was first seen; None when it never was."""
        statement = sa.select(_ANOMALIES.c.reason).where(_ANOMALIES.c.source == ref.source, _ANOMALIES.c.id == ref.id)
        found = await self._db.read(lambda connection: connection.scalar(statement))
        return None if found is None else model.Reason(found)

    async def watched(self, source: str, limit: int, after: str = "") -> Mapping[str, datetime]:
        """Ids that a live card shows and that are not archived, and when they were read last: those clicked within the hour before the
        source's last answer first (newest click first), then newest; from behind `after` on, or from the start when it is not known."""
        return await self._db.read(lambda connection: _watched(connection, source, limit, after))

    async def read_longest_ago(self, source: str) -> datetime | None:
        """When the one was read that a live card shows, that is not archived, and that was read longest ago; None when there is none."""
        statement = sa.select(_ANOMALIES.c.read_at).where(_visible(source)).order_by(_ANOMALIES.c.read_at).limit(1)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def totals(self) -> Mapping[tuple[str, model.State], int]:
        """How many are tracked, by source and state."""
        columns = (_ANOMALIES.c.source, _ANOMALIES.c.state)
        statement = sa.select(*columns, sa.func.count().label("number")).group_by(*columns)

        async def work(connection: AsyncConnection) -> Mapping[tuple[str, model.State], int]:
            return {(row.source, model.State(row.state)): row.number for row in await connection.execute(statement)}

        return await self._db.read(work)


async def _watched(connection: AsyncConnection, source: str, limit: int, after: str) -> Mapping[str, datetime]:
    last_ok = await connection.scalar(sa.select(health_tables.sources.c.last_ok).where(health_tables.sources.c.source == source))
    since = last_ok - CLICKED_WITHIN if last_ok else None
    mark = await _mark(connection, source, after)
    found: dict[str, datetime] = {}
    in_clicked = mark is None or _is_recent(mark.clicked, since)
    if since is not None and in_clicked:
        found |= {row.id: row.read_at for row in await connection.execute(_clicked(source, since, mark).limit(limit))}
    if len(found) < limit:
        rest = _others(source, since, None if in_clicked else mark)
        found |= {row.id: row.read_at for row in await connection.execute(rest.limit(limit - len(found)))}
    return found


async def _mark(connection: AsyncConnection, source: str, after: str) -> mappers.AnyRow | None:
    if not after:
        return None
    columns = (_ANOMALIES.c.id, _ANOMALIES.c.created, _ANOMALIES.c.clicked)
    statement = sa.select(*columns).where(_ANOMALIES.c.source == source, _ANOMALIES.c.id == after)
    return (await connection.execute(statement)).one_or_none()


def _is_recent(clicked: datetime | None, since: datetime | None) -> bool:
    return clicked is not None and since is not None and clicked >= since


def _visible(source: str) -> sa.ColumnElement[bool]:
    return sa.and_(_ANOMALIES.c.source == source, _ANOMALIES.c.shown.is_not(None), _ANOMALIES.c.closed.is_(None))


def _clicked(source: str, since: datetime, mark: mappers.AnyRow | None) -> sa.Select[str, datetime]:
    order = sa.tuple_(_ANOMALIES.c.clicked, _ANOMALIES.c.id)
    statement = sa.select(_ANOMALIES.c.id, _ANOMALIES.c.read_at).where(_visible(source), _ANOMALIES.c.clicked >= since)
    if mark is not None:
        statement = statement.where(order < _pair(mark.clicked, mark.id))
    return statement.order_by(_ANOMALIES.c.clicked.desc(), _ANOMALIES.c.id.desc())


def _others(source: str, since: datetime | None, mark: mappers.AnyRow | None) -> sa.Select[str, datetime]:
    order = sa.tuple_(_ANOMALIES.c.created, _ANOMALIES.c.id)
    statement = sa.select(_ANOMALIES.c.id, _ANOMALIES.c.read_at).where(_visible(source))
    if since is not None:
        statement = statement.where(sa.or_(_ANOMALIES.c.clicked.is_(None), _ANOMALIES.c.clicked < since))
    if mark is not None:
        statement = statement.where(order < _pair(mark.created, mark.id))
    return statement.order_by(_ANOMALIES.c.created.desc(), _ANOMALIES.c.id.desc())


def _pair(moment: datetime, ident: str) -> sa.Tuple:
    return sa.tuple_(sa.literal(moment, columns.Utc()), sa.literal(ident, columns.Words()))
