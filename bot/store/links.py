"""Which user of a system a Slack user is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import database, tables

_LINKS = tables.links


class Links:
    """The port `Links`."""

    def __init__(self, db: database.Database) -> None:
        self._db = db

    async def find(self, slack_ids: Sequence[str], source: str) -> Mapping[str, model.Person]:
        """The users of `source` behind these Slack users; who is not linked is left out."""

        async def work(connection: AsyncConnection) -> Mapping[str, model.Person]:
            found: dict[str, model.Person] = {}
            for chunk in database.chunks(slack_ids):
                statement = sa.select(_LINKS).where(_LINKS.c.slack_id.in_(chunk), _LINKS.c.source == source)
                for row in await connection.execute(statement):
                    found[row.slack_id] = model.Person(row.source, row.person, row.name, row.email)
            return found

        return await self._db.read(work)

    async def link(self, slack_id: str, person: model.Person, how: str, now: datetime) -> None:
        """Remember who somebody is, in place of what was known; `how` is a word for people ("e-mail", "chosen by hand")."""
        values = {"person": person.id, "name": person.name, "email": person.email, "how": how, "at": now}

        async def work(connection: AsyncConnection) -> None:
            row = sa.and_(_LINKS.c.slack_id == slack_id, _LINKS.c.source == person.source)
            updated = await connection.execute(sa.update(_LINKS).where(row).values(values))
            if not updated.rowcount:
                await connection.execute(sa.insert(_LINKS).values(slack_id=slack_id, source=person.source, **values))

        await self._db.write(work)

    async def unlink(self, slack_id: str, source: str) -> None:
        """Forget who somebody is in `source`."""
        statement = sa.delete(_LINKS).where(_LINKS.c.slack_id == slack_id, _LINKS.c.source == source)
        await self._db.write(lambda connection: connection.execute(statement))

    async def slack_id(self, person: model.Person) -> str:
        """The Slack user behind a system's user, the one linked last; "" when nobody knows."""
        statement = (
            sa.select(_LINKS.c.slack_id)
            .where(_LINKS.c.source == person.source, _LINKS.c.person == person.id)
            .order_by(_LINKS.c.at.desc())
            .limit(1)
        )
        return await self._db.read(lambda connection: connection.scalar(statement)) or ""
