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
_POSTS = sa.and_(_WANTED, _CARDS.c.ts.is_(None))
_MESSAGES = sa.and_(_WANTED, _CARDS.c.ts.is_not(None))
_EDITS = sa.and_(_MESSAGES, _CARDS.c.delivered < _CARDS.c.wanted)
_PLAIN = sa.and_(_MESSAGES, _CARDS.c.delivered >= _CARDS.c.wanted)
"""What is due although it is shown as it stands: Slack took only a simpler form of it."""


async def measure(connection: AsyncConnection, now: datetime) -> ports.Backlog:
    """First posts, edits, waiting and lost cards, the age of the oldest, and why deliveries fail, the commonest reason first."""
    posts, first_post = await _lane(connection, _POSTS, _CARDS.c.since)
    edits, first_edit = await _lane(connection, _EDITS, _CARDS.c.since)
    waiting, first_waiting = await _lane(connection, tables.WAITING, _CARDS.c.created)
    lost, _ = await _lane(connection, tables.LOST, _CARDS.c.created)
    plain, _ = await _lane(connection, _PLAIN, _CARDS.c.due)
    oldest = min((at for at in (first_post, first_edit, first_waiting) if at is not None), default=now)
    failing = await _errors(connection)
    return ports.Backlog(
        posts,
        edits,
        waiting,
        lost,
        max(0.0, (now - oldest).total_seconds()),
        [(error, amount) for error, amount, _ in failing],
        {error: at for error, _, at in failing if at is not None},
        plain,
    )


async def _lane(connection: AsyncConnection, condition: sa.ColumnElement[bool], since: sa.Column[datetime]) -> tuple[int, datetime | None]:
    statement = sa.select(sa.func.count(), sa.func.min(since)).select_from(_CARDS).where(condition)
    number, oldest = (await connection.execute(statement)).one()
    return number, oldest


async def _errors(connection: AsyncConnection) -> list[tuple[str, int, datetime | None]]:
    """Each reason, how many it holds up, and when the first of them is tried again."""
    failing = [sa.select(_CARDS.c.error, _CARDS.c.due).where(one, _CARDS.c.error != "") for one in (_POSTS, _EDITS, tables.LOST)]
    found = sa.union_all(*failing).subquery()
    number = sa.func.count()
    statement = sa.select(found.c.error, number, sa.func.min(found.c.due)).group_by(found.c.error).order_by(number.desc(), found.c.error)
    return [(row[0], row[1], row[2]) for row in await connection.execute(statement.limit(ERRORS_SHOWN))]
