"""What systems pushed, until what it is about was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import transactions, work_tables

_PUSHES = work_tables.pushes


class Pushes:
    """The port `Pushes`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def add(self, source: str, news: model.News, now: datetime) -> None:
        """Write it down: from now on it is not lost."""
        about = [] if news.everything else [[one.ident, dict(one.clues)] for one in news.about]
        moment = self._db.moment(now)
        added = sa.insert(_PUSHES).values(source=source, about=about, at=moment, due=moment)
        await self._db.write(lambda connection: connection.execute(added))

    async def systems(self, names: Sequence[str], now: datetime) -> Sequence[str]:
        """Those of these that have any to be read by now: one look at the index for each, however many wait."""
        if not names:
            return []
        each = [sa.select(sa.literal(name).label("name")).where(sa.exists().where(self._due(name, now))) for name in names]

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(sa.union_all(*each)))

        return await self._db.read(work)

    async def waiting(self, source: str, now: datetime, limit: int) -> Sequence[model.Push]:
        """Those of a system to be read by now, in the order in which they came."""
        statement = sa.select(_PUSHES).where(self._due(source, now)).order_by(_PUSHES.c.turn).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[model.Push]:
            return [_push(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def backlog(self, source: str) -> tuple[int, datetime | None]:
        """How many of a system wait, and since when the first of them."""
        waits = sa.and_(_PUSHES.c.source == source, _PUSHES.c.done.is_(None))
        statement = sa.select(sa.func.count(), sa.func.min(_PUSHES.c.at)).where(waits)

        async def work(connection: AsyncConnection) -> tuple[int, datetime | None]:
            number, oldest = (await connection.execute(statement)).one()
            return number, oldest

        return await self._db.read(work)

    async def settle(self, pushes: Sequence[model.Push], now: datetime) -> None:
        """What they are about was read."""
        await self._change(pushes, done=self._db.moment(now))

    async def again(self, pushes: Sequence[model.Push], due: datetime) -> None:
        """They were read in vain: once more at that time."""
        await self._change(pushes, due=due, tries=_PUSHES.c.tries + 1)

    def _due(self, source: str, now: datetime) -> sa.ColumnElement[bool]:
        return sa.and_(_PUSHES.c.source == source, _PUSHES.c.done.is_(None), _PUSHES.c.due <= self._db.moment(now))

    async def _change(self, pushes: Sequence[model.Push], **values: Any) -> None:
        turns = [one.id for one in pushes]

        async def work(connection: AsyncConnection) -> None:
            for some in transactions.chunks(turns):
                await connection.execute(sa.update(_PUSHES).where(_PUSHES.c.turn.in_(some), _PUSHES.c.done.is_(None)).values(values))

        if turns:
            await self._db.write(work)


def _push(row: Any) -> model.Push:
    about = tuple(model.Mention(ident, clues) for ident, clues in row.about)
    return model.Push(row.turn, row.source, model.News(about, not about), row.at, row.tries)
