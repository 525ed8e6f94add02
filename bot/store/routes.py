"""Where new anomalies go: the route of the settings, and those that are rows."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import errors, model, ports
from bot.core import grammar, routing
from bot.store import mappers, tables, transactions

log = logging.getLogger(__name__)

_ROUTES = tables.routes


class Routes:
    """The port `Routes`. Filters are read anew each time, so that "since:7d" means seven days before today in the desk's time zone; with
    the words of these `systems`, and of those that are `elsewhere`."""

    def __init__(
        self,
        db: transactions.Database,
        home: model.Route,
        clock: ports.Clock,
        zone: ZoneInfo,
        systems: Collection[ports.Source],
        elsewhere: Mapping[str, str],
    ) -> None:
        self._db, self._home, self._clock, self._zone = db, home, clock, zone
        self._systems, self._spoken = systems, grammar.spoken(systems, elsewhere)
        self._unread: set[str] = set()

    @property
    def home(self) -> model.Route:
        """The route of the settings."""
        return self._home

    async def list(self) -> Sequence[model.Route]:
        """The route of the settings, then those of the table, the oldest first."""
        return [self._home, *await self._read(sa.select(_ROUTES).order_by(_ROUTES.c.at, _ROUTES.c.id))]

    async def get(self, name: str) -> model.Route | None:
        """The one with this id."""
        if name == self._home.id:
            return self._home
        return next(iter(await self._read(sa.select(_ROUTES).where(_ROUTES.c.id == name))), None)

    async def put(self, route: model.Route, words: str, made_by: str, now: datetime) -> None:
        """Make or change a route with this filter, as it was typed. Raises BadCommand and NotSupported, as a command with it does, and then
        nothing is changed."""
        query = grammar.query(words, today=self._today(), systems=self._spoken)
        routing.check(query, self._systems)
        values = {"channel": route.channel, "filter": grammar.canonical(query), "burst": route.burst, "wait_seconds": route.wait_seconds}
        await self._db.write(lambda connection: transactions.put(connection, _ROUTES, {"id": route.id}, **values, made_by=made_by, at=now))

    async def _read(self, statement: sa.Select[*tuple[object, ...]]) -> Sequence[model.Route]:
        async def work(connection: AsyncConnection) -> Sequence[mappers.AnyRow]:
            return list(await connection.execute(statement))

        made = [self._route(row) for row in await self._db.read(work)]
        return [route for route in made if route is not None]

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _route(self, row: mappers.AnyRow) -> model.Route | None:
        """A route whose filter nobody understands takes nothing: other routes go on, and the log says so once."""
        try:
            query = grammar.stored(row.filter, today=self._today(), systems=self._spoken)
        except errors.BadCommand as error:
            if row.id not in self._unread:
                log.warning("the route %s takes nothing: its filter cannot be read (%s)", row.id, error)
            self._unread.add(row.id)
            return None
        burst, wait = self._home.burst if row.burst is None else row.burst, self._home.wait_seconds
        return model.Route(row.id, row.channel, query, burst=burst, wait_seconds=wait if row.wait_seconds is None else row.wait_seconds)
