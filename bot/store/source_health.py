"""How each source stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import columns, health_tables, mappers, transactions

_SOURCES = health_tables.sources


class HealthRecords:
    """The port `HealthRecords`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def get(self, source: str) -> model.SourceHealth:
        """How it stands; the blank standing when nothing is known."""
        return await self._db.read(lambda connection: _get(connection, source))

    async def ask(self, source: str) -> None:
        """Somebody wants it to be looked at now. Counted, not dated: what is asked for during a look is another one, by any clock."""
        await self._change(source, asked=sa.func.coalesce(_SOURCES.c.asked, 0) + 1)

    async def ok(self, source: str, now: datetime, answered: int = 0, next_poll: datetime | None = None) -> model.SourceHealth:
        """It answered, and with it so many of those who had `asked`; `next_poll` is when it is looked at again. Returns how it stood
        before."""
        most = sa.case((_SOURCES.c.answered > answered, _SOURCES.c.answered), else_=answered)
        return await self._change(source, last_ok=now, failing_since=None, failures=0, error="", next_poll=next_poll, answered=most)

    async def failed(self, source: str, error: str, now: datetime, next_poll: datetime) -> model.SourceHealth:
        """It did not. Returns how it stood before; `failing_since` keeps the first failure in a row."""
        since = sa.func.coalesce(_SOURCES.c.failing_since, sa.literal(now, columns.Utc()))
        return await self._change(source, failing_since=since, failures=_SOURCES.c.failures + 1, error=error, next_poll=next_poll)

    async def mark(self, source: str, watch_mark: str, began: datetime | None = None) -> None:
        """Remember how far the watch got, and when this round of it began."""
        await self._change(source, watch_mark=watch_mark, watch_began=began)

    async def told(self, source: str, trouble: model.Trouble | None, now: datetime) -> None:
        """People know of this trouble; None: that it is over."""
        since, error = (trouble.since, trouble.error) if trouble else (None, None)
        await self._change(source, told_since=since, told_error=error, told_at=now)

    async def noticed(self, source: str, at: datetime, over: Sequence[str]) -> None:
        """What others started was looked for at that time."""
        await self._change(source, noticed=at, noticed_over=list(over))

    async def _change(self, source: str, **values: Any) -> model.SourceHealth:
        async def work(connection: AsyncConnection) -> model.SourceHealth:
            before = await _get(connection, source, lock=True)
            await update(connection, source, **values)
            return before

        return await self._db.write(work)


async def update(connection: AsyncConnection, source: str, **values: Any) -> None:
    """Change the row of a source, which is made when it is missing."""
    change = sa.update(_SOURCES).where(_SOURCES.c.source == source).values(values)
    if not (await connection.execute(change)).rowcount:  # made first: some values are reckoned from what stands there
        await connection.execute(sa.insert(_SOURCES).values(source=source))
        await connection.execute(change)


async def _get(connection: AsyncConnection, source: str, *, lock: bool = False) -> model.SourceHealth:
    statement = sa.select(_SOURCES).where(_SOURCES.c.source == source)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return mappers.standing(row) if row else model.SourceHealth(source)
