"""Up to which due time digests were made."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.store import health_tables, transactions

_MARKS = health_tables.digest_marks


class DigestMarks:
    """The port `DigestMarks`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, route: str) -> datetime | None:
        """For which due time the last digest of a route was made, or since when the first is waited for; None before that."""
        statement = sa.select(_MARKS.c.due).where(_MARKS.c.route == route)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def put(self, route: str, due: datetime) -> None:
        """It was made for this one."""
        await self._db.write(lambda connection: transactions.put(connection, _MARKS, {"route": route}, due=due))
