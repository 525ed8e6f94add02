"""What a deployment of a system turned out to speak."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import health_tables, transactions

_TRAITS = health_tables.source_traits


class SourceTraits:
    """The port `SourceTraits`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, source: str, host: str) -> Any:
        """As they were put; None when nothing was learned."""
        statement = sa.select(_TRAITS.c.traits).where(_TRAITS.c.source == source, _TRAITS.c.host == host)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def merge(self, source: str, host: str, learned: Mapping[str, Any], now: datetime) -> Any:
        """Add it to what is there, whoever learned that, in one transaction; returns all of it."""
        key = {"source": source, "host": host}
        this = sa.and_(_TRAITS.c.source == source, _TRAITS.c.host == host)
        there = sa.select(_TRAITS.c.traits).where(this).with_for_update()

        async def work(connection: AsyncConnection) -> Any:
            # First of all there is a row to be locked: of two who learned the first thing at once one waits for the other.
            made = transactions.insert(connection, _TRAITS).values({**key, "traits": {}, "at": now})
            await connection.execute(made.on_conflict_do_nothing())
            traits = merged(await connection.scalar(there), learned)
            await connection.execute(sa.update(_TRAITS).where(this).values(traits=traits, at=now))
            return traits

        return await self._db.write(work)


def merged(there: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return patch
    both = dict(there) if isinstance(there, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            both.pop(name, None)
        else:
            both[name] = merged(both.get(name), value)
    return both
