"""Which events Slack sends this desk: there is no other way to learn which ones an app is subscribed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import transactions, work_tables

_HEARD = work_tables.heard


class Heard:
    """The port `Heard`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def note(self, event: str, now: datetime) -> None:
        """It came now."""
        await self._db.write(lambda connection: transactions.put(connection, _HEARD, {"event": event}, at=now))

    async def last(self) -> Mapping[str, datetime]:
        """When each came last."""

        async def work(connection: AsyncConnection) -> Mapping[str, datetime]:
            return {row.event: row.at for row in await connection.execute(sa.select(_HEARD))}

        return await self._db.read(work)
