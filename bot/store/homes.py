"""App Homes: who has one open, when it is to be drawn, and what it shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import columns, home_facts, tables, transactions, work_tables

_HOMES, _LINKS = work_tables.homes, tables.links

_FIRST = {"mine": 0, "unseen": 0, "notice": "", "noticed": None}


class Homes:
    """The port `Homes`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def opened(self, who: str, shown: str, now: datetime) -> None:
        """Somebody opened theirs: due now, on the first pages."""

        async def work(connection: AsyncConnection) -> None:
            adding = transactions.insert(connection, _HOMES).values(
                who=who, opened=now, due=now, wanted=1, hash=shown, shown="", words="", **_FIRST
            )
            change = {"opened": now, "due": now, "wanted": _HOMES.c.wanted + 1, "hash": shown, "shown": "", **_FIRST}
            await connection.execute(adding.on_conflict_do_update(index_elements=[_HOMES.c.who], set_=change))

        await self._db.write(work)

    async def want(self, who: str, since: datetime | None, now: datetime, begun: datetime, turn: model.Turn | None = None) -> bool:
        """Have it drawn again, if it was opened after `since`."""
        old = sa.or_(_HOMES.c.noticed.is_(None), _HOMES.c.noticed < begun)
        values = {"due": now, "wanted": _HOMES.c.wanted + 1, "notice": sa.case((old, ""), else_=_HOMES.c.notice)}
        values |= {"words": turn.words, "mine": turn.mine, "unseen": turn.unseen} if turn else {}
        values |= {"opened": now} if since is None else {}
        recent = [] if since is None else [_HOMES.c.opened > since]
        change = sa.update(_HOMES).where(_HOMES.c.who == who, *recent).values(values)
        return await self._changed(change)

    async def notice(self, who: str, words: str, now: datetime) -> None:
        """Have it drawn with this line on top."""
        values = {"notice": words, "noticed": now, "due": now, "wanted": _HOMES.c.wanted + 1}
        await self._changed(sa.update(_HOMES).where(_HOMES.c.who == who).values(values))

    async def recent(self, since: datetime) -> frozenset[str]:
        """Who opened theirs after `since`."""

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset(await connection.scalars(sa.select(_HOMES.c.who).where(_HOMES.c.opened > since)))

        return await self._db.read(work)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Whose is to be drawn by now."""
        statement = sa.select(_HOMES.c.who).where(_HOMES.c.due <= now, _HOMES.c.due.is_not(None)).order_by(_HOMES.c.due).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)

    async def get(self, who: str) -> model.Home | None:
        """As it is remembered, with who they are in each system: what was linked since there is one owner, or what nobody else claims."""
        other = _LINKS.alias()
        same = (other.c.source == _LINKS.c.source, other.c.person == _LINKS.c.person, other.c.slack_id != _LINKS.c.slack_id)
        mine = sa.and_(_LINKS.c.slack_id == _HOMES.c.who, sa.or_(_LINKS.c.sole.is_not(None), ~sa.exists().where(*same)))
        linked = (_LINKS.c.source, _LINKS.c.person)
        statement = sa.select(_HOMES, *linked).select_from(_HOMES.outerjoin(_LINKS, mine)).where(_HOMES.c.who == who)

        async def work(connection: AsyncConnection) -> model.Home | None:
            rows = list(await connection.execute(statement))
            if not rows:
                return None
            row, people = rows[0], {one.source: one.person for one in rows if one.source}
            told = {name: getattr(row, name) for name in _TOLD}
            return model.Home(people=people, **told)

        return await self._db.read(work)

    async def defer(self, who: str, until: datetime) -> None:
        """It is due at that time, and not before."""
        await self._changed(sa.update(_HOMES).where(_HOMES.c.who == who, _HOMES.c.due.is_not(None)).values(due=until))

    async def drawn(self, home: model.Home, *, called: datetime | None, shown: tuple[str, str], again: datetime | None) -> None:
        """What became of drawing it as `home` was."""
        done = sa.case((_HOMES.c.wanted == home.wanted, sa.literal(again, columns.Utc())), else_=_HOMES.c.due)
        values = {"due": done, "hash": shown[0], "shown": shown[1]} | ({"called": called} if called else {})
        await self._changed(sa.update(_HOMES).where(_HOMES.c.who == home.who).values(values))

    async def facts(
        self, home: model.Home, query: model.Query, sources: Sequence[str], themselves: Collection[str], pages: Mapping[str, int]
    ) -> model.HomeFacts:
        """What is drawn, read in one transaction."""
        looking = home_facts.Looking(home, query, sources, themselves, pages)
        return await self._db.read(looking.facts)

    async def _changed(self, change: sa.Update) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(change)).rowcount)

        return await self._db.write(work)


_TOLD = ("who", "opened", "due", "wanted", "called", "hash", "shown", "words", "mine", "unseen", "notice")
