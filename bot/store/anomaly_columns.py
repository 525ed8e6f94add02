"""What filters ask for of an anomaly, as columns of its row and as rows of the side tables: the body tells it too, but is not searched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import bulk_rows, columns, tables, transactions

SOME = 2000
"""Side rows in one statement."""

RANKS: Mapping[model.Severity, int] = {word: place for place, word in enumerate(model.Severity, start=1)}

_SIDES: Mapping[sa.Table, Callable[[model.Anomaly], Iterable[str]]] = {
    tables.anomaly_tags: lambda anomaly: [tag.casefold() for tag in anomaly.tags if tag],
    tables.anomaly_assignees: lambda anomaly: [person.id for person in anomaly.assignees],
}


def values(anomaly: model.Anomaly, version: int) -> dict[str, Any]:
    """The columns of this version of an anomaly."""
    store, table = anomaly.datastore, anomaly.container
    return {
        "severity": anomaly.severity.value if anomaly.severity else None,
        "rank": RANKS[anomaly.severity] if anomaly.severity else None,
        "score": anomaly.weight if anomaly.weight is not None and math.isfinite(anomaly.weight) else None,
        "datastore_id": store.id.casefold() if store else None,
        "datastore_name": store.name.casefold() if store else None,
        "container_id": table.id.casefold() if table else None,
        "container_name": table.name.casefold() if table else None,
        "started": anomaly.started,
        "ended": anomaly.ended,
        "filled": version,
    }


NOTHING: Mapping[str, Any] = dict.fromkeys(
    ("severity", "rank", "score", "datastore_id", "datastore_name", "container_id", "container_name", "started", "ended")
)
"""The columns of what cannot be read."""


async def insert(connection: AsyncConnection, anomalies: Sequence[model.Anomaly]) -> None:
    """The side rows of anomalies that have none yet."""
    for table in _SIDES:
        await _add(connection, table, anomalies)


async def _add(connection: AsyncConnection, table: sa.Table, anomalies: Sequence[model.Anomaly]) -> None:
    """Those of a chunk in one value: row by row they would take as long as the anomalies."""
    for some in transactions.chunks(_rows(table, anomalies), SOME):
        parts = ("source", "anomaly", "value")
        await connection.execute(sa.insert(table).from_select(parts, bulk_rows.unpacked(connection)), {"rows": some})


def _rows(table: sa.Table, anomalies: Sequence[model.Anomaly]) -> Sequence[tuple[str, str, str | None]]:
    return [
        (one.ref.source, one.ref.id, columns.storable(value))
        for one in anomalies
        if one.state is not model.State.ARCHIVED
        for value in dict.fromkeys(_SIDES[table](one))
    ]


async def replace(connection: AsyncConnection, source: str, anomalies: Sequence[model.Anomaly]) -> None:
    """The side rows of these anomalies of one source, whatever they were before. Most changes change none of them."""
    there: set[tuple[str, str, str]] = set()
    for some in transactions.chunks([one.ref.id for one in anomalies]):
        told = [
            sa.select(sa.literal(table.name).label("side"), table.c.anomaly, table.c.value).where(
                table.c.source == source, table.c.anomaly.in_(some)
            )
            for table in _SIDES
        ]
        there |= {(row.side, row.anomaly, row.value) for row in await connection.execute(sa.union_all(*told))}
    for table in _SIDES:
        before = {(ident, value) for name, ident, value in there if name == table.name}
        moved = {ident for ident, _ in before ^ {(row[1], row[2]) for row in _rows(table, anomalies)}}
        for some in transactions.chunks(sorted(moved & {ident for ident, _ in before})):
            await connection.execute(sa.delete(table).where(table.c.source == source, table.c.anomaly.in_(some)))
        await _add(connection, table, [one for one in anomalies if one.ref.id in moved])
