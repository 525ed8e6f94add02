"""What filters ask for, filled in rows that another release wrote: before it knew these columns, or while it goes on beside this one.

In slices of one transaction, so that a kill loses nothing and polls get their turn between two of them. A row says for which version it
was filled: what a process of the last release changes is another version, and is filled again; what nobody writes is filled once.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pydantic
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import anomaly_columns, bulk_rows, mappers, tables, transactions

log = logging.getLogger(__name__)

SLICE = 100

PAUSE = 0.01
"""Seconds between two slices: SQLite has one writer, and a poll that waits for it comes first."""

_ANOMALIES = tables.anomalies
_KEY = (_ANOMALIES.c.source, _ANOMALIES.c.id)
_STALE = sa.select(*_KEY, _ANOMALIES.c.body, _ANOMALIES.c.version).where(tables.STALE).order_by(*_KEY)


class Backfill:
    """Fills what is to be filled, and finds nothing where there is nothing."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def fill(self) -> int:
        """All of it; returns how many rows that were."""
        total = 0
        while await self._db.read(lambda connection: connection.scalar(_STALE.limit(1))) is not None:
            total += await self._db.write(_slice)
            await asyncio.sleep(PAUSE)
        if total:
            log.info("what filters ask for was filled in %d rows of an earlier release", total)
        return total


async def _slice(connection: AsyncConnection) -> int:
    rows = list(await connection.execute(_STALE.limit(SLICE).with_for_update()))
    filled: list[dict[str, Any]] = []
    readable: dict[str, list[model.Anomaly]] = {}
    for row, anomaly in zip(rows, await mappers.each(rows, _anomaly), strict=True):
        told = {"filled": row.version} if anomaly is None else anomaly_columns.values(anomaly, row.version)
        filled.append({**anomaly_columns.NOTHING, **told, "source": row.source, "id": row.id})
        if anomaly is not None:
            readable.setdefault(row.source, []).append(anomaly)
    await bulk_rows.update(connection, _ANOMALIES, ("source", "id"), filled)
    for source, anomalies in readable.items():
        await anomaly_columns.replace(connection, source, anomalies)
    return len(rows)


def _anomaly(row: mappers.AnyRow) -> model.Anomaly | None:
    """As it is stored; one that nobody can read has nothing to be filled with, and is not looked at again."""
    try:
        return mappers.anomaly(row)
    except (pydantic.ValidationError, TypeError, ValueError, LookupError):
        log.warning("%s:%s cannot be read as it is stored, and no filter finds it", row.source, row.id)
        return None
