"""What a deployment of a system turned out to speak."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

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

    async def put(self, source: str, host: str, traits: Any, now: datetime) -> None:
        """In place of what was learned before."""
        key = {"source": source, "host": host}
        await self._db.write(lambda connection: transactions.put(connection, _TRAITS, key, traits=traits, at=now))
