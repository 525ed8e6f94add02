"""The users of an account: their names for ids, and who can be assigned (contracts 2.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model, ports
from bot.sources import judging
from bot.sources.anodot import client, schema

FRESH = timedelta(hours=1)
"""So old a list may be from which names are taken."""
AGAIN = timedelta(minutes=10)
"""A list that could not be had is asked for again after this; until then ids stand for names."""


class Users:
    """The list of users, read when a name is wanted, and kept."""

    def __init__(self, api: client.Client, clock: ports.Clock) -> None:
        self._api, self._clock = api, clock
        self._known: Mapping[str, model.Person] = {}
        self._next: datetime | None = None
        self._reading = asyncio.Lock()

    async def names(self) -> Mapping[str, model.Person]:
        """By their ids, those who left too; what was known last where the list cannot be had."""
        async with self._reading:
            if self._next is None or self._clock.now() >= self._next:
                try:
                    await self.read()
                except errors.SourceError:
                    self._next = self._clock.now() + AGAIN
        return self._known

    async def read(self) -> Sequence[model.Person]:
        """Those who can be assigned, as they are now."""
        reply = await self._api.read("users", ask=judging.Ask("to list its users"))
        items = reply.get("users") if isinstance(reply, Mapping) else reply
        if not isinstance(items, list):
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave an answer that is not a list of users.")
        found = [(person, _active(raw)) for raw in items if (person := schema.user(raw)) is not None]
        self._known = {person.id: person for person, _ in found}
        self._next = self._clock.now() + FRESH
        return [person for person, active in found if active]

    async def bookmarks(self, query: model.Query) -> Sequence[str]:
        """The values of the argument for bookmarks, people looked up. Raises NotFound for somebody who is not known there."""
        return [await self._bookmark(value) for name, value in query.others if name == "bookmark"]

    async def _bookmark(self, kept: str) -> str:
        if "@" not in kept[:2]:
            return kept
        sign, _, who = kept.partition("@")
        wanted = who.casefold()
        hits = [one for one in await self.read() if wanted in _called(one)]
        if len(hits) != 1:
            found = f"{len(hits)} users are" if hits else "no user is"
            raise errors.NotFound(f'In {self._api.title} {found} called "{who}". Use the e-mail address there.')
        return f"{'!' if sign else ''}{hits[0].id}"


def _called(one: model.Person) -> frozenset[str]:
    name, email = one.name.casefold(), one.email.casefold()
    return frozenset({one.id.casefold(), name, email, name.partition(" ")[0], email.partition("@")[0]})


def _active(raw: Mapping[str, Any]) -> bool:
    return raw.get("disabled") not in (True, "true")
