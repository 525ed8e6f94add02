"""Which user of a system a Slack user is: one owner for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import mappers, outbox, tables, transactions

_LINKS = tables.links

ADDRESS = "email"
"""The word of `how` for a link that the same address made; it counts more than a choice."""


class Identities:
    """The port `Identities`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def find(self, slack_ids: Sequence[str], source: str) -> Mapping[str, model.Person]:
        """The users of `source` behind these Slack users; who is not linked, or was replaced, is left out."""

        async def work(connection: AsyncConnection) -> Mapping[str, model.Person]:
            found: dict[str, model.Person] = {}
            for chunk in transactions.chunks(slack_ids):
                mine = sa.select(_LINKS.c.person).where(_LINKS.c.slack_id.in_(chunk), _LINKS.c.source == source)
                statement = sa.select(_LINKS).where(_LINKS.c.source == source, _LINKS.c.person.in_(mine))
                owners = _owners(list(await connection.execute(statement)))
                found |= {
                    row.slack_id: model.Person(row.source, row.person, row.name, row.email) for row in owners if row.slack_id in chunk
                }
            return found

        return await self._db.read(work)

    async def link(
        self,
        slack_id: str,
        person: model.Person,
        how: str,
        now: datetime,
        *,
        replacing: str = "",
        told: Sequence[model.CardDraft] = (),
    ) -> bool:
        """Make a Slack user the one owner of a system's user, in place of `replacing` ("" for nobody), with the messages about it in one
        transaction. False, and nothing is done, when somebody else owns that user meanwhile. `how` is "email" or "picked"."""
        values = {"person": person.id, "name": person.name, "email": person.email, "how": how, "at": now, "sole": 1}

        async def work(connection: AsyncConnection) -> bool:
            linked = await _linked(connection, person)
            if linked and _owners(linked)[0].slack_id not in (slack_id, replacing):
                return False
            same = sa.and_(_LINKS.c.source == person.source, _LINKS.c.person == person.id)
            # Those that were seen, and no other: who was linked since then is met by the unique index, and this is done again.
            seen = [row.slack_id for row in linked if row.slack_id != slack_id]
            await connection.execute(sa.delete(_LINKS).where(same, _LINKS.c.slack_id.in_(seen)))
            row = sa.and_(_LINKS.c.slack_id == slack_id, _LINKS.c.source == person.source)
            updated = await connection.execute(sa.update(_LINKS).where(row).values(values))
            if not updated.rowcount:
                await connection.execute(sa.insert(_LINKS).values(slack_id=slack_id, source=person.source, **values))
            await outbox.insert(connection, told, now)
            return True

        return await self._db.write(work)

    async def unlink(self, slack_id: str, source: str) -> None:
        """Forget who somebody is in `source`."""
        statement = sa.delete(_LINKS).where(_LINKS.c.slack_id == slack_id, _LINKS.c.source == source)
        await self._db.write(lambda connection: connection.execute(statement))

    async def slack_id(self, person: model.Person) -> str:
        """The Slack user behind a system's user; "" when nobody knows."""
        return await self._db.read(lambda connection: _owner(connection, person))


def _person(row: mappers.AnyRow) -> model.Person:
    return model.Person(row.source, row.person, row.name, row.email)


async def _linked(connection: AsyncConnection, person: model.Person) -> Sequence[mappers.AnyRow]:
    statement = sa.select(_LINKS).where(_LINKS.c.source == person.source, _LINKS.c.person == person.id)
    return list(await connection.execute(statement))


async def _owner(connection: AsyncConnection, person: model.Person) -> str:
    return next((str(row.slack_id) for row in _owners(await _linked(connection, person))), "")


def _owners(linked: Sequence[mappers.AnyRow]) -> Sequence[mappers.AnyRow]:
    """The one row of each person that counts. Before there was one owner, several could be linked: the same address won over a choice, and
    the later over the earlier."""
    best: dict[str, mappers.AnyRow] = {}
    for row in sorted(linked, key=lambda row: (row.sole is not None, row.how == ADDRESS, row.at, row.slack_id)):
        best[row.person] = row
    return list(best.values())
