"""What waits to be delivered, counted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import ports
from bot.store import tables

ERRORS_SHOWN = 5

_CARDS = tables.cards

_WANTED = _CARDS.c.due.is_not(None)


async def measure(connection: AsyncConnection, now: datetime) -> ports.Backlog:
    """First posts, edits, waiting and lost cards, the age of the oldest, and why deliveries fail, the commonest reason first."""
    posts, first_post = await _lane(connection, sa.and_(_WANTED, _CARDS.c.ts.is_(None)), _CARDS.c.since)
    edits, first_edit = await _lane(connection, sa.and_(_WANTED, _CARDS.c.ts.is_not(None)), _CARDS.c.since)
    waiting, first_waiting = await _lane(connection, tables.WAITING, _CARDS.c.created)
    lost, _ = await _lane(connection, tables.LOST, _CARDS.c.created)
    oldest = min((at for at in (first_post, first_edit, first_waiting) if at is not None), default=now)
    return ports.Backlog(posts, edits, waiting, lost, max(0.0, (now - oldest).total_seconds()), await _errors(connection))


async def _lane(connection: AsyncConnection, condition: sa.ColumnElement[bool], since: sa.Column[datetime]) -> tuple[int, datetime | None]:
    statement = sa.select(sa.func.count(), sa.func.min(since)).select_from(_CARDS).where(condition)
    number, oldest = (await connection.execute(statement)).one()
    return number, oldest


async def _errors(connection: AsyncConnection) -> list[tuple[str, int]]:
    failing = [sa.and_(_WANTED, _CARDS.c.ts.is_(None)), sa.and_(_WANTED, _CARDS.c.ts.is_not(None)), tables.LOST]
    found = sa.union_all(*(sa.select(_CARDS.c.error).where(one, _CARDS.c.error != "") for one in failing)).subquery()
    number = sa.func.count()
    statement = sa.select(found.c.error, number).group_by(found.c.error).order_by(number.desc(), found.c.error)
    return [(row[0], row[1]) for row in await connection.execute(statement.limit(ERRORS_SHOWN))]
