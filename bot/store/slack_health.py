"""What Slack refuses this desk: channels, and kinds of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import health_tables, transactions

_CHANNELS = health_tables.channel_health
_BLOCKS = health_tables.block_refusals

CHARTS = "charts"
"""Charts and tables, which not every workspace takes."""


class SlackHealth:
    """The port `SlackHealth`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def refused_since(self, channel: str) -> datetime | None:
        """Since when a channel refuses us, as people were told."""
        statement = sa.select(_CHANNELS.c.refused_since).where(_CHANNELS.c.channel == channel)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def refuses(self, channel: str, now: datetime) -> None:
        """People are told that it does."""
        key = {"channel": channel}
        await self._db.write(lambda connection: transactions.put(connection, _CHANNELS, key, refused_since=now, at=now))

    async def works(self, channel: str, now: datetime) -> None:
        """They are told that it does not any more."""
        key = {"channel": channel}
        over = {"refused_since": None, "paused_until": None, "at": now}
        await self._db.write(lambda connection: transactions.put(connection, _CHANNELS, key, **over))

    async def pauses(self, channel: str, now: datetime, until: datetime) -> None:
        """It is left alone until then; what people were told stays."""
        key = {"channel": channel}
        await self._db.write(lambda connection: transactions.put(connection, _CHANNELS, key, paused_until=until, at=now))

    async def paused(self, now: datetime) -> Mapping[str, datetime]:
        """Channels that are left alone, and until when."""
        statement = sa.select(_CHANNELS.c.channel, _CHANNELS.c.paused_until).where(_CHANNELS.c.paused_until > now)

        async def work(connection: AsyncConnection) -> Mapping[str, datetime]:
            return {row.channel: row.paused_until for row in await connection.execute(statement)}

        return await self._db.read(work)

    async def charts_refused(self) -> datetime | None:
        """When the workspace refused charts and tables last."""
        statement = sa.select(_BLOCKS.c.at).where(_BLOCKS.c.blocks == CHARTS)
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def refuses_charts(self, now: datetime) -> None:
        """It refused them now."""
        await self._db.write(lambda connection: transactions.put(connection, _BLOCKS, {"blocks": CHARTS}, at=now))
