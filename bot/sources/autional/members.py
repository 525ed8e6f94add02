"""Who belongs to the tenant: names for the ids in anomalies and remarks, and who can be assigned (contracts 4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from bot import errors, model, ports
from bot.sources import judging, paging
from bot.sources.autional import client, schema

FRESH = timedelta(hours=1)
"""So old a list may be from which names are taken."""
AGAIN = timedelta(minutes=10)
"""A list that could not be had is asked for again after this; until then ids stand for names."""


class Members:
    """The member list, read when a name is wanted, and kept."""

    def __init__(self, api: client.Client, clock: ports.Clock) -> None:
        self._api, self._clock = api, clock
        self._names: schema.Names = {}
        self._next: datetime | None = None
        self._reading = asyncio.Lock()

    async def names(self) -> schema.Names:
        """By their ids; what was known last where the list cannot be had."""
        async with self._reading:
            if self._next is None or self._clock.now() >= self._next:
                try:
                    await self.read()
                except errors.SourceError:
                    self._next = self._clock.now() + AGAIN
        return self._names

    async def read(self) -> Sequence[model.Person]:
        """The list itself, as it is now."""

        async def page(number: int, size: int) -> client.RawPage:
            asked = size or client.SIZE
            path = f"tenant/api/v1/admin/tenants/{quote(self._api.tenant, safe='')}/members"
            ask = judging.Ask("to list its members", self._api.tenant)
            reply = await self._api.read(path, [("page", number), ("page_size", asked)], ask=ask)
            found = self._api.paged(reply, asked)
            return client.RawPage([_keyed(one) for one in found.items], found.total, found.size)

        pages = await paging.every(page, self._api.bounds(paging.LOOKUPS, "members"))
        found = [one for each in pages for raw in each.items if (one := schema.member(self._api.name, raw)) is not None]
        self._names = {one.id: one for one in found}
        self._next = self._clock.now() + FRESH
        return list(self._names.values())


def _keyed(raw: object) -> object:
    """A member with the id by which a list tells its items apart."""
    return {**raw, "id": raw.get("user_id")} if isinstance(raw, Mapping) else raw
