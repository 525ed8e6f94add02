"""What the desk keeps of anomalies in place of their systems: rows beside theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pydantic
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.core import overlay
from bot.store import kept_matching, mappers, tables, transactions

_OVERLAY, _ANOMALIES = tables.overlay, tables.anomalies

_PEOPLE = pydantic.TypeAdapter(tuple[model.Person, ...])

_EMPTY = sa.and_(*(_OVERLAY.c[name].is_(None) for name in ("state", "outcome", "assignees", "snoozed_until")))


class Overlays:
    """The port `Overlays`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Overlay]:
        """What is kept of these."""
        return await self._db.read(lambda connection: of(connection, source, ids))

    async def stored(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Those of these of which something is kept, as they were last seen."""

        async def work(connection: AsyncConnection) -> Mapping[str, model.Anomaly]:
            found: list[model.Anomaly] = []
            for some in transactions.chunks(ids):
                these = sa.select(_ANOMALIES.c.body, _ANOMALIES.c.version).join(_OVERLAY, kept_matching.BESIDE)
                chosen = these.where(_OVERLAY.c.source == source, _OVERLAY.c.anomaly.in_(some))
                found += await mappers.each(await connection.execute(chosen), mappers.anomaly)
            return {one.ref.id: one for one in found}

        return await self._db.read(work)

    async def groups(self, source: str, query: model.Query) -> Sequence[model.Kept] | None:
        """What is kept of those that match all but the statuses of a filter, counted by the database."""
        return await self._db.read(lambda connection: kept_matching.groups(connection, source, query))

    async def marks(self, source: str, query: model.Query, after: ports.Mark | None, limit: int) -> Sequence[ports.Mark]:
        """The next ones that may match a filter though their system takes them to stand elsewhere."""
        return await self._db.read(lambda connection: kept_matching.marks(connection, source, query, after, limit))


async def there(connection: AsyncConnection, source: str) -> bool:
    """Whether anything is kept of a system: of most nothing ever is."""
    return await connection.scalar(sa.select(_OVERLAY.c.anomaly).where(_OVERLAY.c.source == source).limit(1)) is not None


def beside(anomalies: sa.Table) -> sa.ColumnElement[bool]:
    """Whether something is kept of an anomaly, beside its row."""
    return sa.exists().where(_OVERLAY.c.source == anomalies.c.source, _OVERLAY.c.anomaly == anomalies.c.id)


async def of(connection: AsyncConnection, source: str, ids: Sequence[str]) -> dict[str, model.Overlay]:
    """What is kept of these."""
    found: dict[str, model.Overlay] = {}
    for some in transactions.chunks(ids):
        statement = sa.select(_OVERLAY).where(_OVERLAY.c.source == source, _OVERLAY.c.anomaly.in_(some))
        found |= {row.anomaly: _read(row) for row in await connection.execute(statement)}
    return found


async def merge(connection: AsyncConnection, source: str, seen: Sequence[model.Anomaly], fresh: Collection[str]) -> Sequence[model.Anomaly]:
    """These with what is kept of them. Of those that are `fresh` what their systems keep by now is forgotten."""
    rows = await of(connection, source, [one.ref.id for one in seen])
    left = [(one, overlay.outlived(rows[one.ref.id], one)) for one in seen if one.ref.id in rows and one.ref.id in fresh]
    if ended := [kept for _, kept in left if kept is not None]:
        await write(connection, source, ended)
    return [overlay.merged(one, rows.get(one.ref.id)) for one in seen]


async def write(connection: AsyncConnection, source: str, kept: Sequence[model.Overlay]) -> None:
    """Keep these from now on, whatever was kept before; what says nothing any more needs no row. How long one is snoozed is not theirs to
    change."""
    if not kept:
        return
    rows = [_values(source, one) for one in sorted(kept, key=lambda one: one.ref.id)]
    adding = transactions.insert(connection, _OVERLAY)
    changed = {name: adding.excluded[name] for name in ("state", "outcome", "assignees", "actor", "at")}
    await connection.execute(adding.on_conflict_do_update(index_elements=[_OVERLAY.c.source, _OVERLAY.c.anomaly], set_=changed), rows)
    for some in transactions.chunks([row["anomaly"] for row in rows]):
        await connection.execute(sa.delete(_OVERLAY).where(_OVERLAY.c.source == source, _OVERLAY.c.anomaly.in_(some), _EMPTY))


def _values(source: str, one: model.Overlay) -> dict[str, Any]:
    return {
        "source": source,
        "anomaly": one.ref.id,
        "state": one.state.value if one.state else None,
        "outcome": one.outcome,
        "assignees": _PEOPLE.dump_python(one.assignees, mode="json") if one.assignees else None,
        "actor": one.actor,
        "at": one.at,
    }


def _read(row: mappers.AnyRow) -> model.Overlay:
    return model.Overlay(
        model.Ref(row.source, row.anomaly),
        model.State(row.state) if row.state else None,
        row.outcome,
        None if row.assignees is None else _PEOPLE.validate_python(row.assignees),
        row.snoozed_until,
        row.actor,
        row.at,
    )
