"""Small things worth remembering over a restart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables, transactions

_FACTS = tables.facts


class Facts:
    """The port `Facts`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, key: str) -> Any:
        """The value as it was put; None when there is none."""
        statement = sa.select(_FACTS.c.value).where(_FACTS.c.key == key)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def put(self, key: str, value: Any, now: datetime) -> None:
        """Remember a JSON value in place of an earlier one."""

        async def work(connection: AsyncConnection) -> None:
            updated = await connection.execute(sa.update(_FACTS).where(_FACTS.c.key == key).values(value=value, at=now))
            if not updated.rowcount:
                await connection.execute(sa.insert(_FACTS).values(key=key, value=value, at=now))

        await self._db.write(work)
